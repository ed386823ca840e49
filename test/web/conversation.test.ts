import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Conversation } from '../../src/web/conversation.ts';
import type { NoticeText } from '../../src/web/notice.ts';
import type { VoiceOptions } from '../../src/web/voice.ts';
import { PageNetwork } from './page-network.ts';

const PLAYING = { bufferedMs: 100, playedMs: 50, playing: true, underruns: 0, level: 0.2 };

/** A browser and a server in one: what the page posts and plays is written down in the order in which it happens. */
function open() {
  const log: string[] = [];
  const network = new PageNetwork(log);
  let voiceOptions: VoiceOptions | undefined;
  let refusal: unknown;
  let trouble: NoticeText | undefined;
  let users = 0;
  const conversation = new Conversation({
    network: { fetch: network.fetch, transport: 'sse' },
    voiceTrouble: () => trouble,
    async startVoice(options) {
      if (refusal) throw refusal;
      voiceOptions = options;
      return {
        microphone: {
          set muted(muted: boolean) {
            log.push(muted ? 'mute' : 'unmute');
          },
        },
        speaker: {
          play: (data) => log.push(`play ${data}`),
          endTurn: () => log.push('end turn'),
          flush: () => log.push('flush'),
          heardMs: () => 1234,
        },
        wake: () => log.push('wake'),
        stop: () => log.push('stop voice'),
      };
    },
    loadUserId: () => 'u0',
    renewUserId: () => `u${++users}`,
  });
  const browser = {
    conversation,
    network,
    log,
    emit: (name: string, data: unknown) => network.emit(name, data),
    begin: async (modality = 'TEXT') => {
      await settle();
      network.begin(modality);
      await settle();
    },
    get voiceOptions() {
      if (!voiceOptions) throw new Error('no voice was started');
      return voiceOptions;
    },
    refuse(error: unknown) {
      refusal = error;
    },
    setTrouble(next: NoticeText) {
      trouble = next;
    },
    /** What has happened since the last call. */
    async since() {
      await settle();
      return log.splice(0);
    },
  };
  conversation.open();
  conversations.push(conversation);
  return browser;
}

/** Until what is under way has arrived: streams and promises take turns of the loop, and no time. */
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

test('conversation: typed before the server is there, is sent when it is', async () => {
  const { conversation, begin, since } = open();
  conversation.say('Hi');
  expect(await since()).toEqual(['GET events/u0?is_audio=false']);
  await begin();
  expect(await since()).toEqual(['POST send/u0 {"mime_type":"text/plain","data":"Hi"}']);
  expect(conversation.transcript.value.turns[0]).toMatchObject({ text: 'Hi', state: 'done' });
});

test('conversation: start audio, voice first, then the new run; what is said meanwhile waits for it', async () => {
  const browser = open();
  await browser.begin();
  await browser.since();
  await browser.conversation.startAudio();
  browser.voiceOptions.onAudio([new Int16Array(1600)]);
  expect(await browser.since()).toEqual(['GET events/u0?is_audio=true']);
  expect(browser.conversation.voice.value).toBe('starting');
  await browser.begin('AUDIO');
  expect(await browser.since()).toEqual(['POST send/u0 audio']);
  expect(browser.conversation.voice.value).toBe('on');
});

test('conversation: microphone denied, the page stays in text and says what to do', async () => {
  const browser = open();
  await browser.begin();
  await browser.since();
  browser.refuse(new DOMException('denied', 'NotAllowedError'));
  await browser.conversation.startAudio();
  expect(await browser.since()).toEqual([]);
  expect(browser.conversation.voice.value).toBe('off');
  expect(browser.conversation.notices.value[0]).toMatchObject({
    key: 'microphone',
    text: 'The microphone is blocked.',
  });
});

test('conversation: an address without a microphone, says so and does not ask for one', async () => {
  const browser = open();
  browser.refuse(new Error('must not be asked'));
  browser.setTrouble({ text: 'Voice needs a secure address.' });
  await browser.conversation.startAudio();
  expect(browser.conversation.notices.value).toMatchObject([
    { tone: 'warning', text: 'Voice needs a secure address.' },
  ]);
});

test('conversation: stop audio, no more sound, nothing of the microphone is sent and answers are text', async () => {
  const browser = await inVoice();
  browser.conversation.stopAudio();
  expect(await browser.since()).toEqual(['stop voice', 'GET events/u0?is_audio=false']);
  await browser.begin();
  expect(await browser.since()).toEqual([]);
  expect(browser.conversation.voice.value).toBe('off');
});

test('conversation: audio of a turn, is played to its end; interrupted by the server, is flushed', async () => {
  const { emit, since } = await inVoice();
  emit('message', { mime_type: 'audio/pcm', data: 'AAAA' });
  emit('message', { turn_complete: true, interrupted: null });
  emit('message', { mime_type: 'audio/pcm', data: 'BBBB' });
  emit('message', { turn_complete: null, interrupted: true });
  expect(await since()).toEqual(['play AAAA', 'end turn', 'play BBBB', 'flush']);
});

