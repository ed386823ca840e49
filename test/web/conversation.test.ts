import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Conversation } from '../../src/web/conversation.ts';
import type { ConversationIds } from '../../src/web/identity.ts';
import { PageSettings } from '../../src/web/settings/page-settings.ts';
import { VideoShare } from '../../src/web/voice/video-share.ts';
import type { VoiceOptions } from '../../src/web/voice/voice.ts';
import { VoiceError, type VoiceProblem } from '../../src/web/voice/voice-problem.ts';
import { PageNetwork } from './page-network.ts';

const PLAYING = { bufferedMs: 100, turn: 1, playedMs: 50, playing: true, underruns: 0, level: 0.2 };

/** Creates a conversation with a simulated browser and server. The log lists what the page posts and plays, in order. */
function open() {
  const log: string[] = [];
  const network = new PageNetwork(log);
  let voiceOptions: VoiceOptions | undefined;
  let refusal: unknown;
  let problem: VoiceProblem | undefined;
  let users = 0;
  let ids: ConversationIds = { userId: 'u0' };
  let signedIn: { userId: string } | undefined;
  const settings = new PageSettings(undefined, {
    onSpeechChanged: () => conversation.applySpeech(),
    onAnswersChanged: () => conversation.talk.applyAnswers(),
    onSoundChanged: () => conversation.talk.voice.applySound(),
  });
  const conversation = new Conversation({
    network: { fetch: network.fetch, transport: 'sse' },
    findVoiceProblem: () => problem,
    async startVoice(options) {
      if (refusal) throw refusal;
      voiceOptions = options;
      return {
        microphone: {
          open: () => log.push('open microphone'),
          async close(release) {
            log.push(release ? 'release microphone' : 'close microphone');
          },
        },
        speaker: {
          turn: 1,
          play(data) {
            log.push(`play ${data}`);
            return 0;
          },
          endTurn: () => log.push('end turn'),
          flush: () => log.push('flush'),
          getHeardMs: () => 1234,
        },
        video: new VideoShare({ onFrame: async () => undefined, onProblem: () => undefined }),
        applySound: () => log.push('apply sound'),
        resume: () => log.push('resume'),
        stop: () => log.push('stop voice'),
      };
    },
    onTraffic: () => undefined,
    onUnsent: (conversation, text, image) =>
      log.push(`unsent in ${conversation}: ${text}${image ? ` with ${image.name}` : ''}`),
    onReplaced: (before, next) => log.push(`${next} in the place of ${before}`),
    settings,
    tabs: { locks: undefined, channel: undefined },
    account: {
      getIds: () => ids,
      requestSession: (sessionId) => {
        ids = { ...ids, sessionId };
      },
      useIds: (previous) => {
        ids = previous;
      },
      renewIds: () => {
        ids = { userId: `u${++users}` };
      },
      onAccepted: () => undefined,
      requireSignIn: () => log.push('ask for a sign-in'),
      findUser: async () => signedIn && { ...signedIn, byApp: false },
      isSignInByApp: async () => false,
      switchTo: (userId) => {
        ids = { userId };
      },
    },
  });
  const browser = {
    conversation,
    settings,
    network,
    log,
    emit: (name: string, data: unknown) => network.emit(name, data),
    begin: async (modality = 'TEXT', session: object = {}) => {
      await settle();
      network.begin(modality, session);
      await settle();
    },
    get voiceOptions() {
      if (!voiceOptions) throw new Error('no voice was started');
      return voiceOptions;
    },
    refuse(error: unknown) {
      refusal = error;
    },
    /** Signs the browser in as another user, as another tab does. */
    signIn(userId: string) {
      signedIn = { userId };
    },
    setProblem(next: VoiceProblem) {
      problem = next;
    },
    /** Returns the log entries since the last call. */
    async since() {
      await settle();
      return log.splice(0);
    },
  };
  conversation.open();
  conversations.push(conversation);
  return browser;
}

