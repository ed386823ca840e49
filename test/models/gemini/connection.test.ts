import { GoogleGenAI } from '@google/genai';
import { describe, expect, jest, test } from '@jest/globals';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import type { GeminiOptions } from '../../../src/models/gemini/model.ts';
import type { UnparsableFrame } from '../../../src/models/provider-socket.ts';
import type { ModelEvent, ModelSetup } from '../../../src/models/realtime-model.ts';
import type { ErrorCode } from '../../../src/wire/error-catalogue.ts';
import { closesAfterEach } from '../cleanup.ts';
import { until } from '../until.ts';
import { AUDIO, eventsUntil, KEY, modelAt, never, TEXT } from './gemini-model.ts';
import { type ScriptedGeminiOptions, startScriptedGemini } from './scripted-gemini.ts';

const closing = closesAfterEach();

/** Opens a connection, and returns both its ends. */
async function connected(
  options: { script?: ScriptedGeminiOptions; model?: Partial<GeminiOptions>; config?: ModelSetup } = {},
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

describe('GeminiConnection.send', () => {
  test.each(['audio/pcm;rate=16000', 'audio/pcm;rate=48000', 'audio/pcm'])(
    "audio of the type %s is sent, byte for byte, as the SDK's sendRealtimeInput({audio}) sends it",
    async (mime_type) => {
      const { server, connection, peer } = await connected();
      const ai = new GoogleGenAI({ apiKey: KEY, apiVersion: 'v1beta', httpOptions: { baseUrl: server.url } });
      const session = closing(
        await ai.live.connect({ model: 'gemini-live-2.5-flash-preview', callbacks: { onmessage: () => {} } }),
      );
      const data = Buffer.from(Uint8Array.from({ length: 640 }, (_, index) => index)).toString('base64');
      connection.send({ type: 'audio', mimeType: mime_type, data });
      session.sendRealtimeInput({ audio: { data, mimeType: mime_type } });
      const theirs = await server.connection(1);
      await Promise.all([peer.received('realtimeInput'), theirs.received('realtimeInput')]);
      expect(peer.texts[1]).toBe(theirs.texts[1]);
    },
  );

  test('a text is sent as complete client content', async () => {
    const { connection, peer } = await connected();
    connection.send({ type: 'text', text: 'hello' });
    expect(await peer.received('clientContent')).toEqual({
      clientContent: { turns: [{ role: 'user', parts: [{ text: 'hello' }] }], turnComplete: true },
    });
  });

  test('a partial text is sent as incomplete client content', async () => {
    const { connection, peer } = await connected();
    connection.send({ type: 'partial_text', text: 'I like ' });
    expect(await peer.received('clientContent')).toEqual({
      clientContent: { turns: [{ role: 'user', parts: [{ text: 'I like ' }] }], turnComplete: false },
    });
  });

  test('the end of a partial text is client content without a turn, or with the frame that was just shown', async () => {
    const { connection, peer } = await connected();
    connection.send({ type: 'text_end' });
    connection.send({ type: 'partial_text', text: 'I like pears.' });
    connection.send({ type: 'text_end' });
    connection.send({ type: 'partial_text', text: 'What is this?' });
    connection.send({ type: 'image', mimeType: 'image/jpeg', data: 'AAAA' });
    connection.send({ type: 'text_end' });
    await until(() => peer.frames.length === 6);
    const beginning = (text: string) => ({
      clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete: false },
    });
    expect(peer.frames.slice(1)).toEqual([
      beginning('I like pears.'),
      { clientContent: { turnComplete: true } },
      beginning('What is this?'),
      { realtimeInput: { video: { data: 'AAAA', mimeType: 'image/jpeg' } } },
      {
        clientContent: {
          turns: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/jpeg', data: 'AAAA' } }] }],
          turnComplete: true,
        },
      },
    ]);
  });

  test('a frame is put into the next text only, and not if it is older than 10 s', async () => {
    const { connection, peer } = await connected();
    const now = jest.spyOn(performance, 'now');
    const show = (atMs: number) => {
      now.mockReturnValue(atMs);
      connection.send({ type: 'image', mimeType: 'image/png', data: 'AAAA' });
    };
    const ask = (atMs: number) => {
      now.mockReturnValue(atMs);
      connection.send({ type: 'text', text: 'What is this?' });
    };
    show(0);
    ask(10_000);
    ask(10_000);
    show(20_000);
    ask(30_001);
    jest.restoreAllMocks();
    await until(() => peer.frames.filter(({ clientContent }) => clientContent).length === 3);
    const images = peer.frames.flatMap(({ clientContent }) =>
      clientContent ? [JSON.stringify(clientContent).split('inlineData').length - 1] : [],
    );
    expect(images).toEqual([1, 0, 0]);
  });

  test('a partial text is sent to 3.1 when it ends', async () => {
    const { connection, peer } = await connected({ model: { model: 'gemini-3.1-flash-live-preview' }, config: AUDIO });
    connection.send({ type: 'text_end' });
    connection.send({ type: 'partial_text', text: 'I like ' });
    connection.send({ type: 'partial_text', text: 'pears.' });
    connection.send({ type: 'text_end' });
    connection.send({ type: 'text_end' });
    connection.send({ type: 'text', text: 'And you?' });
    await until(() => peer.frames.length === 3);
    expect(peer.frames.slice(1)).toEqual([
      { realtimeInput: { text: 'I like pears.' } },
      { realtimeInput: { text: 'And you?' } },
    ]);
  });

  test('a partial text is held for 3.1, which answers every text, until a text completes it', async () => {
    const { connection, peer } = await connected({ model: { model: 'gemini-3.1-flash-live-preview' }, config: AUDIO });
    connection.send({ type: 'partial_text', text: 'I like ' });
    connection.send({ type: 'text', text: 'pears.' });
    connection.send({ type: 'text', text: 'And you?' });
    await until(() => peer.frames.length === 3);
    expect(peer.frames.slice(1)).toEqual([
      { realtimeInput: { text: 'I like pears.' } },
      { realtimeInput: { text: 'And you?' } },
    ]);
  });

  test('a text is sent to 3.1 as realtime input, because client content would close the session with 1007', async () => {
    const { connection, peer } = await connected({ model: { model: 'gemini-3.1-flash-live-preview' }, config: AUDIO });
    connection.send({ type: 'text', text: 'hello' });
    expect(await peer.received('realtimeInput')).toEqual({ realtimeInput: { text: 'hello' } });
  });

  test('images, activity signals, the end of the audio and tool results are sent in order', async () => {
    const { connection, peer } = await connected();
    connection.send({ type: 'image', mimeType: 'image/jpeg', data: 'AAAA' });
    connection.send({ type: 'activity_start' });
    connection.send({ type: 'activity_end' });
    connection.send({ type: 'audio_end' });
    connection.send({ type: 'tool_results', results: [{ id: 'c1', name: 'clock', response: { time: '12:00' } }] });
    await peer.received('toolResponse');
    expect(peer.frames.slice(1)).toEqual([
      { realtimeInput: { video: { data: 'AAAA', mimeType: 'image/jpeg' } } },
      { realtimeInput: { activityStart: {} } },
      { realtimeInput: { activityEnd: {} } },
      { realtimeInput: { audioStreamEnd: true } },
      { toolResponse: { functionResponses: [{ id: 'c1', name: 'clock', response: { time: '12:00' } }] } },
    ]);
  });

  test('the result of a call that came without an id is sent without an id', async () => {
    const { connection, peer } = await connected();
    peer.send({ toolCall: { functionCalls: [{ name: 'clock', args: {} }] } });
    const call = (await eventsUntil(connection, 'tool_call')).at(-1);
    const id = call?.type === 'tool_call' ? (call.calls[0]?.id ?? '') : '';
    connection.send({ type: 'tool_results', results: [{ id, name: 'clock', response: {} }] });
    const { toolResponse } = await peer.received('toolResponse');
    expect(toolResponse.functionResponses).toEqual([{ id: '', name: 'clock', response: { status: 'done' } }]);
  });

  test('nothing is sent on a closed connection', async () => {
    const { connection, peer } = await connected();
    connection.close();
    await eventsUntil(connection, 'closed');
    connection.send({ type: 'text', text: 'hello' });
    connection.send({ type: 'audio', mimeType: 'audio/pcm', data: 'AAAA' });
    connection.send({ type: 'tool_results', results: [{ id: 'c1', name: 'clock', response: {} }] });
    connection.send({ type: 'cancel' });
    connection.close();
    expect(peer.texts).toHaveLength(1);
  });
});

