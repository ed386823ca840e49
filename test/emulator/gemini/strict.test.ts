import { Modality } from '@google/genai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GeminiEmulator, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { findFamily } from '../../../src/emulator/gemini/family.ts';
import { RealtimeInputRules } from '../../../src/emulator/gemini/strict-realtime-input.ts';
import { ToolResponseRules } from '../../../src/emulator/gemini/strict-tool-responses.ts';
import { join, room, say, speech } from '../microphone.ts';
import { connect, joinText } from './live-client.ts';
import { openRaw, PREVIEW_PATH, type RawClient, setup, VERTEX_PATH } from './raw-client.ts';

const MANUAL = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
const CLOCK = { tools: [{ functionDeclarations: [{ name: 'current_time' }] }] };
const TIME = { realtimeInput: { text: 'what time is it' } };
const IMAGE = { mimeType: 'image/jpeg', data: 'AAAA' };

let strict: GeminiEmulator;
/** Emulator without strict mode, which must tolerate what strict mode refuses. */
let lenient: GeminiEmulator;
beforeAll(async () => {
  strict = await startGeminiEmulator({ pace: 1_000, strict: true });
  lenient = await startGeminiEmulator({ pace: 1_000 });
});
afterAll(async () => {
  await Promise.all([strict.close(), lenient.close()]);
});

async function opened(emulator: GeminiEmulator, setupMessage: object, path = PREVIEW_PATH): Promise<RawClient> {
  const client = await openRaw(emulator, path);
  client.send(setupMessage);
  await client.until('setupComplete');
  return client;
}

function audio(mimeType = 'audio/pcm;rate=16000', data = 'AAAA'): object {
  return { realtimeInput: { audio: { mimeType, data } } };
}

function response(id: string, name = 'current_time', more: object = {}): object {
  return { toolResponse: { functionResponses: [{ id, name, response: { time: '14:35' }, ...more }] } };
}

async function callId(client: RawClient): Promise<string> {
  return JSON.parse(await client.until('toolCall')).toolCall.functionCalls[0].id;
}

/** A violation closes with 1007 and its text, and is kept. */
async function expectViolation(client: RawClient, text: string): Promise<void> {
  const { code, reason } = await client.closed;
  expect({ code, reason }).toEqual({ code: 1007, reason: text.slice(0, 123) });
  expect(strict.violations.at(-1)).toBe(text);
}

describe('a strict emulator at setup', () => {
  const speaking = (model: string, more: object = {}, generation: object = {}) => ({
    setup: { model: `models/${model}`, generationConfig: { responseModalities: ['AUDIO'], ...generation }, ...more },
  });
  test.each<[string, object, string]>([
    [
      'proactivity on a half-cascade model',
      setup({ proactivity: { proactiveAudio: true } }),
      'proactivity: gemini-live-2.5-flash-preview has none.',
    ],
    [
      'proactivity on a 3.1 model',
      speaking('gemini-3.1-flash-live-preview', { proactivity: {} }),
      'proactivity: gemini-3.1-flash-live-preview has none.',
    ],
    [
      'proactivity switched off on 3.8',
      speaking('gemini-3.8-live', { proactivity: { proactive_audio: false } }),
      'proactivity.proactiveAudio: gemini-3.8-live does not let it be switched off.',
    ],
    [
      'affective dialog on 3.8',
      speaking('gemini-3.8-live', {}, { enableAffectiveDialog: true }),
      'generationConfig.enableAffectiveDialog: gemini-3.8-live has no affective dialog.',
    ],
    [
      'a language on 3.8',
      speaking('gemini-3.8-live', {}, { speechConfig: { languageCode: 'de-DE' } }),
      'speechConfig.languageCode: gemini-3.8-live chooses the language itself.',
    ],
    [
      'settings of a disabled activity detection',
      setup({ realtimeInputConfig: { automaticActivityDetection: { disabled: true, silenceDurationMs: 300 } } }),
      'automaticActivityDetection: disabled contradicts silenceDurationMs.',
    ],
    [
      'a compression that discards nothing',
      setup({ contextWindowCompression: { triggerTokens: '1000', slidingWindow: { targetTokens: '1000' } } }),
      'contextWindowCompression: triggerTokens 1000 is not above targetTokens 1000.',
    ],
  ])('closes the connection for %s', async (_, message, text) => {
    const client = await openRaw(strict, PREVIEW_PATH);
    client.send(message);
    await expectViolation(client, text);
    (await opened(lenient, message)).close();
  });

  test.each<[string, object]>([
    ['proactive audio on 3.8', speaking('gemini-3.8-live', { proactivity: { proactiveAudio: true } })],
    [
      'proactive audio and affective dialog on a native-audio model',
      speaking(
        'gemini-2.5-flash-native-audio-preview-12-2025',
        { proactivity: { proactiveAudio: true } },
        { enableAffectiveDialog: true },
      ),
    ],
    ['disabled detection', setup(MANUAL)],
    ['tuned detection', setup({ realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 300 } } })],
    ['compression by default', setup({ contextWindowCompression: { slidingWindow: {} } })],
  ])('accepts %s', async (_, message) => {
    (await opened(strict, message)).close();
  });
});

