import { ActivityHandling, Behavior, FunctionResponseScheduling, Modality, Type } from '@google/genai';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type GeminiEmulator, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { freePort } from '../../free-port.ts';
import { join, room, say, speech } from '../microphone.ts';
import { connect, joinAudio, joinInputTranscript, joinText, joinTranscript, outline } from './live-client.ts';

const TEXT = { responseModalities: [Modality.TEXT] };
const AUDIO = { responseModalities: [Modality.AUDIO], outputAudioTranscription: {}, inputAudioTranscription: {} };
const CLOCK = { tools: [{ functionDeclarations: [{ name: 'current_time' }] }] };

let fast: GeminiEmulator;
/** Emulator whose answers last long enough for a test to interrupt them. */
let slow: GeminiEmulator;

beforeAll(async () => {
  fast = await startGeminiEmulator({ pace: 1_000 });
  slow = await startGeminiEmulator({ pace: 0.1 });
});
afterAll(async () => {
  await Promise.all([fast.close(), slow.close()]);
});

describe('text', () => {
  test('client content in a TEXT session is answered in pieces that end with generationComplete and usage', async () => {
    const { session, messages, turn } = await connect(fast, TEXT);
    session.sendClientContent({ turns: 'Hello!' });
    const answer = await turn();
    expect(joinText(answer)).toBe(
      'Hello! I am the offline agent. Ask me the time, ask me to count to twenty, or just speak.',
    );
    expect(outline(answer)).toEqual(['setupComplete', 'text', 'generationComplete', 'turnComplete', 'usage']);
    expect(answer.filter((message) => message.serverContent?.modelTurn).length).toBeGreaterThan(3);
    const usage = messages.at(-1)?.usageMetadata;
    expect(usage).toMatchObject({
      promptTokenCount: 2,
      responseTokenCount: 23,
      totalTokenCount: 25,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 2 }],
      responseTokensDetails: [{ modality: 'TEXT', tokenCount: 23 }],
    });
    session.close();
  });

  test('client content without turnComplete is stored and not answered', async () => {
    const { session, turn } = await connect(fast, TEXT);
    session.sendClientContent({ turns: 'The word is swordfish', turnComplete: false });
    session.sendClientContent({ turns: 'What did I say?' });
    expect(joinText(await turn())).toBe('You said: The word is swordfish');
    session.close();
  });

  test('turnComplete alone requests an answer to the last unanswered message', async () => {
    const { session, turn } = await connect(fast, TEXT);
    session.sendClientContent({ turns: 'count to three', turnComplete: false });
    session.sendClientContent({});
    expect(joinText(await turn())).toBe('One, two, three.');
    session.close();
  });

  test('a question about a history that was sent as turns is answered from it', async () => {
    const { session, turn } = await connect(fast, TEXT);
    session.sendClientContent({
      turns: [
        { role: 'user', parts: [{ text: 'I like plums' }] },
        { role: 'model', parts: [{ text: 'So do I' }] },
        { role: 'user', parts: [{ text: 'what did I say' }] },
      ],
    });
    expect(joinText(await turn())).toBe('You said: I like plums');
    session.close();
  });

  test('realtime text is a turn of its own', async () => {
    const { session, turn } = await connect(fast, TEXT);
    session.sendRealtimeInput({ text: 'count to 2' });
    expect(joinText(await turn())).toBe('One, two.');
    session.close();
  });

  test('a context update replaces the instruction', async () => {
    const { session, turn } = await connect(fast, { ...TEXT, systemInstruction: 'Be brief' });
    session.sendContextUpdate({ systemInstruction: 'Be kind' });
    session.sendRealtimeInput({ text: 'what are your instructions?' });
    expect(joinText(await turn())).toBe('My instructions are: Be kind');
    session.close();
  });
});

