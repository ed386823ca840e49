import { GoogleGenAI } from '@google/genai';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini-emulator.ts';
import type { GeminiOptions } from '../../src/models/gemini.ts';
import type { ConnectConfig, ModelEvent } from '../../src/models/realtime-model.ts';
import type { ErrorCode } from '../../src/wire/error-catalogue.ts';
import { closesAfterEach } from './cleanup.ts';
import { AUDIO, eventsUntil, KEY, modelAt, never, TEXT } from './gemini-model.ts';
import { type ScriptedGeminiOptions, startScriptedGemini } from './scripted-gemini.ts';
import { until } from './until.ts';

const closing = closesAfterEach();

/** Both ends of one connection. */
async function connected(
  options: { script?: ScriptedGeminiOptions; model?: Partial<GeminiOptions>; config?: ConnectConfig } = {},
) {
  const server = closing(await startScriptedGemini(options.script));
  const connection = closing(await modelAt(server.url, options.model).connect(options.config ?? TEXT, never));
  return { server, connection, peer: await server.connection(0) };
}

function textOf(events: readonly ModelEvent[]): string {
  return events
    .map((event) => (event.type === 'text' || event.type === 'output_transcript' ? event.text : ''))
    .join('');
}

function typesOf(events: readonly ModelEvent[]): string[] {
  return events.map(({ type }) => type);
}

describe('what is sent', () => {
  test.each(['audio/pcm;rate=16000', 'audio/pcm;rate=48000', 'audio/pcm'])(
    "sendAudio of %s is, byte for byte, the SDK's sendRealtimeInput({audio})",
    async (mime_type) => {
      const { server, connection, peer } = await connected();
      const ai = new GoogleGenAI({ apiKey: KEY, apiVersion: 'v1beta', httpOptions: { baseUrl: server.url } });
      const session = closing(
        await ai.live.connect({ model: 'gemini-live-2.5-flash-preview', callbacks: { onmessage: () => {} } }),
      );
      const data = Buffer.from(Uint8Array.from({ length: 640 }, (_, index) => index)).toString('base64');
      connection.sendAudio({ data, mime_type });
      session.sendRealtimeInput({ audio: { data, mimeType: mime_type } });
      const theirs = await server.connection(1);
      await Promise.all([peer.received('realtimeInput'), theirs.received('realtimeInput')]);
      expect(peer.texts[1]).toBe(theirs.texts[1]);
    },
  );

  test('sendText is client content that is complete', async () => {
    const { connection, peer } = await connected();
    connection.sendText('hello');
    expect(await peer.received('clientContent')).toEqual({
      clientContent: { turns: [{ role: 'user', parts: [{ text: 'hello' }] }], turnComplete: true },
    });
  });

  test('sendPartialText is client content that is not complete', async () => {
    const { connection, peer } = await connected();
    connection.sendPartialText('I like ');
    expect(await peer.received('clientContent')).toEqual({
      clientContent: { turns: [{ role: 'user', parts: [{ text: 'I like ' }] }], turnComplete: false },
    });
  });

  test('sendPartialText to generation 3.1, which answers every text, waits for the rest of it', async () => {
    const { connection, peer } = await connected({ model: { model: 'gemini-3.1-flash-live-preview' }, config: AUDIO });
    connection.sendPartialText('I like ');
    connection.sendText('pears.');
    connection.sendText('And you?');
    await until(() => peer.frames.length === 3);
    expect(peer.frames.slice(1)).toEqual([
      { realtimeInput: { text: 'I like pears.' } },
      { realtimeInput: { text: 'And you?' } },
    ]);
  });

  test('sendText to generation 3.1 is realtime input: client content would close it with 1007', async () => {
    const { connection, peer } = await connected({ model: { model: 'gemini-3.1-flash-live-preview' }, config: AUDIO });
    connection.sendText('hello');
    expect(await peer.received('realtimeInput')).toEqual({ realtimeInput: { text: 'hello' } });
  });

  test('images, activity signals, the end of the stream and tool results, in order', async () => {
    const { connection, peer } = await connected();
    connection.sendImage({ data: 'AAAA', mime_type: 'image/jpeg' });
    connection.activityStart();
    connection.activityEnd();
    connection.audioStreamEnd();
    connection.sendToolResults([{ id: 'c1', name: 'clock', response: { time: '12:00' } }]);
    await peer.received('toolResponse');
    expect(peer.frames.slice(1)).toEqual([
      { realtimeInput: { video: { data: 'AAAA', mimeType: 'image/jpeg' } } },
      { realtimeInput: { activityStart: {} } },
      { realtimeInput: { activityEnd: {} } },
      { realtimeInput: { audioStreamEnd: true } },
      { toolResponse: { functionResponses: [{ id: 'c1', name: 'clock', response: { time: '12:00' } }] } },
    ]);
  });

  test('the result of a call that came without an id goes back without one', async () => {
    const { connection, peer } = await connected();
    peer.send({ toolCall: { functionCalls: [{ name: 'clock', args: {} }] } });
    const call = (await eventsUntil(connection, 'tool_call')).at(-1);
    const id = call?.type === 'tool_call' ? (call.calls[0]?.id ?? '') : '';
    connection.sendToolResults([{ id, name: 'clock', response: {} }]);
    const { toolResponse } = await peer.received('toolResponse');
    expect(toolResponse.functionResponses).toEqual([{ id: '', name: 'clock', response: {} }]);
  });

  test('bufferedBytes counts what a peer does not take', async () => {
    const { connection, peer } = await connected();
    expect(connection.bufferedBytes).toBe(0);
    peer.freeze();
    const data = 'A'.repeat(1024 * 1024);
    for (let i = 0; i < 32; i += 1) connection.sendAudio({ data, mime_type: 'audio/pcm' });
    expect(connection.bufferedBytes).toBeGreaterThan(4 * 1024 * 1024);
  });

  test('sending on a closed connection does nothing', async () => {
    const { connection, peer } = await connected();
    connection.close();
    await eventsUntil(connection, 'closed');
    connection.sendText('hello');
    connection.sendAudio({ data: 'AAAA', mime_type: 'audio/pcm' });
    connection.sendToolResults([{ id: 'c1', name: 'clock', response: {} }]);
    connection.cancelResponse();
    connection.close();
    expect(peer.texts).toHaveLength(1);
  });
});