describe('a strict emulator after setup', () => {
  test.each<[string, object[], string, object?]>([
    ['an empty message', [{}], 'The message is empty.'],
    ['an empty realtimeInput', [{ realtimeInput: { audioStreamEnd: false } }], 'realtimeInput is empty.'],
    [
      'audio without a rate',
      [audio('audio/pcm')],
      "realtimeInput.audio: 'audio/pcm' has no rate, as in 'audio/pcm;rate=16000'.",
    ],
    [
      'audio whose rate changes during a stream',
      [audio(), audio('audio/pcm;rate=48000')],
      'realtimeInput.audio: the rate changed from 16000 to 48000 without audioStreamEnd.',
    ],
    [
      "audio in base64's URL alphabet",
      [audio('audio/pcm;rate=16000', 'AA-_')],
      "realtimeInput.audio.data is in base64's URL alphabet ('-' and '_' for '+' and '/').",
    ],
    [
      'activityEnd without activityStart',
      [{ realtimeInput: { activityEnd: {} } }],
      'realtimeInput.activityEnd: there was no activityStart.',
      MANUAL,
    ],
    [
      'a second activityStart',
      [{ realtimeInput: { activityStart: {} } }, { realtimeInput: { activityStart: {} } }],
      'realtimeInput.activityStart: the activity before it has had no activityEnd.',
      MANUAL,
    ],
    [
      'audioStreamEnd while detection is disabled',
      [{ realtimeInput: { audioStreamEnd: true } }],
      'realtimeInput.audioStreamEnd is for automatic activity detection, which is disabled.',
      MANUAL,
    ],
    [
      'a response without a call',
      [response('function-call-1')],
      'toolResponse: there was no call with the id function-call-1.',
    ],
    ['a response without an id', [response('')], 'toolResponse: the response of current_time has no id.'],
    ['a response without a name', [response('x', '')], 'toolResponse: a response has no name.'],
  ])('closes the connection for %s', async (_, messages, text, more = {}) => {
    const client = await opened(strict, setup({ ...more }));
    for (const message of messages) client.send(message);
    await expectViolation(client, text);

    const tolerated = await opened(lenient, setup({ ...more }));
    for (const message of messages) tolerated.send(message);
    tolerated.send({ clientContent: { turns: [{ parts: [{ text: 'bye' }] }], turnComplete: true } });
    await tolerated.until('turnComplete');
    tolerated.close();
  });

  test('audio with line breaks in its base64 closes the connection, strict or not', async () => {
    for (const emulator of [strict, lenient]) {
      const client = await opened(emulator, setup());
      client.send(audio('audio/pcm;rate=16000', 'AAAA\nAAAA'));
      expect((await client.closed).reason).toContain('Base64 decoding failed');
      expect(emulator.violations.at(-1)).toContain('Base64 decoding failed');
    }
  });

  test('a second response to a call closes the connection', async () => {
    const client = await opened(strict, setup(CLOCK));
    client.send(TIME);
    const id = await callId(client);
    client.send(response(id));
    client.send(response(id));
    await expectViolation(client, `toolResponse: the call ${id} was answered before.`);
  });

  test('a response with the name of another function closes the connection', async () => {
    const client = await opened(strict, setup(CLOCK));
    client.send(TIME);
    const id = await callId(client);
    client.send(response(id, 'time'));
    await expectViolation(client, `toolResponse: the call ${id} was of current_time, not of time.`);
  });

  test('a response to a call whose cancellation the client has received closes the connection', async () => {
    const client = await opened(strict, setup(CLOCK));
    client.send(TIME);
    const id = await callId(client);
    client.send({ realtimeInput: { text: 'bye' } });
    await client.until('toolCallCancellation');
    // The reply to what interrupted comes after the ping, and is answered after its pong.
    await client.until('Goodbye');
    client.send(response(id));
    await expectViolation(client, `toolResponse: the call ${id} was cancelled.`);
  });
});