test('conversation: interrupt, silent at once, told with what was heard, and late chunks are dropped', async () => {
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

test('conversation: interrupt while only the loudspeaker still has something, the next answer is not dropped', async () => {
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

test('conversation: interrupt that the server never confirms, dropping ends after 3 s', async () => {
  const { conversation, emit, since } = await inVoice();
  emit('message', { ...text('One, '), is_transcript: true });
  conversation.interrupt();
  await since();
  await jest.advanceTimersByTimeAsync(3_000);
  emit('message', { mime_type: 'audio/pcm', data: 'AAAA' });
  expect(await since()).toEqual(['play AAAA']);
});

test('conversation: nothing to interrupt, interrupt does nothing', async () => {
  const { conversation, since } = await inVoice();
  conversation.interrupt();
  expect(await since()).toEqual([]);
});

test('conversation: typed while the agent speaks, silent before it is sent', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onStats(PLAYING);
  browser.conversation.say('Stop');
  expect(await browser.since()).toEqual(['flush', 'POST send/u0 {"mime_type":"text/plain","data":"Stop"}']);
});

test('conversation: mute, ends the audio stream for the model; unmute, begins again', async () => {
  const { conversation, since } = await inVoice();
  conversation.setMuted(true);
  conversation.setMuted(true);
  conversation.setMuted(false);
  expect(await since()).toEqual(['mute', 'unmute', 'POST send/u0 {"audio_stream_end":true}']);
});

test('conversation: microphone unplugged, back to text with a notice', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onLost();
  expect(await browser.since()).toEqual(['stop voice', 'GET events/u0?is_audio=false']);
  expect(browser.conversation.notices.value).toMatchObject([
    { key: 'microphone', text: 'The microphone was disconnected.' },
  ]);
});

test('conversation: sound paused by the browser, a notice wakes it', async () => {
  const browser = await inVoice();
  browser.voiceOptions.onAsleep(true);
  browser.conversation.notices.value[0]?.action?.run();
  browser.voiceOptions.onAsleep(false);
  expect(await browser.since()).toEqual(['wake']);
  expect(browser.conversation.notices.value).toEqual([]);
});

test('conversation: failure of the model, said in words until it answers again', async () => {
  const { conversation, begin, emit } = open();
  await begin();
  emit('failure', {
    code: 'model_key_refused',
    error: 'The model provider refused the key',
    retry: false,
    hint: 'check GOOGLE_API_KEY',
  });
  await settle();
  expect(conversation.notices.value).toMatchObject([
    { key: 'model', text: 'The model provider refused the key.', advice: 'Check GOOGLE_API_KEY.' },
  ]);
  emit('failure', { code: 'model_closed', error: 'The provider closed (1011: Internal error.)', retry: true });
  await settle();
  expect(conversation.notices.value).toMatchObject([{ text: 'The provider closed (1011: Internal error.)' }]);
  emit('message', text('Hello'));
  await settle();
  expect(conversation.notices.value).toEqual([]);
});

test('conversation: typed text that the server refuses, is marked and explained', async () => {
  const { conversation, network, begin, since } = open();
  await begin();
  network.refusal = {
    status: 415,
    body: { error: 'Mime type not supported', code: 'unsupported_mime_type', retry: false },
  };
  conversation.say('Hi');
  await since();
  expect(conversation.transcript.value.turns).toMatchObject([{ text: 'Hi', state: 'failed' }]);
  expect(conversation.notices.value).toMatchObject([{ key: 'send', advice: 'Mime type not supported.' }]);
  network.refusal = undefined;
  conversation.say('Hello');
  await since();
  expect(conversation.notices.value).toEqual([]);
});

test('conversation: typed when the conversation has ended, is sent when it goes on', async () => {
  const { conversation, begin, emit, since } = open();
  await begin();
  emit('end', { reason: 'closed' });
  await since();
  expect(conversation.connection.value).toEqual({ phase: 'ended' });
  conversation.say('Hi');
  expect(await since()).toEqual([]);
  conversation.notices.value.find(({ key }) => key === 'connection')?.action?.run();
  expect(await since()).toEqual(['GET events/u0?is_audio=false']);
  await begin();
  expect(await since()).toEqual(['POST send/u0 {"mime_type":"text/plain","data":"Hi"}']);
  expect(conversation.transcript.value.turns).toMatchObject([{ text: 'Hi', state: 'done' }]);
});

test.each([
  ['closed', undefined],
  ['max_duration', 'It has lasted as long as one may.'],
  ['idle', 'Nothing was said for a while.'],
] as const)('conversation: that ends with %s, says why, if it was not asked for', async (reason, advice) => {
  const { conversation, begin, emit, since } = open();
  await begin();
  emit('end', { reason });
  await since();
  expect(conversation.notices.value).toMatchObject([{ key: 'connection', text: 'The conversation has ended.' }]);
  expect(conversation.notices.value[0]?.advice).toBe(advice);
});

test('conversation: begun anew while the browser asks for the microphone, lets go of it', async () => {
  const browser = open();
  await browser.begin();
  await browser.since();
  const starting = browser.conversation.startAudio();
  browser.conversation.startOver();
  await starting;
  expect(await browser.since()).toEqual(['stop voice', 'GET events/u1?is_audio=false']);
  expect(browser.conversation.voice.value).toBe('off');
});

test('conversation: start over, another user and an empty page', async () => {
  const { conversation, begin, since } = await inVoice();
  conversation.say('Hi');
  await since();
  conversation.startOver();
  expect(await since()).toEqual(['stop voice', 'GET events/u1?is_audio=false']);
  expect(conversation.isEmpty.value).toBe(true);
  await begin();
  conversation.say('Hello');
  expect(await since()).toEqual(['POST send/u1 {"mime_type":"text/plain","data":"Hello"}']);
});

test('conversation: a model that is lost, is told after a second and until it is back', async () => {
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
  await browser.conversation.startAudio();
  await browser.begin('AUDIO');
  await browser.since();
  return browser;
}