describe('GeminiConnection with the emulator', () => {
  test('a TEXT session yields pieces of text, then usage, the end of the turn and a new handle', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
    const connection = closing(await modelAt(emulator.url).connect(TEXT, never));
    expect(typesOf(await eventsUntil(connection, 'resumption'))).toEqual(['resumption']);
    connection.send({ type: 'text', text: 'count to six' });
    const events = [
      ...(await eventsUntil(connection, 'turn_complete')),
      ...(await eventsUntil(connection, 'resumption')),
    ];
    expect(textOf(events)).toBe('One, two, three, four, five, six.');
    expect(typesOf(events).filter((type) => type !== 'text')).toEqual([
      // The session cannot be resumed during a turn.
      'resumption',
      'generation_complete',
      'usage',
      'turn_complete',
      'resumption',
    ]);
  });

  test('an AUDIO session yields speech at 24 kHz with its transcript', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
    const connection = closing(await modelAt(emulator.url).connect(AUDIO, never));
    connection.send({ type: 'text', text: 'hello' });
    const events = await eventsUntil(connection, 'turn_complete');
    expect(textOf(events)).toContain('I am the offline agent.');
    const audio = events.flatMap((event) => (event.type === 'audio' ? [event] : []));
    expect(audio.length).toBeGreaterThan(10);
    expect(new Set(audio.map(({ mimeType }) => mimeType))).toEqual(new Set(['audio/pcm;rate=24000']));
  });

  test('a session on Vertex AI yields usage under the same names', async () => {
    const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
    const model = modelAt(emulator.url, { vertexai: true, apiVersion: 'v1beta1' });
    const connection = closing(await model.connect(TEXT, never));
    connection.send({ type: 'text', text: 'thanks' });
    const usage = (await eventsUntil(connection, 'usage')).at(-1);
    expect(usage).toMatchObject({ usage: { candidatesTokenCount: expect.any(Number) } });
  });
});