describe('speech', () => {
  test('an AUDIO answer is 24 kHz PCM in pieces of 40 ms, with the transcript beside it', async () => {
    const { session, turn } = await connect(fast, AUDIO);
    session.sendClientContent({ turns: 'count to three' });
    const answer = await turn();
    expect(joinTranscript(answer)).toBe('One, two, three.');
    const blobs = answer
      .map((message) => message.serverContent?.modelTurn?.parts?.[0]?.inlineData)
      .filter((blob) => blob);
    expect(new Set(blobs.map((blob) => blob?.mimeType))).toEqual(new Set(['audio/pcm;rate=24000']));
    expect(new Set(blobs.slice(0, -1).map((blob) => blob?.data?.length))).toEqual(new Set([2_560]));
    const loudest = Math.max(...joinAudio(answer));
    expect(loudest).toBeGreaterThan(3_000);
    expect(outline(answer).slice(0, 5)).toEqual([
      'setupComplete',
      'outputTranscription',
      'audio',
      'outputTranscription',
      'audio',
    ]);
    expect(outline(answer).slice(-4)).toEqual(['audio', 'generationComplete', 'turnComplete', 'usage']);
    session.close();
  });

  test('without outputAudioTranscription there is no transcript', async () => {
    const { session, turn } = await connect(fast, { responseModalities: [Modality.AUDIO] });
    session.sendClientContent({ turns: 'count to three' });
    expect(outline(await turn())).toEqual(['setupComplete', 'audio', 'generationComplete', 'turnComplete', 'usage']);
    session.close();
  });

  test('the default of responseModalities is AUDIO', async () => {
    const { session, turn } = await connect(fast, {});
    session.sendClientContent({ turns: 'thanks' });
    expect(joinAudio(await turn()).length).toBeGreaterThan(12_000);
    session.close();
  });

  test.each([
    ['audio/pcm;rate=16000', 16_000],
    ['audio/pcm', 16_000],
    ['audio/pcm;rate=48000', 48_000],
    ['audio/pcm; rate=8000', 8_000],
  ])('speech sent as %s is measured, transcribed and played back', async (mimeType, rate) => {
    const { session, turn } = await connect(fast, AUDIO);
    say(session, join(room(0.4, rate), speech(2.3, rate), room(0.8, rate)), rate, mimeType);
    const answer = await turn();
    expect(joinInputTranscript(answer)).toMatch(/^2\.[234] s of speech$/);
    expect(joinTranscript(answer)).toMatch(/^You spoke for two point (two|three|four) seconds. This is what I heard.$/);
    expect(outline(answer)[1]).toBe('inputTranscription');
    // The last 2 s are the user's own voice: 150 Hz, not the agent's.
    const echo = joinAudio(answer).slice(-48_000, -24_000);
    expect(power(echo, 150)).toBeGreaterThan(20 * power(echo, 170));
    session.close();
  });

  test('audioStreamEnd ends an utterance without the silence after it', async () => {
    const { session, turn } = await connect(fast, AUDIO);
    say(session, speech(1.2));
    session.sendRealtimeInput({ audioStreamEnd: true });
    expect(joinInputTranscript(await turn())).toBe('1.2 s of speech');
    session.close();
  });

  test('speech in a TEXT session is answered in text', async () => {
    const { session, turn } = await connect(fast, { ...TEXT, inputAudioTranscription: {} });
    say(session, join(speech(1), room(0.6)));
    const answer = await turn();
    expect(joinInputTranscript(answer)).toBe('1.0 s of speech');
    expect(joinText(answer)).toBe('You spoke for one second.');
    session.close();
  });

  test('with automatic detection disabled, the audio between activityStart and activityEnd is the utterance', async () => {
    const { session, turn } = await connect(fast, {
      ...AUDIO,
      realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
    });
    say(session, speech(1));
    session.sendRealtimeInput({ activityStart: {} });
    say(session, join(speech(0.5), room(1), speech(0.5)));
    session.sendRealtimeInput({ activityEnd: {} });
    expect(joinInputTranscript(await turn())).toBe('2.0 s of speech');
    session.close();
  });

  test('silenceDurationMs sets the length of a pause that does not end an utterance', async () => {
    const twice = join(speech(0.6), room(0.7), speech(0.6), room(1.5));
    const patient = await connect(fast, {
      ...AUDIO,
      realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 1_000 } },
    });
    say(patient.session, twice);
    expect(joinInputTranscript(await patient.turn())).toMatch(/^(1\.9|2\.0) s of speech$/);
    patient.session.close();

    const hasty = await connect(fast, AUDIO);
    say(hasty.session, twice);
    expect(joinInputTranscript(await hasty.turn())).toBe('0.6 s of speech');
    hasty.session.close();
  });
});