/** Waits until all pending data has arrived. Streams and promises need turns of the event loop, but no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    const { port1, port2 } = new MessageChannel();
    await new Promise<void>((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(0);
    });
    port1.close();
  }
}

const conversations: Conversation[] = [];

const text = (data: string) => ({ mime_type: 'text/plain', data });

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});

afterEach(() => {
  for (const conversation of conversations.splice(0)) conversation.close();
  jest.useRealTimers();
});

test('text typed before the server is available is sent when it is', async () => {
  const { conversation, begin, since } = open();
  conversation.sendMessage('Hi');
  expect(await since()).toEqual(['GET events/u0']);
  await begin();
  expect(await since()).toEqual(['POST send/u0 {"mime_type":"text/plain","data":"Hi"}']);
  expect(conversation.transcript.value.turns[0]).toMatchObject({ text: 'Hi', state: 'done' });
});

test('the start of voice opens it before the new run, and speech waits for that run', async () => {
  const browser = open();
  await browser.begin();
  await browser.since();
  await browser.conversation.talk.start();
  browser.voiceOptions.onAudio(new Int16Array(1600));
  expect(await browser.since()).toEqual(['open microphone', 'GET events/u0?is_audio=true']);
  expect(browser.conversation.voice.value).toBe('starting');
  await browser.begin('AUDIO');
  expect(await browser.since()).toEqual(['POST send/u0 audio']);
  expect(browser.conversation.voice.value).toBe('on');
});

test('a denied microphone leaves the page in text mode and shows what to do', async () => {
  const browser = open();
  await browser.begin();
  await browser.since();
  browser.refuse(new VoiceError('blocked'));
  await browser.conversation.talk.start();
  expect(await browser.since()).toEqual([]);
  expect(browser.conversation.voice.value).toBe('off');
  expect(browser.conversation.notices.value[0]).toMatchObject({
    key: 'microphone',
    text: 'The microphone is blocked.',
  });
});

test('on an address without a microphone, the page says so and does not request one', async () => {
  const browser = open();
  browser.refuse(new Error('must not be asked'));
  browser.setProblem('insecure');
  await browser.conversation.talk.start();
  expect(browser.conversation.notices.value).toMatchObject([
    { tone: 'warning', text: 'Voice needs a secure address.' },
  ]);
});

test('the end of voice ends playback, stops sending audio and switches answers to text', async () => {
  const browser = await inVoice();
  browser.conversation.talk.stop();
  expect(await browser.since()).toEqual(['stop voice', 'GET events/u0?is_audio=false']);
  await browser.begin();
  expect(await browser.since()).toEqual([]);
  expect(browser.conversation.voice.value).toBe('off');
});

test('audio of a turn is played to its end, and flushed if the server interrupts the turn', async () => {
  const { emit, since } = await inVoice();
  emit('message', { mime_type: 'audio/pcm', data: 'AAAA' });
  emit('message', { turn_complete: true, interrupted: null });
  emit('message', { mime_type: 'audio/pcm', data: 'BBBB' });
  emit('message', { turn_complete: null, interrupted: true });
  expect(await since()).toEqual(['play AAAA', 'end turn', 'play BBBB', 'flush']);
});

test('interrupt silences playback at once, reports the heard duration and drops late chunks', async () => {
  const { conversation, emit, since } = await inVoice();
  emit('message', { mime_type: 'audio/pcm', data: 'AAAA' });
  emit('message', { ...text('One, '), is_transcript: true });
  await since();
  conversation.interrupt();
  emit('message', { mime_type: 'audio/pcm', data: 'LATE' });
  emit('message', { turn_complete: null, interrupted: true });
  emit('message', { turn_complete: true, interrupted: null });
  emit('message', { mime_type: 'audio/pcm', data: 'NEXT' });
  expect(await since()).toEqual([
    'flush',
    'POST send/u0 {"interrupt":{"played_ms":1234}}',
    'flush',
    'end turn',
    'play NEXT',
  ]);
});

test('an interrupt during playback after the end of the turn does not drop the next answer', async () => {
  const browser = await inVoice();
  browser.emit('message', { ...text('One.'), is_transcript: true });
  browser.emit('message', { turn_complete: true, interrupted: null });
  browser.voiceOptions.onStats(PLAYING);
  await browser.since();
  browser.conversation.interrupt();
  browser.emit('message', { mime_type: 'audio/pcm', data: 'NEXT' });
  expect(await browser.since()).toEqual(['flush', 'POST send/u0 {"interrupt":{"played_ms":1234}}', 'play NEXT']);
  expect(browser.conversation.transcript.value.turns[0]).toMatchObject({ state: 'interrupted' });
});

test('an answer that was interrupted stays discarded until its end, however late the server confirms it', async () => {
  const { conversation, emit, since } = await inVoice();
  emit('message', { ...text('One, '), is_transcript: true });
  await since();
  conversation.interrupt();
  await since();
  await jest.advanceTimersByTimeAsync(60_000);
  emit('message', { ...text('two.'), is_transcript: true });
  emit('message', { mime_type: 'audio/pcm', data: 'LATE' });
  emit('message', { turn_complete: true, interrupted: null });
  emit('message', { mime_type: 'audio/pcm', data: 'NEXT' });
  expect((await since()).filter((entry) => entry.startsWith('play'))).toEqual(['play NEXT']);
  expect(conversation.transcript.value.turns).toMatchObject([{ parts: [{ text: 'One, ' }], state: 'interrupted' }]);
});

test('an interrupt before the answer has begun discards data for 3 s after the server has accepted it', async () => {
  const { conversation, emit, since } = await inVoice();
  conversation.sendMessage('Hello?');
  await since();
  conversation.interrupt();
  await since();
  emit('message', { mime_type: 'audio/pcm', data: 'LATE' });
  await since();
  await jest.advanceTimersByTimeAsync(3_000);
  emit('message', { mime_type: 'audio/pcm', data: 'AAAA' });
  expect(await since()).toEqual(['play AAAA']);
});

test('an interrupt that the agent cannot carry out is told, and the answer plays on', async () => {
  const { conversation, network, emit, since } = await inVoice();
  emit('message', { ...text('One, '), is_transcript: true });
  await since();
  const error = { error: "ADK's Runner cannot stop a reply", code: 'not_supported', retry: false, hint: 'speak' };
  network.refusal = { status: 422, body: error };
  conversation.interrupt();
  await since();
  emit('message', { mime_type: 'audio/pcm', data: 'AAAA' });
  expect(await since()).toEqual(['play AAAA']);
  expect(conversation.notices.value).toEqual([
    { key: 'send', tone: 'error', text: "ADK's Runner cannot stop a reply.", advice: 'Speak.' },
  ]);
});

test('a model that was restarted without the conversation is told until it speaks', async () => {
  const { conversation, emit, since } = await inVoice();
  emit('status', { upstream: 'restarted' });
  await since();
  expect(conversation.notices.value).toMatchObject([
    { key: 'model', tone: 'warning', text: 'The model was restarted.' },
  ]);
  emit('message', { mime_type: 'audio/pcm', data: 'AAAA' });
  await since();
  expect(conversation.notices.value).toEqual([]);
});

test('interrupt does nothing if there is nothing to interrupt', async () => {
  const { conversation, since } = await inVoice();
  conversation.interrupt();
  expect(await since()).toEqual([]);
});

test('text typed while the agent speaks silences playback before it is sent', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onStats(PLAYING);
  browser.conversation.sendMessage('Stop');
  expect(await browser.since()).toEqual(['flush', 'POST send/u0 {"mime_type":"text/plain","data":"Stop"}']);
});

test('muting ends the audio stream for the model, and unmuting restarts it', async () => {
  const { conversation, since } = await inVoice();
  conversation.talk.voice.setMuted(true);
  conversation.talk.voice.setMuted(true);
  expect(await since()).toEqual(['release microphone', 'POST send/u0 {"audio_stream_end":true}']);
  conversation.talk.voice.setMuted(false);
  expect(await since()).toEqual(['open microphone']);
});

test('a microphone that the system mutes ends the audio stream, until the system unmutes it', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onSystemMuted(true);
  expect(browser.conversation.talk.voice.systemMuted.value).toBe(true);
  browser.conversation.talk.voice.setMuted(true);
  browser.voiceOptions.onSystemMuted(false);
  expect(await browser.since()).toEqual(['close microphone', 'POST send/u0 {"audio_stream_end":true}']);
  browser.conversation.talk.voice.setMuted(false);
  expect(await browser.since()).toEqual(['open microphone']);
});

test('a disconnected microphone returns the page to text mode with a notice', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onLost();
  expect(await browser.since()).toEqual(['stop voice', 'GET events/u0?is_audio=false']);
  expect(browser.conversation.notices.value).toMatchObject([
    { key: 'microphone', text: 'The microphone was disconnected.' },
  ]);
});

test('a notice resumes sound that the browser has paused', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onSuspended(true);
  browser.conversation.notices.value[0]?.action?.run();
  browser.voiceOptions.onSuspended(false);
  expect(await browser.since()).toEqual(['resume']);
  expect(browser.conversation.notices.value).toEqual([]);
});

test('a failure of the model is shown until the model answers again', async () => {
  const { conversation, begin, emit } = open();
  await begin();
  emit('failure', {
    code: 'model_key_refused',
    error: 'The model provider rejected the API key',
    retry: false,
    hint: 'check GOOGLE_API_KEY',
  });
  await settle();
  expect(conversation.notices.value).toMatchObject([
    { key: 'model', text: 'The model provider rejected the API key.', advice: 'Check GOOGLE_API_KEY.' },
  ]);
  emit('failure', { code: 'model_closed', error: 'The provider closed (1011: Internal error.)', retry: true });
  await settle();
  expect(conversation.notices.value).toMatchObject([{ text: 'The provider closed (1011: Internal error.)' }]);
  emit('message', text('Hello'));
  await settle();
  expect(conversation.notices.value).toEqual([]);
});

test('typed text that the server refuses is marked and explained', async () => {
  const { conversation, network, begin, since } = open();
  await begin();
  network.refusal = {
    status: 415,
    body: { error: 'Mime type not supported', code: 'unsupported_mime_type', retry: false },
  };
  conversation.sendMessage('Hi');
  await since();
  expect(conversation.transcript.value.turns).toMatchObject([{ text: 'Hi', state: 'failed' }]);
  expect(conversation.notices.value).toMatchObject([{ key: 'send', advice: 'Mime type not supported.' }]);
  network.refusal = undefined;
  conversation.sendMessage('Hello');
  await since();
  expect(conversation.notices.value).toEqual([]);
});

test('text typed after the end of the conversation is sent when it continues', async () => {
  const { conversation, begin, emit, since } = open();
  await begin();
  emit('end', { reason: 'closed' });
  await since();
  expect(conversation.connection.value).toEqual({ phase: 'ended' });
  conversation.sendMessage('Hi');
  expect(await since()).toEqual([]);
  conversation.notices.value.find(({ key }) => key === 'connection')?.action?.run();
  expect(await since()).toEqual(['GET events/u0']);
  await begin();
  expect(await since()).toEqual(['POST send/u0 {"mime_type":"text/plain","data":"Hi"}']);
  expect(conversation.transcript.value.turns).toMatchObject([{ text: 'Hi', state: 'done' }]);
});

test('a message that is typed after the end of the conversation offers no stop of an answer until the conversation continues', async () => {
  const { conversation, begin, emit, since } = open();
  await begin();
  emit('message', text('Well'));
  await since();
  expect(conversation.canInterrupt.value).toBe(true);
  emit('end', { reason: 'idle' });
  await since();
  conversation.sendMessage('Hi');
  expect(conversation.canInterrupt.value).toBe(false);
  conversation.interrupt();
  expect(await since()).toEqual([]);
  conversation.notices.value.find(({ key }) => key === 'connection')?.action?.run();
  await begin();
  await since();
  expect(conversation.canInterrupt.value).toBe(true);
  emit('message', text('Hello.'));
  await since();
  expect(conversation.transcript.value.turns.at(-1)).toMatchObject({ parts: [{ text: 'Hello.' }], state: 'open' });
});

test.each([
  ['closed', undefined],
  ['max_duration', 'The maximum duration of a conversation was reached.'],
  ['idle', 'There was no activity for a while.'],
] as const)(
  'the notice of an end with reason %s explains the reason unless the user requested the end',
  async (reason, advice) => {
    const { conversation, begin, emit, since } = open();
    await begin();
    emit('end', { reason });
    await since();
    expect(conversation.notices.value).toMatchObject([{ key: 'connection', text: 'The conversation has ended.' }]);
    expect(conversation.notices.value[0]?.advice).toBe(advice);
  },
);

test('a new conversation while voice starts leaves it off', async () => {
  const browser = open();
  await browser.begin();
  await browser.since();
  const starting = browser.conversation.talk.start();
  browser.conversation.startOver();
  await starting;
  expect(await browser.since()).toEqual(['GET events/u1']);
  expect(browser.conversation.voice.value).toBe('off');
});

test('audio that is stopped while it starts stays off, and the agent is not told of it', async () => {
  const browser = open();
  await browser.begin();
  await browser.since();
  const starting = browser.conversation.talk.start();
  browser.conversation.talk.stop();
  expect(browser.conversation.voice.value).toBe('off');
  await starting;
  expect(await browser.since()).toEqual([]);
  expect(browser.conversation.voice.value).toBe('off');
});

test('startOver uses another user id and empties the page', async () => {
  const { conversation, begin, since } = await inVoice();
  conversation.sendMessage('Hi');
  await since();
  conversation.startOver();
  expect(await since()).toEqual(['stop voice', 'GET events/u1']);
  expect(conversation.isEmpty.value).toBe(true);
  await begin();
  conversation.sendMessage('Hello');
  expect(await since()).toEqual(['POST send/u1 {"mime_type":"text/plain","data":"Hello"}']);
});

test('a reconnecting model is shown after a second, until it is ready again', async () => {
  const { conversation, begin, emit } = open();
  await begin();
  const status = async (upstream: string) => {
    emit('status', { upstream });
    await settle();
  };
  await status('reconnecting');
  jest.advanceTimersByTime(900);
  await status('reconnecting');
  expect(conversation.upstream.value).toBeUndefined();
  jest.advanceTimersByTime(100);
  expect(conversation.upstream.value).toBe('reconnecting');
  await status('resumed');
  expect(conversation.upstream.value).toBe('resumed');
  await status('reconnecting');
  await status('reseeded');
  jest.advanceTimersByTime(5_000);
  expect(conversation.upstream.value).toBe('reseeded');
  await status('reconnecting');
  jest.advanceTimersByTime(1_000);
  emit('reset', { reason: 'too_old', turns: [], truncated: false });
  await settle();
  expect(conversation.upstream.value).toBeUndefined();
});

async function inVoice() {
  const browser = open();
  await browser.begin();
  await browser.conversation.talk.start();
  await browser.begin('AUDIO');
  await browser.since();
  return browser;
}

const refusal = (code: 'unauthorized' | 'user_not_allowed', status: number) => ({
  status,
  body: { error: 'no', code, retry: false },
});

test('a sign-in that ends during a conversation stops the voice, asks for a sign-in, and sends the message after it', async () => {
  const browser = await inVoice();
  const { conversation, network } = browser;
  network.refusal = refusal('unauthorized', 401);
  conversation.sendMessage('Hi');
  expect(await browser.since()).toEqual([
    'POST send/u0 {"mime_type":"text/plain","data":"Hi"}',
    'stop voice',
    'ask for a sign-in',
  ]);
  expect(conversation.connection.value).toEqual({ phase: 'signed-out' });
  network.refusal = undefined;
  conversation.open();
  await browser.since();
  await browser.begin();
  expect(await browser.since()).toEqual(['POST send/u0 {"mime_type":"text/plain","data":"Hi"}']);
  expect(conversation.transcript.value.turns.at(-1)).toMatchObject({ text: 'Hi', state: 'done' });
});

test('a page with a conversation tells that another user has signed in, and shows nothing of it to that user', async () => {
  const browser = open();
  const { conversation, network } = browser;
  await browser.begin();
  browser.signIn('bob');
  network.refusal = refusal('user_not_allowed', 403);
  conversation.sendMessage('Hi');
  await browser.since();
  const [notice] = conversation.notices.value.filter(({ key }) => key === 'connection');
  expect(notice).toMatchObject({ text: 'You are signed in as bob.', action: { label: 'Continue as bob' } });
  network.refusal = undefined;
  notice?.action?.run();
  expect(await browser.since()).toEqual(['GET events/bob']);
  expect([conversation.isEmpty.value, conversation.notices.value]).toEqual([true, []]);
});

test('with push-to-talk the microphone opens while the user talks, between two signals, and interrupts the answer', async () => {
  const browser = open();
  await browser.begin('AUDIO', { manual_activity: true });
  await browser.since();
  await browser.conversation.talk.start();
  await browser.begin('AUDIO', { manual_activity: true });
  expect(await browser.since()).toEqual(['GET events/u0?is_audio=true']);
  const { voice } = browser.conversation.talk;
  browser.voiceOptions.onStats(PLAYING);
  voice.setTalking(true);
  browser.voiceOptions.onAudio(new Int16Array(1600));
  expect((await browser.since()).map((line) => line.replace(/"A+=*"/, '"…"'))).toEqual([
    'flush',
    'open microphone',
    'POST send/u0 {"activity_start":{}}',
    'POST send/u0 {"blob":{"mime_type":"audio/pcm;rate=16000","data":"…"}}',
  ]);
  voice.setTalking(false);
  await jest.advanceTimersByTimeAsync(150);
  expect(await browser.since()).toEqual([]);
  await jest.advanceTimersByTimeAsync(50);
  expect(await browser.since()).toEqual(['close microphone', 'POST send/u0 {"activity_end":{}}']);
});

test('pictures of the camera are sent as JPEG, and a new choice of devices is used at once', async () => {
  const browser = await inVoice();
  await browser.voiceOptions.onFrame('/9j/');
  browser.settings.change({ volume: 0.5 });
  expect(await browser.since()).toEqual([...['POST send/u0 {"mime_type":"image/jpeg","data":"/9j/"}', 'apply sound']]);
  expect(browser.voiceOptions.getSound()).toMatchObject({ volume: 0.5 });
});

test('another microphone that takes the place of an unplugged one is named', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onMicrophoneReplaced('Headset');
  expect(browser.conversation.voice.value).toBe('on');
  expect(browser.conversation.notices.value).toMatchObject([
    { text: 'The microphone was disconnected.', advice: 'Voice continues with Headset.' },
  ]);
});

test('a server that comes back with another version offers to reload the page, and one with the same version does not', async () => {
  const { conversation, begin } = open();
  const listNotices = () => conversation.notices.value.map(({ key }) => key);
  await begin('TEXT', { server: 'bidi-sse/1.0.0' });
  await begin('TEXT', { server: 'bidi-sse/1.0.0' });
  expect(listNotices()).toEqual([]);
  await begin('TEXT', { server: 'bidi-sse/1.0.1' });
  expect(listNotices()).toEqual(['version']);
});

test('a message that was lost with the server can be sent again', async () => {
  const { conversation, begin, emit, since } = open();
  await begin();
  conversation.sendMessage('Which ferry?');
  await since();
  emit('reset', { reason: 'unknown_epoch', turns: [{ role: 'user', text: 'Hi' }], truncated: false });
  await since();
  const [notice] = conversation.notices.value;
  expect(notice).toMatchObject({ text: 'The server was restarted, and lost your message.' });
  notice?.action?.run();
  expect(await since()).toEqual(['POST send/u0 {"mime_type":"text/plain","data":"Which ferry?"}']);
  expect(conversation.notices.value).toEqual([]);
});

test('a message that was lost with the server is sent again with its pictures, unless this page does not have them', async () => {
  const { conversation, begin, emit, since } = open();
  await begin();
  await since();
  conversation.sendMessage('', { name: 'one.jpg', base64: 'AAAA', bitmap: {} as ImageBitmap });
  conversation.sendMessage('Which are these?', { name: 'two.jpg', base64: 'BBBB', bitmap: {} as ImageBitmap });
  const sent = await since();
  emit('reset', { reason: 'unknown_epoch', turns: [{ role: 'user', text: 'Hi' }], truncated: false });
  await since();
  conversation.notices.value[0]?.action?.run();
  expect(await since()).toEqual(sent);
  expect(sent).toHaveLength(3);
  emit('user_message', { client: 'another', text: 'And this?', pictures: 1 });
  emit('reset', { reason: 'unknown_epoch', turns: [{ role: 'user', text: 'Hi' }], truncated: false });
  await since();
  expect(conversation.notices.value).toEqual([
    { key: 'send', tone: 'warning', text: 'The server was restarted, and lost your message.' },
  ]);
});

describe('a conversation that the user has chosen', () => {
  const reset = (...texts: string[]) => ({
    reason: 'malformed',
    turns: texts.map((words) => ({ role: 'user', text: words })),
    truncated: false,
  });

  test('is opened in the place of the one before, whose unsent message becomes a draft', async () => {
    const { conversation, begin, emit, network, since } = open();
    await begin();
    emit('reset', reset('Hi'));
    await since();
    network.refusal = { status: 503, body: { error: 'busy', code: 'server_busy', retry: true } };
    conversation.sendMessage('not sent', { name: 'one.jpg', base64: 'AAAA', bitmap: {} as ImageBitmap });
    await since();
    conversation.openStored('trip');
    expect([conversation.choice.isOpening.value, conversation.isEmpty.value]).toEqual([true, true]);
    expect(await since()).toEqual(['unsent in u0/default: not sent with one.jpg', 'GET events/u0/trip']);
    await begin();
    emit('reset', reset('Which ferry?'));
    await since();
    expect(conversation.choice.isOpening.value).toBe(false);
    expect(conversation.transcript.value.turns).toMatchObject([{ text: 'Which ferry?' }]);
    conversation.openStored('trip');
    expect(await since()).toEqual([]);
  });

  test.each([
    ['that the server does not have gives way to a new one, and the page says so', 404, 'events/u1', ['gone']],
    ['in which nothing was said stays open', 200, undefined, []],
    ['stays open while the server cannot tell whether it has it', 503, undefined, []],
  ])('%s', async (_what, status, next, notices) => {
    const { conversation, begin, emit, network, since } = open();
    await begin();
    await since();
    network.storedStatus = status;
    conversation.openStored('trip');
    await begin();
    emit('reset', reset());
    const asked = ['GET events/u0/trip', 'GET sessions/u0/trip'];
    expect(await since()).toEqual(next === undefined ? asked : [...asked, `GET ${next}`]);
    expect(conversation.notices.value.map(({ key }) => key)).toEqual(notices);
  });

  test('that the server does not have stays open if the user has written in it already', async () => {
    const { conversation, begin, emit, network, since } = open();
    await begin();
    network.storedStatus = 404;
    conversation.openStored('trip');
    await begin();
    conversation.sendMessage('Hello');
    emit('reset', reset());
    await since();
    expect(conversation.choice.sessionId.value).toBe('trip');
    expect(conversation.transcript.value.turns).toMatchObject([{ text: 'Hello' }]);
  });

  test('is left with its call, and a conversation that was deleted elsewhere offers a new one', async () => {
    const { conversation, emit, since } = await inVoice();
    emit('reset', reset('Hi'));
    await since();
    emit('end', { reason: 'deleted' });
    expect(await since()).toEqual(['stop voice']);
    const [notice] = conversation.notices.value.filter(({ key }) => key === 'connection');
    expect(notice).toMatchObject({ text: 'This conversation was deleted.', action: { label: 'New conversation' } });
    expect(conversation.transcript.value.turns).toHaveLength(1);
    conversation.sendMessage('and now?');
    await since();
    notice?.action?.run();
    // What was written for it is for the new one, and nobody can go back to it.
    expect(await since()).toEqual([
      'unsent in u0/default: and now?',
      'u1/default in the place of u0/default',
      'GET events/u1',
    ]);
    expect(conversation.notices.value).toEqual([]);
  });

  test('and that was deleted elsewhere is not begun again by a call: a new one is', async () => {
    const { conversation, begin, emit, since } = open();
    await begin();
    emit('reset', reset('Hi'));
    emit('end', { reason: 'deleted' });
    await since();
    await conversation.talk.start();
    expect((await since()).filter((line) => line.startsWith('GET events'))).toEqual(['GET events/u1?is_audio=true']);
    expect(conversation.isEmpty.value).toBe(true);
  });
});

test('credentials that expire during a request beside the conversation end its voice, and the page asks once for a sign-in', async () => {
  const { conversation, since } = await inVoice();
  await Promise.all([conversation.onUnauthorized(), conversation.onUnauthorized()]);
  expect(await since()).toEqual(['stop voice', 'ask for a sign-in']);
  expect(conversation.connection.value.phase).toBe('signed-out');
});