describe('function calls', () => {
  const call = (name: string, id?: string) => ({ name, args: {}, ...(id === undefined ? {} : { id }) });

  test('an id of the provider comes back as it is, whatever it begins with', async () => {
    const { connection, peer } = await connected();
    peer.send({ toolCall: { functionCalls: [call('dice', 'call-4711')] } });
    await eventsUntil(connection, 'tool_call');
    connection.send({ type: 'tool_results', results: [{ id: 'call-4711', name: 'dice', response: { result: 6 } }] });
    const { toolResponse } = await peer.received('toolResponse');
    expect(toolResponse.functionResponses).toEqual([{ id: 'call-4711', name: 'dice', response: { result: 6 } }]);
  });

  test('results of calls without ids go back in the order of the calls of each function', async () => {
    const { connection, peer } = await connected();
    peer.send({ toolCall: { functionCalls: [call('dice'), call('dice'), call('clock')] } });
    const event = (await eventsUntil(connection, 'tool_call')).at(-1);
    const [first, second, clock] = event?.type === 'tool_call' ? event.calls.map(({ id }) => id) : [];
    expect(new Set([first, second, clock]).size).toBe(3);
    const answer = (id: string | undefined, name: string, result: number) =>
      connection.send({ type: 'tool_results', results: [{ id: id ?? '', name, response: { result } }] });
    answer(second, 'dice', 2);
    answer(clock, 'clock', 3);
    answer(first, 'dice', 1);
    await until(() => peer.frames.filter(({ toolResponse }) => toolResponse).length === 2);
    const sent = peer.frames.flatMap(({ toolResponse }) => toolResponse?.functionResponses ?? []);
    expect(sent).toEqual([
      { id: '', name: 'clock', response: { result: 3 } },
      { id: '', name: 'dice', response: { result: 1 } },
      { id: '', name: 'dice', response: { result: 2 } },
    ]);
  });

  test('a call that the provider repeats with the same id runs once', async () => {
    const { connection, peer } = await connected();
    peer.send({ toolCall: { functionCalls: [call('dice', 'c1')] } });
    peer.send({ toolCall: { functionCalls: [call('dice', 'c1')] } });
    peer.send({ toolCall: { functionCalls: [call('dice', 'c2')] } });
    peer.completeTurn();
    const events = await eventsUntil(connection, 'turn_complete');
    const ids = events.flatMap((event) => (event.type === 'tool_call' ? event.calls.map(({ id }) => id) : []));
    expect(ids).toEqual(['c1', 'c2']);
  });
});