describe('images', () => {
  const image = { data: Buffer.alloc(12 * 1024).toString('base64'), mimeType: 'image/jpeg' };

  test('an image sent as video is mentioned in the next turn, and only there', async () => {
    const { session, messages, turn } = await connect(fast, TEXT);
    session.sendRealtimeInput({ video: image });
    session.sendRealtimeInput({ text: 'what is this?' });
    const first = await turn();
    expect(joinText(first)).toBe('I received an image: JPEG, 12 kilobytes.');
    expect(first.at(-1)?.usageMetadata?.promptTokensDetails).toContainEqual({ modality: 'IMAGE', tokenCount: 258 });
    const from = messages.length;
    session.sendRealtimeInput({ text: 'what is this?' });
    expect(joinText(await turn(from))).toContain('I am the offline agent.');
    session.close();
  });

  test('an image in client content is mentioned in the answer', async () => {
    const { session, turn } = await connect(fast, TEXT);
    const png = { data: Buffer.alloc(1_536).toString('base64'), mimeType: 'image/png' };
    session.sendClientContent({ turns: [{ role: 'user', parts: [{ inlineData: png }, { text: 'look' }] }] });
    expect(joinText(await turn())).toBe('I received an image: PNG, 1.5 kilobytes.');
    session.close();
  });
});