describe('a conversation with the emulator', () => {
  test('in TEXT: pieces of text, then usage, the end of the turn and a new handle', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50 }));
    const connection = closing(await modelAt(emulator.url).connect(TEXT, never));
    expect(typesOf(await eventsUntil(connection, 'resumption'))).toEqual(['resumption']);
    connection.sendText('count to six');
    const events = [
      ...(await eventsUntil(connection, 'turn_complete')),
      ...(await eventsUntil(connection, 'resumption')),
    ];
    expect(textOf(events)).toBe('One, two, three, four, five, six.');
    expect(typesOf(events).filter((type) => type !== 'text')).toEqual([
      // Not from here.
      'resumption',
      'generation_complete',
      'usage',
      'turn_complete',
      'resumption',
    ]);
  });

  test('in AUDIO: speech of 24 kHz with its transcript', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50 }));
    const connection = closing(await modelAt(emulator.url).connect(AUDIO, never));
    connection.sendText('hello');
    const events = await eventsUntil(connection, 'turn_complete');
    expect(textOf(events)).toContain('I am the offline agent.');
    const audio = events.flatMap((event) => (event.type === 'audio' ? [event] : []));
    expect(audio.length).toBeGreaterThan(10);
    expect(new Set(audio.map(({ mimeType }) => mimeType))).toEqual(new Set(['audio/pcm;rate=24000']));
  });

  test('on Vertex AI: usage in the same words', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50 }));
    const model = modelAt(emulator.url, { vertexai: true, apiVersion: 'v1beta1' });
    const connection = closing(await model.connect(TEXT, never));
    connection.sendText('thanks');
    const usage = (await eventsUntil(connection, 'usage')).at(-1);
    expect(usage).toMatchObject({ usage: { candidatesTokenCount: expect.any(Number) } });
  });
});

