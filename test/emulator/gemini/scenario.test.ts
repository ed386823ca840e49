import { Modality } from '@google/genai';
import { afterEach, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  startGeminiEmulator,
} from '../../../src/emulator/gemini/emulator.ts';
import type { Scenario } from '../../../src/emulator/scenario.ts';
import { connect, joinText } from './live-client.ts';
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

function countPieces({ frames }: RawClient): number {
  return frames.filter(({ data }) => data.includes('"modelTurn"')).length;
}

interface ResumptionUpdate {
  newHandle?: string;
  resumable: boolean;
}

function listUpdates({ frames }: RawClient): ResumptionUpdate[] {
  return frames.flatMap(({ data }) => JSON.parse(data).sessionResumptionUpdate ?? []);
}

test('ignore leaves one message unanswered, and the next one is answered', async () => {
  await start([[{ at: { heard: 1 }, do: 'ignore' }]]);
  const client = await opened();
  client.send(COUNT);
  client.send(BYE);
  await client.until('turnComplete');
  expect(client.frames.map(({ data }) => data).join('')).toContain('Goodbye.');
  expect(countPieces(client)).toBe(1);
  client.close();
});

describe('moments', () => {
  test('a close at frame 3 follows three pieces of a reply, and does not happen on the next connection', async () => {
    await start([[{ at: { frame: 3 }, do: INTERNAL }], []]);
    const first = await opened();
    first.send(COUNT);
    expect(await first.closed).toEqual({ code: 1011, reason: INTERNAL.reason });
    expect(countPieces(first)).toBe(3);
    const second = await opened();
    second.send(COUNT);
    await second.until('turnComplete');
    expect(countPieces(second)).toBe(10);
    second.close();
  });

  test('the moment frame counts pieces of speech but not transcripts', async () => {
    await start([[{ at: { frame: 3 }, do: INTERNAL }]]);
    const client = await openRaw(emulator);
    client.send(setup({ outputAudioTranscription: {} }, { responseModalities: ['AUDIO'] }));
    client.send(COUNT);
    await client.closed;
    expect(countPieces(client)).toBe(3);
    expect(client.frames.some(({ data }) => data.includes('outputTranscription'))).toBe(true);
  });

  test('a close at turn 2 follows the resumption update of the second turn', async () => {
    await start([[{ at: { turn: 2 }, do: INTERNAL }]]);
    const client = await opened({ sessionResumption: {} });
    client.send(BYE);
    await client.until('turnComplete');
    client.send(BYE);
    expect((await client.closed).code).toBe(1011);
    expect(client.frames.filter(({ data }) => data.includes('turnComplete'))).toHaveLength(2);
    expect(client.frames.at(-1)?.data).toContain('newHandle');
  });

  test('input that waits for the end of a turn is not answered if that turn ends the connection', async () => {
    await start([[{ at: { turn: 1 }, do: 'silence' }]], { pace: 1 });
    const client = await opened({ realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' } });
    client.send(BYE);
    client.send(COUNT);
    await client.until('turnComplete');
    await pause(100);
    expect(countPieces(client)).toBe(1);
  });

  test('a message at whose moment the connection ends is not processed', async () => {
    await start([[{ at: { heard: 2 }, do: INTERNAL }]]);
    const client = await opened();
    client.send({ clientContent: { turns: [{ parts: [{ text: 'bye' }] }], turnComplete: true } });
    await client.until('turnComplete');
    client.send(BYE);
    await client.closed;
    expect(countPieces(client)).toBe(1);
  });

  test('at setup a close replaces setupComplete, and a frame precedes it', async () => {
    await start([[{ at: 'setup', do: INTERNAL }], [{ at: 'setup', do: { send: { hello: 1 } } }]]);
    const first = await openRaw(emulator);
    first.send(setup());
    expect((await first.closed).code).toBe(1011);
    expect(first.frames).toEqual([]);
    const second = await opened();
    expect(second.frames.map(({ data }) => JSON.parse(data))).toEqual([{ hello: 1 }, { setupComplete: {} }]);
    second.close();
  });

  test('a close at ms follows setupComplete after that time, not before', async () => {
    await start([[{ at: { ms: 150 }, do: INTERNAL }]]);
    const began = performance.now();
    const client = await opened();
    await client.closed;
    // A timer may fire up to a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(149);
  });

  test('a connection refused at the upgrade counts, and the next connection opens', async () => {
    await start([[{ at: 'upgrade', do: { refuse: 503 } }]]);
    await expect(openRaw(emulator)).rejects.toThrow('Unexpected server response: 503');
    (await opened()).close();
  });

  test('with repeat the last entry applies to every further connection', async () => {
    await start([[], [{ at: { ms: 0 }, do: INTERNAL }], 'repeat']);
    const first = await opened();
    for (let further = 0; further < 3; further++) expect((await (await opened()).closed).code).toBe(1011);
    first.send(BYE);
    await first.until('turnComplete');
    first.close();
  });

  test('steps of one moment run in their order', async () => {
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
  test('the SDK sees 1006 after a drop during a turn', async () => {
    await start([[{ at: { frame: 2 }, do: 'drop' }]]);
    const { session, messages, closed } = await connect(emulator, TEXT);
    session.sendRealtimeInput({ text: 'count to thirty' });
    expect((await closed).code).toBe(1006);
    expect(joinText(messages)).toBe('One, two, three, four, five, six,');
  });

  test('the client gets no response after a drop at the upgrade', async () => {
    await start([[{ at: 'upgrade', do: 'drop' }]]);
    await expect(openRaw(emulator)).rejects.toThrow('socket hang up');
  });

  test('goAway announces the remaining time, after which the connection is closed with 1008', async () => {
    await start([[{ at: { frame: 2 }, do: { goAway: 150 } }]], { pace: 1 });
    const { session, until, closed } = await connect(emulator, TEXT);
    session.sendRealtimeInput({ text: 'count to thirty' });
    const { goAway } = await until((message) => message.goAway !== undefined);
    expect(goAway?.timeLeft).toBe('0.15s');
    expect(await closed).toEqual({ code: 1008, reason: 'The connection was not closed after goAway.' });
    // The close is a violation in strict mode only.
    expect(emulator.violations).toEqual([]);
  });

  test('after silence during a turn no frame, pong or close is sent, but the end of the TCP connection is noticed', async () => {
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

  test('after silence at setup no setupComplete is sent', async () => {
    await start([[{ at: 'setup', do: 'silence' }]]);
    const client = await openRaw(emulator);
    client.send(setup());
    await waitUntil(() => emulator.setups.length === 1);
    client.send(BYE);
    await pause(100);
    expect(client.frames).toEqual([]);
    expect(emulator.connections).toBe(1);
  });

  test('after silence at the upgrade no response is sent until the emulator closes', async () => {
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

  test('send sends a string as it is and any other value as JSON, in binary frames', async () => {
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

  test('with "refuse handle" a known handle is refused once, and accepted on the next connection', async () => {
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

  test('a handle of another model is refused as an unknown one', async () => {
    await start([]);
    const first = await opened({ sessionResumption: {} });
    const handle = JSON.parse(await first.until('newHandle')).sessionResumptionUpdate.newHandle;
    first.close();
    await first.closed;
    const second = await openRaw(emulator);
    second.send(setup({ sessionResumption: { handle }, model: 'models/gemini-live-2.5-flash' }));
    expect(await second.closed).toEqual({ code: 1008, reason: 'BidiGenerateContent session not found' });
    (await opened({ sessionResumption: { handle } })).close();
  });

  test('with "refuse handle" a setup without a handle is accepted', async () => {
    await start([[{ at: 'setup', do: 'refuse handle' }]]);
    (await opened({ sessionResumption: {} })).close();
  });

  test('with "not resumable" no handle is sent before the end of the turn', async () => {
    await start([[{ at: 'setup', do: 'not resumable' }], [{ at: { turn: 1 }, do: 'not resumable' }]]);
    const first = await opened({ sessionResumption: {} });
    first.send(BYE);
    await first.until('newHandle');
    expect(listUpdates(first)).toEqual([
      { resumable: false },
      { resumable: false },
      { newHandle: expect.any(String), resumable: true },
    ]);
    first.close();

    const second = await opened({ sessionResumption: {} });
    second.send(BYE);
    await second.until('turnComplete');
    await waitUntil(() => listUpdates(second).length === 4);
    expect(listUpdates(second).map(({ resumable }) => resumable)).toEqual([true, false, true, false]);
    second.close();
  });

  test("with drain the client's data is read completely, but no faster than the given rate", async () => {
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
  test('the latest 100 setups are recorded as received and in order, refused ones included', async () => {
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
  test('during a reply the session reports that it cannot be resumed, and sends a handle at the end', async () => {
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
    expect(listUpdates(client).map(({ resumable }) => resumable)).toEqual([true, false, true]);
    client.close();
  });

  test('a session with an open connection is refused with 1011 until that connection closes', async () => {
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

  test('connections that do not resume can be open at the same time', async () => {
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