describe('tools', () => {
  test('a question for the time calls current_time, and the answer quotes its response', async () => {
    const { session, messages, until, turn } = await connect(fast, { ...TEXT, ...CLOCK });
    session.sendClientContent({ turns: 'What time is it?' });
    const { toolCall } = await until((message) => message.toolCall !== undefined);
    const call = toolCall?.functionCalls?.[0];
    expect(call).toMatchObject({ name: 'current_time', args: {} });
    expect(call?.id).toMatch(/^function-call-\d{19}$/);
    expect(messages.some((message) => message.serverContent)).toBe(false);
    session.sendToolResponse({
      functionResponses: [
        { id: call?.id ?? '', name: 'current_time', response: { time: '2026-11-23T14:35:10+01:00' } },
      ],
    });
    expect(joinText(await turn())).toBe('It is 14:35.');
    session.close();
  });

  test('all declared functions that the text names are called at once, with arguments from JSON', async () => {
    const { session, until, turn } = await connect(fast, {
      ...TEXT,
      tools: [
        {
          functionDeclarations: ['get_weather', 'rollDie', 'send_mail'].map((name) => ({
            name,
            parameters: { type: Type.OBJECT },
          })),
        },
      ],
    });
    session.sendClientContent({ turns: 'please get weather and roll a die {"city":"Oslo"}' });
    const { toolCall } = await until((message) => message.toolCall !== undefined);
    const calls = toolCall?.functionCalls ?? [];
    expect(calls.map(({ name, args }) => ({ name, args }))).toEqual([
      { name: 'get_weather', args: { city: 'Oslo' } },
      { name: 'rollDie', args: { city: 'Oslo' } },
    ]);
    for (const { id, name } of [...calls].reverse()) {
      const response = name === 'rollDie' ? { error: 'no die' } : { output: 'sunny' };
      session.sendToolResponse({ functionResponses: [{ id: id ?? '', name: name ?? '', response }] });
    }
    expect(joinText(await turn())).toBe('The tool answered (get_weather): sunny The tool failed (rollDie): no die');
    session.close();
  });

  test('a call is cancelled when the user interrupts, and its late response is ignored', async () => {
    const { session, messages, until, turn } = await connect(fast, { ...TEXT, ...CLOCK });
    session.sendClientContent({ turns: 'what time is it' });
    const { toolCall } = await until((message) => message.toolCall !== undefined);
    const id = toolCall?.functionCalls?.[0]?.id ?? '';
    session.sendRealtimeInput({ text: 'thank you' });
    const interrupted = await turn();
    expect(outline(interrupted)).toEqual([
      'setupComplete',
      'toolCall',
      'toolCallCancellation',
      'interrupted',
      'turnComplete',
      'usage',
    ]);
    expect(interrupted.find((message) => message.toolCallCancellation)?.toolCallCancellation?.ids).toEqual([id]);
    const second = await turn(interrupted.length);
    expect(joinText(second)).toBe('You are welcome.');
    session.sendToolResponse({ functionResponses: [{ id, name: 'current_time', response: { time: '14:35' } }] });
    session.sendRealtimeInput({ text: 'bye' });
    expect(joinText(await turn(interrupted.length + second.length))).toBe('Goodbye.');
    expect(joinText(messages)).toBe('You are welcome.Goodbye.');
    session.close();
  });

  test('a tool that does not respond in time is reported in the answer', async () => {
    const hasty = await startGeminiEmulator({ pace: 1_000, toolWaitMs: 20 });
    const { session, turn } = await connect(hasty, { ...TEXT, ...CLOCK });
    session.sendClientContent({ turns: 'what time is it' });
    expect(joinText(await turn())).toBe('The tool did not answer.');
    session.close();
    await hasty.close();
  });

  test('the conversation continues during a NON_BLOCKING call, and the response is described when it arrives', async () => {
    const declaration = { name: 'brew_coffee', behavior: Behavior.NON_BLOCKING };
    const { session, messages, until, turn } = await connect(fast, {
      ...TEXT,
      tools: [{ functionDeclarations: [declaration] }],
    });
    session.sendClientContent({ turns: 'brew coffee' });
    const { toolCall } = await until((message) => message.toolCall !== undefined);
    expect(joinText(await turn())).toBe('I asked the tool.');
    const call = { id: toolCall?.functionCalls?.[0]?.id ?? '', name: 'brew_coffee' };
    let from = messages.length;
    session.sendToolResponse({
      functionResponses: [{ ...call, response: { output: 'grinding' }, willContinue: true }],
    });
    expect(joinText(await turn(from))).toBe('The tool answered: grinding');
    from = messages.length;
    session.sendToolResponse({
      functionResponses: [
        { ...call, response: { output: 'steam' }, willContinue: true, scheduling: FunctionResponseScheduling.SILENT },
      ],
    });
    session.sendToolResponse({ functionResponses: [{ ...call, response: { output: 'ready' } }] });
    expect(joinText(await turn(from))).toBe('The tool answered: ready');
    session.close();
  });
});