describe('in strict mode', () => {
  let before: number;
  beforeAll(() => {
    before = strict.violations.length;
  });
  afterEach(() => expect(strict.violations.slice(before)).toEqual([]));

  test('the SDK sends speech, an image, text and a tool response without a violation', async () => {
    const { session, until, turn, messages } = await connect(strict, { responseModalities: [Modality.TEXT], ...CLOCK });
    say(session, join(speech(0.5), room(0.6)));
    await turn();
    session.sendRealtimeInput({ audioStreamEnd: true });
    say(session, room(0.1, 48_000), 48_000);
    session.sendRealtimeInput({ video: IMAGE });
    let from = messages.length;
    session.sendRealtimeInput({ text: 'what is this' });
    expect(joinText(await turn(from))).toContain('I received an image');
    from = messages.length;
    session.sendClientContent({ turns: 'what time is it' });
    const { toolCall } = await until((message) => message.toolCall !== undefined);
    const { id = '', name = '' } = toolCall?.functionCalls?.[0] ?? {};
    session.sendToolResponse({ functionResponses: [{ id, name, response: { time: '14:35' } }] });
    expect(joinText(await turn(from))).toBe('It is 14:35.');
    session.close();
  });

  test('activities with different sample rates are accepted', async () => {
    const client = await opened(strict, setup(MANUAL));
    for (const rate of [16_000, 48_000]) {
      client.send({ realtimeInput: { activityStart: {} } });
      client.send(audio(`audio/pcm;rate=${rate}`));
      client.send({ realtimeInput: { activityEnd: {} } });
      await client.until('turnComplete');
    }
    client.close();
  });

  test('several inputs in one message are accepted', async () => {
    const client = await opened(strict, setup());
    client.send({ realtimeInput: { audio: { mimeType: 'audio/pcm;rate=16000', data: 'AAAA' }, text: 'bye' } });
    await client.until('turnComplete');
    client.close();
  });

  test('a response that crosses with the cancellation is accepted', async () => {
    const client = await opened(strict, setup(CLOCK));
    client.send(TIME);
    const id = await callId(client);
    client.send({ realtimeInput: { text: 'bye' } });
    client.send(response(id));
    await client.until('Goodbye');
    client.close();
  });

  test('a response without an id is accepted on Vertex', async () => {
    const client = await opened(strict, setup(CLOCK), VERTEX_PATH);
    client.send(TIME);
    await callId(client);
    client.send(response(''));
    expect(await client.until('turnComplete')).toBeTruthy();
    client.close();
  });

  test('several responses of a NON_BLOCKING function are accepted until its last', async () => {
    const tools = [{ functionDeclarations: [{ name: 'brew_coffee', behavior: 'NON_BLOCKING' }] }];
    const client = await opened(strict, setup({ tools }));
    client.send({ realtimeInput: { text: 'brew coffee' } });
    const id = await callId(client);
    await client.until('turnComplete');
    client.send(response(id, 'brew_coffee', { willContinue: true }));
    await client.until('turnComplete');
    client.send(response(id, 'brew_coffee'));
    await client.until('turnComplete');
    client.close();
  });
});