describe('cancelResponse', () => {
  test('while a reply is given: interrupted and turn_complete at once, the rest of the reply never, the next turn again', async () => {
    const { connection, peer } = await connected();
    peer.say('One, ');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['text']);
    connection.cancelResponse();
    expect(typesOf(await eventsUntil(connection, 'turn_complete'))).toEqual(['interrupted', 'turn_complete']);
    // The provider has not heard of it and goes on.
    peer.say('two, ');
    peer.send({ serverContent: { outputTranscription: { text: 'two' }, generationComplete: true } });
    peer.send({ serverContent: { modelTurn: { parts: [{ inlineData: { data: 'AA==' } }] } } });
    peer.send({ serverContent: { interrupted: true } });
    peer.send({ serverContent: { turnComplete: true }, usageMetadata: { totalTokenCount: 3 } });
    peer.say('next');
    peer.completeTurn();
    const after = await eventsUntil(connection, 'turn_complete');
    expect(typesOf(after)).toEqual(['usage', 'text', 'turn_complete']);
    expect(textOf(after)).toBe('next');
  });

  test('twice for one reply is told once', async () => {
    const { connection, peer } = await connected();
    peer.say('One, ');
    await eventsUntil(connection, 'text');
    connection.cancelResponse();
    connection.cancelResponse();
    peer.completeTurn();
    peer.say('next');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('while no reply is given does nothing', async () => {
    const { connection, peer } = await connected();
    connection.cancelResponse();
    peer.say('hello');
    peer.completeTurn();
    expect(typesOf(await eventsUntil(connection, 'turn_complete'))).toEqual(['text', 'turn_complete']);
    connection.cancelResponse();
    peer.say('again');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['text']);
  });

  test('before the reply has begun stops it too, and the next text is answered', async () => {
    const { connection, peer } = await connected();
    connection.sendText('one');
    connection.cancelResponse();
    peer.say('I will not be heard');
    peer.completeTurn();
    connection.sendText('two');
    peer.say('I am');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('before the reply has begun does not swallow the answer to what is said next', async () => {
    const { connection, peer } = await connected();
    connection.sendText('one');
    connection.cancelResponse();
    connection.sendText('two');
    peer.say('an answer to both');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('while a tool runs takes the call back, asked for in speech as in text, and the model is told so', async () => {
    const { connection, peer } = await connected();
    const call = (id: string) => peer.send({ toolCall: { functionCalls: [{ id, name: 'clock', args: {} }] } });
    call('c1');
    await eventsUntil(connection, 'tool_call');
    connection.sendToolResults([{ id: 'c1', name: 'clock', response: {} }]);
    call('c2');
    await eventsUntil(connection, 'tool_call');
    connection.cancelResponse();
    expect(await eventsUntil(connection, 'turn_complete')).toEqual([
      { type: 'tool_cancel', ids: ['c2'] },
      { type: 'interrupted' },
      { type: 'turn_complete' },
    ]);
    const told = await until(() => peer.frames.filter(({ toolResponse }) => toolResponse)[1]);
    expect(told.toolResponse).toEqual({
      functionResponses: [{ id: 'c2', name: 'clock', response: { error: 'The user interrupted' } }],
    });
    peer.say('I will not be heard');
    peer.completeTurn();
    peer.say('I am');
    expect(textOf(await eventsUntil(connection, 'text'))).toBe('I am');
  });

  test('before the answer to the history has begun stops that', async () => {
    const { connection, peer } = await connected({
      config: { ...TEXT, history: [{ role: 'user', parts: [{ text: 'who?' }] }] },
    });
    connection.cancelResponse();
    peer.say('I will not be heard');
    peer.completeTurn();
    peer.say('I am');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('tool calls of the reply are not run, and the model is told so', async () => {
    const { connection, peer } = await connected();
    peer.say('Let me see. ');
    await eventsUntil(connection, 'text');
    connection.cancelResponse();
    peer.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'clock', args: {} }] } });
    const { toolResponse } = await peer.received('toolResponse');
    expect(toolResponse).toEqual({
      functionResponses: [{ id: 'c1', name: 'clock', response: { error: 'The user interrupted' } }],
    });
    peer.completeTurn();
    peer.say('again');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });
});

describe('a malformed frame is dropped and reported, and the next one is heard', () => {
  test.each<[string, string | object]>([
    ['no JSON', '{"serverContent":'],
    ['an empty frame', ''],
    ['a number', '7'],
    ['null', 'null'],
    ['an array', '[]'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['parts that are a number', { serverContent: { modelTurn: { parts: 5 } } }],
    ['a part that is null', { serverContent: { modelTurn: { parts: [null] } } }],
    ['text that is a number', { serverContent: { modelTurn: { parts: [{ text: 5 }] } } }],
    ['audio that is an object', { serverContent: { modelTurn: { parts: [{ inlineData: { data: {} } }] } } }],
    ['a handle that is a number', { sessionResumptionUpdate: { newHandle: 5, resumable: true } }],
    ['calls that are no list', { toolCall: { functionCalls: 'abc' } }],
    ['a call that is null', { toolCall: { functionCalls: [null] } }],
  ])('%s', async (_what, frame) => {
    const nonsense: string[] = [];
    const { connection, peer } = await connected({ model: { onNonsense: (text) => nonsense.push(text) } });
    peer.send(frame);
    peer.say('hello');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['text']);
    const sent = Buffer.isBuffer(frame) ? frame.toString() : typeof frame === 'string' ? frame : JSON.stringify(frame);
    expect(nonsense).toEqual([sent]);
  });

  test('before setupComplete, too', async () => {
    const nonsense: string[] = [];
    const { connection, peer } = await connected({
      script: {
        onSetup: (it) => {
          it.send('nonsense');
          it.send({ usageMetadata: 5, serverContent: { modelTurn: { parts: 5 } } });
          it.completeSetup();
        },
      },
      model: { onNonsense: (text) => nonsense.push(text), vertexai: true, apiVersion: 'v1beta1' },
    });
    peer.say('hello');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['text']);
    expect(nonsense).toHaveLength(2);
  });
});