describe('interruption', () => {
  test('speech during an answer causes interrupted and then turnComplete, without generationComplete', async () => {
    const { session, messages, until, turn } = await connect(slow, AUDIO);
    session.sendClientContent({ turns: 'count to thirty' });
    await until((message) => message.serverContent?.modelTurn !== undefined);
    say(session, speech(0.3));
    const interrupted = await turn();
    expect(outline(interrupted).slice(-3)).toEqual(['interrupted', 'turnComplete', 'usage']);
    expect(outline(interrupted)).not.toContain('generationComplete');
    const from = messages.length;
    say(session, join(speech(0.3), room(0.6)));
    await until((message) => message.serverContent?.inputTranscription?.text === '0.6 s of speech', from);
    session.close();
  });

  test('client content interrupts an answer in text', async () => {
    const { session, until, turn } = await connect(slow, TEXT);
    session.sendClientContent({ turns: 'count to thirty' });
    await until((message) => message.serverContent?.modelTurn !== undefined);
    session.sendClientContent({ turns: 'bye' });
    const interrupted = await turn();
    expect(outline(interrupted)).toEqual(['setupComplete', 'text', 'interrupted', 'turnComplete', 'usage']);
    expect(joinText(interrupted)).toBe('One, two, three,');
    expect(joinText(await turn(interrupted.length))).toBe('Goodbye.');
    session.close();
  });

  test('speech during the playback of a complete answer interrupts the answer as well', async () => {
    const { session, until, turn } = await connect(slow, AUDIO);
    session.sendClientContent({ turns: 'bye' });
    await until((message) => message.serverContent?.generationComplete === true);
    say(session, speech(0.3));
    expect(outline(await turn()).slice(-4)).toEqual(['generationComplete', 'interrupted', 'turnComplete', 'usage']);
    session.close();
  });

  test('with NO_INTERRUPTION, input during an answer is answered afterwards', async () => {
    const { session, until, turn } = await connect(fast, {
      ...AUDIO,
      ...CLOCK,
      realtimeInputConfig: { activityHandling: ActivityHandling.NO_INTERRUPTION },
    });
    session.sendClientContent({ turns: 'what time is it' });
    const { toolCall } = await until((message) => message.toolCall !== undefined);
    say(session, join(speech(0.5), room(0.6)));
    session.sendRealtimeInput({ text: 'thank you' });
    const call = toolCall?.functionCalls?.[0];
    session.sendToolResponse({
      functionResponses: [{ id: call?.id ?? '', name: 'current_time', response: { time: '9:05' } }],
    });
    const first = await turn();
    expect(joinTranscript(first)).toBe('It is 9:05.');
    const second = await turn(first.length);
    expect(joinInputTranscript(second)).toBe('0.5 s of speech');
    expect(joinTranscript(await turn(first.length + second.length))).toBe('You are welcome.');
    session.close();
  });
});

describe('session resumption', () => {
  test('a handle is sent after setup and after each turn, and restores the conversation', async () => {
    const first = await connect(fast, { ...TEXT, sessionResumption: {} });
    const initial = await first.until((message) => message.sessionResumptionUpdate !== undefined);
    first.session.sendClientContent({ turns: 'My cat is called Tom' });
    const turn = await first.turn();
    const update = await first.until((message) => message.sessionResumptionUpdate !== undefined, turn.length);
    first.session.close();
    expect(update.sessionResumptionUpdate?.resumable).toBe(true);
    const handle = update.sessionResumptionUpdate?.newHandle ?? '';
    expect(handle).not.toBe(initial.sessionResumptionUpdate?.newHandle);

    const second = await connect(fast, { ...TEXT, sessionResumption: { handle } });
    second.session.sendClientContent({ turns: 'What did I say?' });
    expect(joinText(await second.turn())).toBe('You said: My cat is called Tom');
    second.session.close();

    const fromTheStart = { handle: initial.sessionResumptionUpdate?.newHandle ?? '' };
    const third = await connect(fast, { ...TEXT, sessionResumption: fromTheStart });
    third.session.sendClientContent({ turns: 'What did I say?' });
    expect(joinText(await third.turn())).toBe('You said nothing before.');
    third.session.close();
  });

  test('an unknown handle is refused with 1008', async () => {
    const opening = connect(fast, { ...TEXT, sessionResumption: { handle: 'unknown' } });
    await expect(opening).rejects.toThrow('code 1008');
  });

  test('a connection with a limited lifetime receives goAway before it is closed', async () => {
    const mortal = await startGeminiEmulator({ lifetimeMs: 100 });
    const { until, closed } = await connect(mortal, TEXT);
    const { goAway } = await until((message) => message.goAway !== undefined);
    expect(goAway?.timeLeft).toBe('0.05s');
    expect((await closed).code).toBe(1008);
    await mortal.close();
  });
});