describe('text in a session in which the model speaks', () => {
  const thoughtsOf = (events: readonly ModelEvent[]) =>
    events.flatMap((event) => (event.type === 'text' ? [[event.text, event.thought]] : []));
  const sound = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } };
  const part = (...parts: object[]) => ({ serverContent: { modelTurn: { parts } } });

  test('is a thought beside speech, whether it comes before or after', async () => {
    const { connection, peer } = await connected({ config: AUDIO });
    peer.send(part({ text: 'They want the time.' }));
    peer.send(part(sound));
    peer.send(part({ text: 'Done.' }));
    peer.completeTurn();
    expect(thoughtsOf(await eventsUntil(connection, 'turn_complete'))).toEqual([
      ['They want the time.', true],
      ['Done.', true],
    ]);
  });

  test('is the answer if the turn has no speech', async () => {
    const { connection, peer } = await connected({ config: AUDIO });
    peer.send(part({ text: 'It is ' }));
    peer.send(part({ text: 'noon.' }));
    peer.completeTurn();
    expect(thoughtsOf(await eventsUntil(connection, 'turn_complete'))).toEqual([['It is noon.', false]]);
  });
});

test('the answer to the next question is heard although the provider never ended the turn that was stopped', async () => {
  const { connection, peer } = await connected();
  connection.send({ type: 'text', text: 'hello' });
  peer.say('Hello.');
  peer.send({ serverContent: { generationComplete: true } });
  await eventsUntil(connection, 'generation_complete');
  connection.send({ type: 'cancel' });
  await eventsUntil(connection, 'turn_complete');
  connection.send({ type: 'text', text: 'and now?' });
  await until(() => peer.frames.filter(({ clientContent }) => clientContent).length === 2);
  peer.say('Now.');
  peer.completeTurn();
  expect(textOf(await eventsUntil(connection, 'turn_complete'))).toBe('Now.');
});

test('the end of a complete reply that was stopped is not taken for the end of the answer to the next question', async () => {
  const { connection, peer } = await connected();
  connection.send({ type: 'text', text: 'hello' });
  peer.say('Hello.');
  peer.send({ serverContent: { generationComplete: true } });
  await eventsUntil(connection, 'generation_complete');
  connection.send({ type: 'cancel' });
  await eventsUntil(connection, 'turn_complete');
  connection.send({ type: 'text', text: 'and now?' });
  await until(() => peer.frames.filter(({ clientContent }) => clientContent).length === 2);
  // The question interrupts the playback that the model assumes.
  peer.send({ serverContent: { interrupted: true } });
  peer.completeTurn();
  peer.send({ usageMetadata: { totalTokenCount: 3 } });
  expect(typesOf(await eventsUntil(connection, 'usage'))).toEqual(['usage']);
  connection.send({ type: 'cancel' });
  expect(typesOf(await eventsUntil(connection, 'turn_complete'))).toEqual(['interrupted', 'turn_complete']);
  connection.send({ type: 'text', text: 'well?' });
  await until(() => peer.frames.filter(({ clientContent }) => clientContent).length === 3);
  peer.say('Well.');
  peer.completeTurn();
  expect(typesOf(await eventsUntil(connection, 'turn_complete'))).toEqual(['text', 'turn_complete']);
});

