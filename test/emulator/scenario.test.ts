import { Modality } from '@google/genai';
import { afterEach, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  startGeminiEmulator,
} from '../../src/emulator/gemini-emulator.ts';
import type { Scenario } from '../../src/emulator/scenario.ts';
import { connect, textOf } from './live-client.ts';
import { openRaw, type RawClient, STUDIO_PATH, setup } from './raw-client.ts';

const TEXT = { responseModalities: [Modality.TEXT] };
const INTERNAL = { close: 1011, reason: 'Internal error encountered.' } as const;
const COUNT = { realtimeInput: { text: 'count to thirty' } };
const BYE = { realtimeInput: { text: 'bye' } };

let emulator: GeminiEmulator;
afterEach(() => emulator.close());

async function start(scenario: Scenario, options: GeminiEmulatorOptions = {}): Promise<void> {
  emulator = await startGeminiEmulator({ pace: 1_000, scenario, ...options });
}

/** A connection whose setup is complete. */
async function opened(more: Record<string, unknown> = {}): Promise<RawClient> {
  const client = await openRaw(emulator);
  client.send(setup(more));
  await client.until('setupComplete');
  return client;
}

function piecesOf({ frames }: RawClient): number {
  return frames.filter(({ data }) => data.includes('"modelTurn"')).length;
}

interface ResumptionUpdate {
  newHandle?: string;
  resumable: boolean;
}

function updatesOf({ frames }: RawClient): ResumptionUpdate[] {
  return frames.flatMap(({ data }) => JSON.parse(data).sessionResumptionUpdate ?? []);
}