describe('services', () => {
  test.each(['v1', 'v1beta', 'v1alpha'])('AI Studio %s with a key answers', async (apiVersion) => {
    const { session, turn } = await connect(fast, TEXT, { apiVersion });
    session.sendRealtimeInput({ text: 'bye' });
    expect(joinText(await turn())).toBe('Goodbye.');
    session.close();
  });

  test('an ephemeral token is accepted on the constrained path', async () => {
    // The SDK warns that tokens are experimental.
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const { session, turn } = await connect(fast, TEXT, { apiVersion: 'v1alpha', apiKey: 'auth_tokens/abc' });
    warn.mockRestore();
    session.sendRealtimeInput({ text: 'bye' });
    expect(joinText(await turn())).toBe('Goodbye.');
    session.close();
  });

  test('a base URL with a path is accepted', async () => {
    const { session, turn } = await connect(fast, TEXT, { basePath: '/proxy/gemini' });
    session.sendRealtimeInput({ text: 'bye' });
    expect(joinText(await turn())).toBe('Goodbye.');
    session.close();
  });

  test('Vertex AI sends a session id, usage, audio without a rate, transparent resumption and voice activity', async () => {
    const { session, messages, turn, until } = await connect(
      fast,
      { ...AUDIO, sessionResumption: { transparent: true }, explicitVadSignal: true },
      { vertexai: true, apiVersion: 'v1beta1', model: 'gemini-live-2.5-flash-native-audio' },
    );
    expect(messages[0]?.setupComplete?.sessionId).toMatch(/^[0-9a-f-]{36}$/);
    session.sendClientContent({ turns: 'bye' });
    const answer = await turn();
    expect(
      answer.find((message) => message.serverContent?.modelTurn)?.serverContent?.modelTurn?.parts?.[0]?.inlineData
        ?.mimeType,
    ).toBe('audio/pcm');
    // The SDK reads it from candidatesTokenCount.
    expect(answer.at(-1)?.usageMetadata).toMatchObject({ responseTokenCount: 20, trafficType: 'ON_DEMAND' });
    const update = await until((message) => message.sessionResumptionUpdate !== undefined, answer.length);
    expect(update.sessionResumptionUpdate?.lastConsumedClientMessageIndex).toBe('2');
    const from = messages.length;
    say(session, join(room(0.2), speech(0.5), room(0.6)));
    await turn(from);
    const activity = messages.slice(from).flatMap((message) => message.voiceActivity ?? []);
    expect(activity.map((signal) => signal.voiceActivityType)).toEqual(['ACTIVITY_START', 'ACTIVITY_END']);
    expect(activity[0]?.audioOffset).toBe('0.2s');
    session.close();
  });

  test('a key other than the configured key is refused with 1007', async () => {
    const locked = await startGeminiEmulator({ apiKey: 'right' });
    await expect(connect(locked, TEXT, { apiKey: 'wrong' })).rejects.toThrow(
      'code 1007): API key not valid. Please pass a valid API key.',
    );
    (await connect(locked, TEXT, { apiKey: 'right' })).session.close();
    await locked.close();
  });
});

describe('closing', () => {
  test('close ends connections in the middle of an answer and frees the port', async () => {
    const emulator = await startGeminiEmulator({ port: await freePort(), pace: 0.02 });
    const { session, until, closed } = await connect(emulator, AUDIO);
    session.sendClientContent({ turns: 'count to thirty' });
    await until((message) => message.serverContent?.modelTurn !== undefined);
    expect(emulator.connections).toBe(1);
    await emulator.close();
    expect((await closed).code).toBe(1006);
    expect(emulator.connections).toBe(0);
    const again = await startGeminiEmulator({ port: emulator.port });
    expect(again.port).toBe(emulator.port);
    await again.close();
  });

  test('a port in use throws an error', async () => {
    await expect(startGeminiEmulator({ port: fast.port })).rejects.toThrow('EADDRINUSE');
  });
});

/** Power of one frequency in 24 kHz audio (Goertzel). */
function power(samples: Int16Array, hz: number): number {
  const omega = (2 * Math.PI * hz) / 24_000;
  let real = 0;
  let imaginary = 0;
  samples.forEach((sample, index) => {
    real += sample * Math.cos(omega * index);
    imaginary += sample * Math.sin(omega * index);
  });
  return real * real + imaginary * imaginary;
}