describe('GeminiConnection.send of cancel', () => {
  test('cancel during a reply yields interrupted and turn_complete at once, nothing more of that reply, and the next turn again', async () => {
    const { connection, peer } = await connected();
    peer.say('One, ');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['text']);
    connection.send({ type: 'cancel' });
    expect(typesOf(await eventsUntil(connection, 'turn_complete'))).toEqual(['interrupted', 'turn_complete']);
    // The provider does not know of the cancellation and continues.
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

  test('a second cancel of one reply yields nothing', async () => {
    const { connection, peer } = await connected();
    peer.say('One, ');
    await eventsUntil(connection, 'text');
    connection.send({ type: 'cancel' });
    connection.send({ type: 'cancel' });
    peer.completeTurn();
    peer.say('next');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('cancel without a reply yields nothing', async () => {
    const { connection, peer } = await connected();
    connection.send({ type: 'cancel' });
    peer.say('hello');
    peer.completeTurn();
    expect(typesOf(await eventsUntil(connection, 'turn_complete'))).toEqual(['text', 'turn_complete']);
    connection.send({ type: 'cancel' });
    peer.say('again');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['text']);
  });

  test('cancel before the reply has started stops that reply, and the next text is answered', async () => {
    const { connection, peer } = await connected();
    connection.send({ type: 'text', text: 'one' });
    connection.send({ type: 'cancel' });
    peer.say('I will not be heard');
    peer.completeTurn();
    connection.send({ type: 'text', text: 'two' });
    peer.say('I am');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('cancel before the reply has started does not discard the answer to the next text', async () => {
    const { connection, peer } = await connected();
    connection.send({ type: 'text', text: 'one' });
    connection.send({ type: 'cancel' });
    connection.send({ type: 'text', text: 'two' });
    peer.say('an answer to both');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('cancel while a tool runs takes the call back, and the model gets an error as its result', async () => {
    const { connection, peer } = await connected();
    const call = (id: string) => peer.send({ toolCall: { functionCalls: [{ id, name: 'clock', args: {} }] } });
    call('c1');
    await eventsUntil(connection, 'tool_call');
    connection.send({ type: 'tool_results', results: [{ id: 'c1', name: 'clock', response: {} }] });
    call('c2');
    await eventsUntil(connection, 'tool_call');
    connection.send({ type: 'cancel' });
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

  test('cancel before the reply to the history has started stops that reply', async () => {
    const { connection, peer } = await connected({
      config: { ...TEXT, history: [{ role: 'user', parts: [{ text: 'who?' }] }] },
    });
    connection.send({ type: 'cancel' });
    peer.say('I will not be heard');
    peer.completeTurn();
    peer.say('I am');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['interrupted', 'turn_complete', 'text']);
  });

  test('tool calls of a cancelled reply are not passed on, and the model gets an error as their result', async () => {
    const { connection, peer } = await connected();
    peer.say('Let me see. ');
    await eventsUntil(connection, 'text');
    connection.send({ type: 'cancel' });
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

describe('GeminiConnection at the end of a turn', () => {
  const ends = async (turnCompleteReason: string, ...frames: object[]) => {
    const { connection, peer } = await connected();
    peer.say('an earlier turn');
    peer.completeTurn();
    await eventsUntil(connection, 'turn_complete');
    for (const serverContent of frames) peer.send({ serverContent });
    peer.send({ serverContent: { turnComplete: true, turnCompleteReason } });
    return (await eventsUntil(connection, 'turn_complete')).at(-1);
  };
  const answer = { modelTurn: { parts: [{ text: 'Well' }] } };

  test('a turn has failed if the table has its reason, even after a part of an answer', async () => {
    const failure = 'The model rejected its own answer';
    expect(await ends('RESPONSE_REJECTED', answer)).toEqual({
      type: 'turn_complete',
      reason: 'RESPONSE_REJECTED',
      failure,
    });
  });

  test('a turn with an unknown reason has failed if it brought nothing', async () => {
    const failure = 'The model gave no answer';
    expect(await ends('MOON_PHASE')).toEqual({ type: 'turn_complete', reason: 'MOON_PHASE', failure });
  });

  test('a turn with an unknown reason has not failed if an answer was interrupted', async () => {
    const last = await ends('MOON_PHASE', answer, { interrupted: true });
    expect(last).toEqual({ type: 'turn_complete', reason: 'MOON_PHASE' });
  });
});

describe('GeminiConnection with a malformed frame', () => {
  test.each<[string, string | object]>([
    ['a frame that is not JSON', '{"serverContent":'],
    ['an empty frame', ''],
    ['a frame that is a number', '7'],
    ['a frame that is null', 'null'],
    ['a frame that is an array', '[]'],
    ['a frame of bytes that are not text', Buffer.from([0xff, 0xfe, 0x00])],
    ['a frame whose parts are a number', { serverContent: { modelTurn: { parts: 5 } } }],
    ['a frame with a part that is null', { serverContent: { modelTurn: { parts: [null] } } }],
    ['a frame whose text is a number', { serverContent: { modelTurn: { parts: [{ text: 5 }] } } }],
    ['a frame whose audio is an object', { serverContent: { modelTurn: { parts: [{ inlineData: { data: {} } }] } } }],
    ['a frame whose handle is a number', { sessionResumptionUpdate: { newHandle: 5, resumable: true } }],
    ['a frame whose calls are not a list', { toolCall: { functionCalls: 'abc' } }],
    ['a frame with a call that is null', { toolCall: { functionCalls: [null] } }],
  ])('%s is reported and discarded, and the next frame is read', async (_what, frame) => {
    const unparsable: UnparsableFrame[] = [];
    const { connection, peer } = await connected({ model: { onUnparsableFrame: (each) => unparsable.push(each) } });
    peer.send(frame);
    peer.say('hello');
    expect(typesOf(await eventsUntil(connection, 'text'))).toEqual(['text']);
    const sent = Buffer.isBuffer(frame) || typeof frame === 'string' ? frame : JSON.stringify(frame);
    expect(unparsable).toMatchObject([{ bytes: Buffer.byteLength(sent) }]);
  });
});

describe('GeminiConnection at its end', () => {
  test.each<[number, string, ErrorCode]>([
    [1000, '', 'model_closed'],
    [1007, 'Request contains an invalid argument.', 'model_request_refused'],
    [1008, 'The connection was not closed after goAway.', 'model_request_refused'],
    [1011, 'Internal error encountered.', 'model_closed'],
    [1011, 'RESOURCE_EXHAUSTED', 'model_quota'],
  ])('a close with %i "%s" yields %s in the last event, and then the events end', async (code, reason, expected) => {
    const { connection, peer } = await connected();
    peer.say('last words');
    peer.closeWith(code, reason);
    const events: ModelEvent[] = [];
    for await (const event of connection.events) events.push(event);
    expect(typesOf(events)).toEqual(['text', 'closed']);
    expect(events.at(-1)).toMatchObject({ code, error: { code: expected } });
  });

  test('a lost connection yields 1006 and an error that may be retried', async () => {
    const { connection, peer } = await connected();
    peer.drop();
    expect(await eventsUntil(connection, 'closed')).toMatchObject([
      { type: 'closed', code: 1006, error: { code: 'model_closed', retry: true } },
    ]);
  });

  test('a connection whose events nobody reads closes after 10,000 of them, and the last event is closed', async () => {
    const { connection, peer } = await connected();
    for (let i = 0; i < 10_100; i += 1) peer.say('x');
    await until(() => peer.closed);
    const events: ModelEvent[] = [];
    for await (const event of connection.events) events.push(event);
    expect(events).toHaveLength(10_001);
    const error = { code: 'model_closed', message: expect.stringContaining('more events than can wait') };
    expect(events.at(-1)).toMatchObject({ type: 'closed', error });
  });
});