describe('moments', () => {
  test('frame: a close after the third piece of a reply comes after three pieces, and not on the next connection', async () => {
    await start([[{ at: { frame: 3 }, do: INTERNAL }], []]);
    const first = await opened();
    first.send(COUNT);
    expect(await first.closed).toEqual({ code: 1011, reason: INTERNAL.reason });
    expect(piecesOf(first)).toBe(3);
    const second = await opened();
    second.send(COUNT);
    await second.until('turnComplete');
    expect(piecesOf(second)).toBe(10);
    second.close();
  });

  test('frame: pieces of speech count, transcripts do not', async () => {
    await start([[{ at: { frame: 3 }, do: INTERNAL }]]);
    const client = await openRaw(emulator);
    client.send(setup({ outputAudioTranscription: {} }, { responseModalities: ['AUDIO'] }));
    client.send(COUNT);
    await client.closed;
    expect(piecesOf(client)).toBe(3);
    expect(client.frames.some(({ data }) => data.includes('outputTranscription'))).toBe(true);
  });

  test('turn: a close after the second turn comes after its resumption update', async () => {
    await start([[{ at: { turn: 2 }, do: INTERNAL }]]);
    const client = await opened({ sessionResumption: {} });
    client.send(BYE);
    await client.until('turnComplete');
    client.send(BYE);
    expect((await client.closed).code).toBe(1011);
    expect(client.frames.filter(({ data }) => data.includes('turnComplete'))).toHaveLength(2);
    expect(client.frames.at(-1)?.data).toContain('newHandle');
  });

  test('turn: what waits for the end of a turn is not answered on a connection that the turn ended', async () => {
    await start([[{ at: { turn: 1 }, do: 'silence' }]], { pace: 1 });
    const client = await opened({ realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' } });
    client.send(BYE);
    client.send(COUNT);
    await client.until('turnComplete');
    await pause(100);
    expect(piecesOf(client)).toBe(1);
  });

  test('heard: the message that the moment is about is not acted on when the connection ends', async () => {
    await start([[{ at: { heard: 2 }, do: INTERNAL }]]);
    const client = await opened();
    client.send({ clientContent: { turns: [{ parts: [{ text: 'bye' }] }], turnComplete: true } });
    await client.until('turnComplete');
    client.send(BYE);
    await client.closed;
    expect(piecesOf(client)).toBe(1);
  });

  test('setup: a close comes instead of setupComplete, a frame before it', async () => {
    await start([[{ at: 'setup', do: INTERNAL }], [{ at: 'setup', do: { send: { hello: 1 } } }]]);
    const first = await openRaw(emulator);
    first.send(setup());
    expect((await first.closed).code).toBe(1011);
    expect(first.frames).toEqual([]);
    const second = await opened();
    expect(second.frames.map(({ data }) => JSON.parse(data))).toEqual([{ hello: 1 }, { setupComplete: {} }]);
    second.close();
  });

  test('ms: a close comes so long after setupComplete, and not before', async () => {
    await start([[{ at: { ms: 150 }, do: INTERNAL }]]);
    const began = performance.now();
    const client = await opened();
    await client.closed;
    // A timer may fire up to a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(149);
  });

  test('upgrade: a connection that is refused counts, and the next one opens', async () => {
    await start([[{ at: 'upgrade', do: { refuse: 503 } }]]);
    await expect(openRaw(emulator)).rejects.toThrow('Unexpected server response: 503');
    (await opened()).close();
  });

  test('repeat: the last entry happens to every further connection', async () => {
    await start([[], [{ at: { ms: 0 }, do: INTERNAL }], 'repeat']);
    const first = await opened();
    for (let further = 0; further < 3; further++) expect((await (await opened()).closed).code).toBe(1011);
    first.send(BYE);
    await first.until('turnComplete');
    first.close();
  });

  test('steps of one moment happen in their order', async () => {
    await start([
      [
        { at: { turn: 1 }, do: { send: 'one' } },
        { at: { turn: 1 }, do: { send: 'two' } },
        { at: { turn: 1 }, do: { close: 4_000 } },
      ],
    ]);
    const client = await opened();
    client.send(BYE);
    expect(await client.closed).toEqual({ code: 4_000, reason: '' });
    expect(client.frames.slice(-2).map(({ data }) => data)).toEqual(['one', 'two']);
  });
});

describe('actions', () => {
  test('drop in mid-turn: the SDK sees 1006', async () => {
    await start([[{ at: { frame: 2 }, do: 'drop' }]]);
    const { session, messages, closed } = await connect(emulator, TEXT);
    session.sendRealtimeInput({ text: 'count to thirty' });
    expect((await closed).code).toBe(1006);
    expect(textOf(messages)).toBe('One, two, three, four, five, six,');
  });

  test('drop at the upgrade: the client gets no answer', async () => {
    await start([[{ at: 'upgrade', do: 'drop' }]]);
    await expect(openRaw(emulator)).rejects.toThrow('socket hang up');
  });

  test('goAway: it says how long, and closes with 1008 when that is over', async () => {
    await start([[{ at: { frame: 2 }, do: { goAway: 150 } }]], { pace: 1 });
    const { session, until, closed } = await connect(emulator, TEXT);
    session.sendRealtimeInput({ text: 'count to thirty' });
    const { goAway } = await until((message) => message.goAway !== undefined);
    expect(goAway?.timeLeft).toBe('0.15s');
    expect(await closed).toEqual({ code: 1008, reason: 'The connection was not closed after goAway.' });
    // It is one in strict mode only.
    expect(emulator.violations).toEqual([]);
  });

  test('silence in mid-turn: nothing more comes, no ping and no close is answered, and the end of the TCP connection is noticed', async () => {
    await start([[{ at: { frame: 2 }, do: 'silence' }]]);
    const socket = new WebSocket(`${emulator.url.replace('http', 'ws')}${STUDIO_PATH}`);
    const frames: string[] = [];
    let answered = false;
    socket.on('message', (data) => frames.push(String(data)));
    socket.on('pong', () => {
      answered = true;
    });
    socket.on('close', () => {
      answered = true;
    });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify(setup()));
    socket.send(JSON.stringify(COUNT));
    await waitUntil(() => frames.length === 3);
    socket.ping();
    socket.send(JSON.stringify(BYE));
    socket.close(1000);
    await pause(150);
    expect(answered).toBe(false);
    expect(frames).toHaveLength(3);
    expect(emulator.connections).toBe(1);
    socket.terminate();
    await waitUntil(() => emulator.connections === 0);
  });

  test('silence at setup: setupComplete does not come', async () => {
    await start([[{ at: 'setup', do: 'silence' }]]);
    const client = await openRaw(emulator);
    client.send(setup());
    await waitUntil(() => emulator.setups.length === 1);
    client.send(BYE);
    await pause(100);
    expect(client.frames).toEqual([]);
    expect(emulator.connections).toBe(1);
  });

  test('silence at the upgrade: no answer comes, until the emulator closes', async () => {
    await start([[{ at: 'upgrade', do: 'silence' }]]);
    const opening = openRaw(emulator);
    let settled = false;
    opening.catch(() => {
      settled = true;
    });
    await pause(100);
    expect(settled).toBe(false);
    await emulator.close();
    await expect(opening).rejects.toThrow('socket hang up');
  });

  test('send: a string goes out as it is, anything else as JSON, in binary frames like all others', async () => {
    const grounding = { serverContent: { groundingMetadata: { webSearchQueries: ['x'] } } };
    await start([
      [
        { at: { ms: 0 }, do: { send: '{"serverContent":' } },
        { at: { ms: 0 }, do: { send: grounding } },
        { at: { ms: 0 }, do: { send: null } },
      ],
    ]);
    const client = await opened();
    await client.until('null');
    expect(client.frames.slice(1)).toEqual([
      { data: '{"serverContent":', isBinary: true },
      { data: JSON.stringify(grounding), isBinary: true },
      { data: 'null', isBinary: true },
    ]);
    client.send(BYE);
    await client.until('turnComplete');
    client.close();
  });

  test('refuse handle: a known handle is refused once, and taken by the next connection', async () => {
    await start([[], [{ at: 'setup', do: 'refuse handle' }]]);
    const first = await opened({ sessionResumption: {} });
    const handle = JSON.parse(await first.until('newHandle')).sessionResumptionUpdate.newHandle;
    first.close();
    await first.closed;
    const second = await openRaw(emulator);
    second.send(setup({ sessionResumption: { handle } }));
    expect(await second.closed).toEqual({ code: 1008, reason: 'BidiGenerateContent session not found' });
    (await opened({ sessionResumption: { handle } })).close();
  });

  test('refuse handle: a setup without a handle is taken', async () => {
    await start([[{ at: 'setup', do: 'refuse handle' }]]);
    (await opened({ sessionResumption: {} })).close();
  });

  test('not resumable: no handle comes before the end of the turn', async () => {
    await start([[{ at: 'setup', do: 'not resumable' }], [{ at: { turn: 1 }, do: 'not resumable' }]]);
    const first = await opened({ sessionResumption: {} });
    first.send(BYE);
    await first.until('newHandle');
    expect(updatesOf(first)).toEqual([
      { resumable: false },
      { resumable: false },
      { newHandle: expect.any(String), resumable: true },
    ]);
    first.close();

    const second = await opened({ sessionResumption: {} });
    second.send(BYE);
    await second.until('turnComplete');
    await waitUntil(() => updatesOf(second).length === 4);
    expect(updatesOf(second).map(({ resumable }) => resumable)).toEqual([true, false, true, false]);
    second.close();
  });

  test('drain: what a client sends is read no faster than that, and all of it', async () => {
    await start([[{ at: 'setup', do: { drain: 400_000 } }]]);
    const client = await opened();
    const began = performance.now();
    const ignored = { toolResponse: { functionResponses: [{ id: 'x', response: { text: 'x'.repeat(50_000) } }] } };
    for (let sent = 0; sent < 8; sent++) client.send(ignored);
    client.send(BYE);
    await client.until('turnComplete');
    // 400 kB, of which the last 64 may come in one chunk.
    expect(performance.now() - began).toBeGreaterThan(750);
    client.close();
  });
});

describe('setups', () => {
  test('are kept as they came, in their order, refused ones too, the latest 100', async () => {
    await start([[{ at: 'setup', do: INTERNAL }]]);
    const refused = await openRaw(emulator);
    refused.send({ setup: { model: 'models/gemini-live-0', modle: 1 } });
    await refused.closed;
    (await opened({ sessionResumption: {} })).close();
    expect(emulator.setups).toEqual([
      { model: 'models/gemini-live-0', modle: 1 },
      {
        model: 'models/gemini-live-2.5-flash-preview',
        generationConfig: { responseModalities: ['TEXT'] },
        sessionResumption: {},
      },
    ]);
    for (let further = 0; further < 100; further++) (await opened()).close();
    expect(emulator.setups).toHaveLength(100);
    expect(emulator.setups[0]).not.toHaveProperty('modle');
    expect(emulator.setups.at(-1)).not.toHaveProperty('sessionResumption');
  });
});

describe('resumption', () => {
  test('while a reply is given the session says that it cannot be resumed, and gives a handle at its end', async () => {
    await start([]);
    const client = await opened({ sessionResumption: {} });
    client.send(BYE);
    await client.until('turnComplete');
    await client.until('newHandle');
    expect(client.frames.map(({ data }) => Object.keys(JSON.parse(data))[0])).toEqual([
      'setupComplete',
      'sessionResumptionUpdate',
      'sessionResumptionUpdate',
      'serverContent',
      'serverContent',
      'serverContent',
      'sessionResumptionUpdate',
    ]);
    expect(updatesOf(client).map(({ resumable }) => resumable)).toEqual([true, false, true]);
    client.close();
  });

  test('a session that is still open elsewhere is not resumed: 1011, until the old connection closes', async () => {
    await start([]);
    const first = await opened({ sessionResumption: {} });
    const handle = JSON.parse(await first.until('newHandle')).sessionResumptionUpdate.newHandle;
    const tooEarly = await openRaw(emulator);
    tooEarly.send(setup({ sessionResumption: { handle } }));
    expect(await tooEarly.closed).toEqual({ code: 1011, reason: 'Internal error encountered.' });
    first.send(BYE);
    await first.until('turnComplete');
    first.close();
    await first.closed;
    const second = await opened({ sessionResumption: { handle } });
    const third = await openRaw(emulator);
    third.send(setup({ sessionResumption: { handle } }));
    expect((await third.closed).code).toBe(1011);
    second.close();
  });

  test('a connection that does not resume can be open beside others', async () => {
    await start([]);
    const first = await opened({ sessionResumption: {} });
    const second = await opened({ sessionResumption: {} });
    first.close();
    second.close();
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}