test('what a server says before setupComplete is not lost', async () => {
  const { connection } = await connected({
    script: {
      onSetup: (it) => {
        it.say('early');
        it.completeSetup();
      },
    },
  });
  expect(textOf(await eventsUntil(connection, 'text'))).toBe('early');
});

describe('the end', () => {
  test.each<[number, string, ErrorCode]>([
    [1000, '', 'model_closed'],
    [1007, 'Request contains an invalid argument.', 'model_request_refused'],
    [1008, 'The connection was not closed after goAway.', 'model_request_refused'],
    [1011, 'Internal error encountered.', 'model_closed'],
    [1011, 'RESOURCE_EXHAUSTED', 'model_quota'],
  ])('a close %i "%s" is told as %s in the last event, and then the events end', async (code, reason, expected) => {
    const { connection, peer } = await connected();
    peer.say('last words');
    peer.closeWith(code, reason);
    const events: ModelEvent[] = [];
    for await (const event of connection.events) events.push(event);
    expect(typesOf(events)).toEqual(['text', 'closed']);
    expect(events.at(-1)).toMatchObject({ code, error: { code: expected } });
  });

  test('a lost connection is told as 1006, worth a retry', async () => {
    const { connection, peer } = await connected();
    peer.drop();
    expect(await eventsUntil(connection, 'closed')).toMatchObject([
      { type: 'closed', code: 1006, error: { code: 'model_closed', retry: true } },
    ]);
  });

  test('close() says goodbye with 1000', async () => {
    const { connection, peer } = await connected();
    connection.close();
    await eventsUntil(connection, 'closed');
    expect((await until(() => peer.closed)).code).toBe(1000);
  });

  test('close() with a peer that does not answer destroys the socket', async () => {
    const { connection, peer } = await connected();
    peer.freeze();
    connection.close();
    // After 2 s; ws alone would wait for 30 s, longer than this test may take.
    expect(await eventsUntil(connection, 'closed')).toMatchObject([{ code: 1006 }]);
  });

  test('events that pile up because nobody reads them close the connection, and the last one says so', async () => {
    const { connection, peer } = await connected();
    for (let i = 0; i < 10_100; i += 1) peer.say('x');
    await until(() => peer.closed);
    const events: ModelEvent[] = [];
    for await (const event of connection.events) events.push(event);
    expect(events).toHaveLength(10_001);
    expect(events.at(-1)?.type).toBe('closed');
  });
});

describe('a peer that is silent', () => {
  beforeEach(() => {
    const real = [
      'nextTick',
      'setImmediate',
      'clearImmediate',
      'setTimeout',
      'clearTimeout',
      'queueMicrotask',
    ] as const;
    jest.useFakeTimers({ doNotFake: [...real, 'performance', 'Date', 'hrtime'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  /** Pings, and what they are answered, are seen by nobody else. */
  const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

  test('and has answered before is given up after a minute, as a connection that broke', async () => {
    const { connection, peer } = await connected();
    jest.advanceTimersByTime(20_000);
    await settle();
    peer.freeze();
    jest.advanceTimersByTime(60_000);
    expect(connection.open).toBe(true);
    jest.advanceTimersByTime(20_000);
    expect((await eventsUntil(connection, 'closed')).at(-1)).toMatchObject({ code: 1006 });
  });

  test('but says something now and then is kept', async () => {
    const { connection, peer } = await connected();
    for (let minute = 0; minute < 10; minute += 1) {
      jest.advanceTimersByTime(60_000);
      await settle();
    }
    peer.say('still here');
    await eventsUntil(connection, 'text');
    expect(connection.open).toBe(true);
  });

  test('and never answers is kept: it may not know how to', async () => {
    const { connection, peer } = await connected();
    peer.freeze();
    jest.advanceTimersByTime(600_000);
    await settle();
    expect(connection.open).toBe(true);
  });
});