describe('video frames', () => {
  /** Returns the complaint about frames at these times, in ms, each followed by the next message. */
  function watch(times: readonly number[], next: Record<string, unknown> | 'content' | undefined): string | undefined {
    let at = 0;
    const rules = new RealtimeInputRules(true, () => at);
    try {
      rules.checkMessage({ activityStart: {} }, false);
      for (const time of times) {
        at = time;
        rules.checkMessage({ video: IMAGE }, false);
        if (next === 'content') rules.checkMessage(undefined, true);
        else if (next) rules.checkMessage(next, false);
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return undefined;
  }
  const sound = { audio: { mimeType: 'audio/pcm;rate=16000', data: 'AAAA' } };

  test.each([
    ['one a second', [0, 1_000, 2_000]],
    ['one a second with jitter', [0, 950, 1_900, 2_810]],
  ])('video frames %s are accepted', (_, times) => {
    expect(watch(times, sound)).toBeUndefined();
  });

  test.each([
    ['two in half a second', [0, 500], 500],
    ['a little too fast', [0, 1_000, 1_890], 890],
  ])('video frames %s are refused with the message after them', (_, times, interval) => {
    expect(watch(times, sound)).toBe(
      `realtimeInput.video: a frame came ${interval} ms after another; one a second is allowed.`,
    );
  });

  test('a frame directly before a text or client content is accepted', () => {
    expect(watch([0, 300, 600], { text: 'look' })).toBeUndefined();
    expect(watch([0, 300, 600], 'content')).toBeUndefined();
    expect(watch([0, 300, 600], { video: IMAGE, text: 'look' })).toBeUndefined();
  });

  test('a frame directly before an activityEnd is accepted, and one before another frame is refused', () => {
    let at = 0;
    const rules = new RealtimeInputRules(true, () => at);
    rules.checkMessage({ activityStart: {} }, false);
    for (at of [0, 300]) rules.checkMessage({ video: IMAGE }, false);
    rules.checkMessage({ activityEnd: {} }, false);
    for (at of [1_000, 1_300]) rules.checkMessage({ video: IMAGE }, false);
    expect(() => rules.checkMessage({ video: IMAGE }, false)).toThrow('300 ms');
  });

  test('two frames at once followed by audio close the connection', async () => {
    const client = await opened(strict, setup());
    client.send({ realtimeInput: { video: IMAGE } });
    client.send({ realtimeInput: { video: IMAGE } });
    client.send(audio());
    const { code, reason } = await client.closed;
    expect(code).toBe(1007);
    expect(reason).toMatch(/^realtimeInput.video: a frame came \d+ ms after another; one a second is allowed.$/);
  });
});

describe('the list of violations', () => {
  test('records a client that stays after goAway, but not one that leaves', async () => {
    const goAway = { at: { ms: 0 }, do: { goAway: 50 } } as const;
    const emulator = await startGeminiEmulator({ strict: true, scenario: [[goAway], [goAway]] });
    const leaves = await opened(emulator, setup());
    await leaves.until('goAway');
    leaves.close();
    await leaves.closed;
    const stays = await opened(emulator, setup());
    expect((await stays.closed).code).toBe(1008);
    expect(emulator.violations).toEqual(['The connection was not closed after goAway.']);
    await emulator.close();
  });

  test('records the resumption of an open session, but not an unknown handle', async () => {
    const emulator = await startGeminiEmulator({ strict: true });
    const first = await opened(emulator, setup({ sessionResumption: {} }));
    const handle = JSON.parse(await first.until('newHandle')).sessionResumptionUpdate.newHandle;
    for (const tried of ['unknown', handle]) {
      const client = await openRaw(emulator);
      client.send(setup({ sessionResumption: { handle: tried } }));
      await client.closed;
    }
    expect(emulator.violations).toEqual(['The session is resumed while its old connection is still open.']);
    await emulator.close();
  });

  test('contains the latest 100 violations', async () => {
    const emulator = await startGeminiEmulator({ strict: true });
    for (let count = 0; count < 102; count++) {
      const client = await openRaw(emulator);
      client.send({ [`field${count}`]: 1 });
      await client.closed;
    }
    expect(emulator.violations).toHaveLength(100);
    expect(emulator.violations[0]).toContain('field2');
    expect(emulator.violations[99]).toContain('field101');
    await emulator.close();
  });
});

const NO_FUNCTIONS = { tools: { functions: [], canSearch: false }, family: findFamily('gemini-3.8-live') };

describe('responses that schedule or continue a call', () => {
  const declare = (behavior?: string) => [
    { functionDeclarations: [{ name: 'watch', ...(behavior ? { behavior } : {}) }] },
  ];
  const respond = (id: string, more: object) => ({
    toolResponse: { functionResponses: [{ id, name: 'watch', response: { result: 1 }, ...more }] },
  });
  async function call(model: string, behavior?: string) {
    const thinking = model.includes('thinking') ? { thinkingConfig: { thinkingLevel: 'LOW' } } : {};
    const generationConfig = { responseModalities: ['AUDIO'], ...thinking };
    const client = await opened(strict, {
      setup: { model: `models/${model}`, generationConfig, tools: declare(behavior) },
    });
    client.send({ clientContent: { turns: [{ role: 'user', parts: [{ text: 'watch' }] }], turnComplete: true } });
    const { id } = JSON.parse(await client.until('toolCall')).toolCall.functionCalls[0];
    return { client, id };
  }
  const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';

  test('are accepted for a NON_BLOCKING function until the last one', async () => {
    const { client, id } = await call(NATIVE, 'NON_BLOCKING');
    client.send(respond(id, { willContinue: true, scheduling: 'SILENT' }));
    client.send(respond(id, { willContinue: true, scheduling: 'WHEN_IDLE' }));
    client.send(respond(id, { scheduling: 'INTERRUPT' }));
    client.send(respond(id, { scheduling: 'INTERRUPT' }));
    await expectViolation(client, `toolResponse: the call ${id} was answered before.`);
  });

  test.each<[string, string | undefined, object]>([
    [NATIVE, undefined, { willContinue: true }],
    [NATIVE, undefined, { scheduling: 'SILENT' }],
    ['gemini-3.1-flash-live-preview', 'NON_BLOCKING', { willContinue: true }],
  ])('end with the first one on %s for a function declared as %s, also with %j', async (model, behavior, more) => {
    const { client, id } = await call(model, behavior);
    client.send(respond(id, more));
    client.send(respond(id, {}));
    await expectViolation(client, `toolResponse: the call ${id} was answered before.`);
  });

  test('are the last ones on extended thinking', async () => {
    const { client, id } = await call('gemini-3.8-live-extended-thinking', 'NON_BLOCKING');
    client.send(respond(id, { willContinue: true }));
    client.send(respond(id, {}));
    await expectViolation(client, `toolResponse: the call ${id} was answered before.`);
  });
});

test('a pong confirms the cancellations before its ping, not those after it', () => {
  const pings: string[] = [];
  const rules = new ToolResponseRules(NO_FUNCTIONS, 'gemini', (payload) => pings.push(payload));
  rules.onCalls(['a', 'b'].map((id) => ({ id, name: 'f' })));
  rules.onCancellation(['a']);
  rules.onCancellation(['b']);
  rules.onPong(pings[0] ?? '');
  const answer = (id: string) => () =>
    rules.checkResponses([
      { id, name: 'f', response: {}, scheduling: 'WHEN_IDLE', isScheduled: false, willContinue: false, media: [] },
    ]);
  expect(answer('a')).toThrow('the call a was cancelled');
  expect(answer('b')).not.toThrow();
});

test('the rules remember 4,096 calls', () => {
  const rules = new ToolResponseRules(NO_FUNCTIONS, 'gemini', () => {});
  rules.onCalls(Array.from({ length: 4_097 }, (_, index) => ({ id: `call-${index}`, name: 'f' })));
  const answer = (id: string) => () =>
    rules.checkResponses([
      { id, name: 'f', response: {}, scheduling: 'WHEN_IDLE', isScheduled: false, willContinue: false, media: [] },
    ]);
  expect(answer('call-0')).toThrow('there was no call');
  expect(answer('call-1')).not.toThrow();
});
