import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createLadder,
  dueTrial,
  type Ladder,
  reduceLadder,
  summarizeLadder,
  type Transport,
} from '../../src/client/ladder.ts';
import { type Observation, RUNGS, type Rung, type Silence, type TrialRung } from '../../src/client/observation.ts';

const climb = (ladder: Ladder, ...observation: Observation[]) => observation.reduce(reduceLadder, ladder);
const cutAt = (at: number, livedMs = 500, silent?: Silence): Observation => ({ kind: 'cut', at, livedMs, silent });
const pollFailed = (heldMs: number, begun = true): Observation => ({ kind: 'poll_failed', at: 0, heldMs, begun });
const openedAfter = (delayMs: number): Observation => ({ kind: 'opened', at: 0, delayMs, roundTripMs: 20 });
const begin = (transport: Transport, rung: Rung = 'stream') =>
  createLadder(transport, { rung, capMs: undefined, socket: 'untried' }, 0);
const fromStream = begin('auto');
const tried = (rung: TrialRung, good: boolean, at = 0, delayMs?: number): Observation => ({
  kind: 'tried',
  at,
  rung,
  good,
  delayMs,
});
const unopened: Observation = { kind: 'unopened', at: 0 };

const anyObservation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({
    kind: fc.constant('opened' as const),
    at: fc.nat(200_000),
    delayMs: fc.nat(2_000),
    roundTripMs: fc.option(fc.nat(500), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('cut' as const),
    at: fc.nat(200_000),
    livedMs: fc.nat(20_000),
    silent: fc.constantFrom<Silence | undefined>(undefined, 'expected', 'heartbeats'),
  }),
  fc.record({ kind: fc.constant('rotated' as const), at: fc.nat(200_000) }),
  fc.record({
    kind: fc.constantFrom('held' as const, 'buffered' as const, 'unopened' as const),
    at: fc.nat(200_000),
  }),
  fc.record({
    kind: fc.constant('poll_failed' as const),
    at: fc.nat(200_000),
    heldMs: fc.nat(20_000),
    begun: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('tried' as const),
    at: fc.nat(200_000),
    rung: fc.constantFrom('ws' as const, 'stream' as const, 'close' as const),
    good: fc.boolean(),
    delayMs: fc.option(fc.nat(500), { nil: undefined }),
  }),
);
const anyHistory = fc.array(anyObservation, { maxLength: 60 });

describe('the ladder', () => {
  test('the ladder stays on a stream that is quick and whole', () => {
    const good = [20, 45, 100, 20].map(openedAfter);
    expect(climb(fromStream, ...good, cutAt(70_000, 60_000), ...good).rung).toBe('stream');
  });

  test('the ladder moves to padding where events are held, and to the poll if padding does not help', () => {
    const padded = climb(fromStream, { kind: 'held', at: 0 });
    expect(padded).toMatchObject({ rung: 'pusher', firm: true });
    expect(climb(padded, { kind: 'held', at: 1 })).toMatchObject({ rung: 'poll', firm: true });
  });

  test('the ladder tries a stream without chunks beside one that is 200 ms late, and moves to it if it is quicker', () => {
    const noSocket = climb(fromStream, tried('ws', false));
    expect(dueTrial(climb(noSocket, openedAfter(30)), 0)).toBeUndefined();
    const late = climb(noSocket, openedAfter(230));
    expect([late.rung, dueTrial(late, 0)]).toEqual(['stream', 'close']);
    const close = climb(late, tried('close', true, 0, 30));
    expect(close).toMatchObject({ rung: 'close', firm: true });
    for (const vain of [tried('close', true, 0, 200), tried('close', true), tried('close', false, 0, 30)]) {
      const kept = climb(late, vain, openedAfter(230));
      expect([kept.rung, dueTrial(kept, 0)]).toEqual(['stream', undefined]);
    }
    // The ladder returns only to a stream that is no longer late.
    expect(climb(close, tried('stream', true, 0, 235)).rung).toBe('close');
    expect(climb(close, tried('stream', true, 0, 30)).rung).toBe('stream');
  });

  test('the ladder moves to the poll after four short streams of different length within 30 s', () => {
    const rare = [0, 20_000, 40_000, 60_000, 80_000].map((at, index) => cutAt(at, 300 * index));
    expect(climb(fromStream, ...rare).rung).toBe('stream');
    const often = [0, 1_000, 2_000, 3_000].map((at) => cutAt(at));
    expect(climb(fromStream, ...often)).toMatchObject({ rung: 'poll', firm: false });
  });

  test('streams that are cut at the same age show a limit of the network, and the ladder stays', () => {
    const limited = climb(fromStream, cutAt(0, 30_200), cutAt(31_000, 29_900));
    expect(limited).toMatchObject({ rung: 'stream', lifetime: { capMs: 29_900 } });
    const short = climb(fromStream, cutAt(0, 3_250), cutAt(3_500, 3_300), cutAt(7_000, 2_700), cutAt(10_000, 3_260));
    expect(short).toMatchObject({ rung: 'stream', lifetime: { capMs: 3_250 } });
    expect(climb(fromStream, cutAt(0, 30_000), cutAt(41_000, 40_000)).lifetime.capMs).toBeUndefined();
  });

  test('the stream is tried again beside a guessed rung after 60 s, and beside a measured one after 300 s', () => {
    const guessed = climb(fromStream, ...[0, 1_000, 2_000, 3_000].map((at) => cutAt(at)), tried('ws', false));
    expect([dueTrial(guessed, 62_999), dueTrial(guessed, 63_000)]).toEqual([undefined, 'stream']);
    const measured = climb(fromStream, { kind: 'buffered', at: 0 }, tried('ws', false));
    expect([dueTrial(measured, 299_999), dueTrial(measured, 300_000)]).toEqual([undefined, 'stream']);
    expect(climb(measured, tried('stream', true)).rung).toBe('stream');
    // The delay doubles after each failure, up to one hour.
    const again = climb(measured, tried('stream', false, 300_000));
    expect([dueTrial(again, 899_999), dueTrial(again, 900_000)]).toEqual([undefined, 'stream']);
    const seldom = climb(measured, ...Array<Observation>(20).fill(tried('stream', false, 0)));
    expect(dueTrial(seldom, 3_600_000)).toBe('stream');
  });

  test('a WebSocket is tried once beside any rung, and left for the stream when it fails later', () => {
    expect(dueTrial(fromStream, 0)).toBe('ws');
    expect(dueTrial(climb(fromStream, tried('ws', false)), 1e9)).toBeUndefined();
    const socket = climb(fromStream, tried('ws', true));
    expect(socket).toMatchObject({ rung: 'ws', firm: true });
    // An outage proves nothing, so the WebSocket is tried again beside a stream that works.
    expect(climb(socket, unopened, unopened).rung).toBe('ws');
    expect(climb(socket, unopened, unopened, unopened)).toMatchObject({ rung: 'stream', socket: 'untried' });
    expect(climb(socket, { kind: 'buffered', at: 0 })).toMatchObject({ rung: 'stream', socket: 'untried' });
    const short = [0, 1_000, 2_000, 3_000].map((at) => cutAt(at, at / 3));
    expect(climb(socket, ...short)).toMatchObject({ rung: 'stream', socket: 'refused' });
    expect(climb(begin('ws'), unopened, unopened, unopened, unopened).rung).toBe('ws');
  });

  test('a guessed poll that fails too leads back to the stream', () => {
    const polling = climb(fromStream, unopened, unopened, unopened);
    expect(polling).toMatchObject({ rung: 'poll', firm: false });
    expect(climb(polling, pollFailed(5)).rung).toBe('stream');
  });

  test('the ladder leaves a rung that falls silent repeatedly, and a measured poll that fails from the start', () => {
    const stalled = climb(fromStream, cutAt(0, 3_000, 'heartbeats'), cutAt(28_000, 2_000, 'heartbeats'));
    expect(stalled).toMatchObject({ rung: 'poll', firm: false });
    // Silence that is noticed early costs less, so more of it is tolerated.
    const noticed = Array.from({ length: 12 }, (_, index) => cutAt(index * 4_000, 2_000, 'expected'));
    expect(climb(fromStream, ...noticed.slice(1)).rung).toBe('stream');
    expect(climb(fromStream, ...noticed).rung).toBe('poll');
    expect(
      climb(fromStream, cutAt(0, 3_000, 'heartbeats'), cutAt(60_000, 30_000), cutAt(90_000, 3_000, 'heartbeats')).rung,
    ).toBe('stream');
    const firm = climb(fromStream, { kind: 'buffered', at: 0 });
    expect(climb(firm, ...Array<Observation>(9).fill(pollFailed(20))).rung).toBe('poll');
    expect(climb(firm, ...Array<Observation>(3).fill(pollFailed(20, false))).rung).toBe('stream');
  });

  test('a limit that was kept for ten rotations is raised, and forgotten in the end', () => {
    const limited = climb(fromStream, cutAt(0, 30_000), cutAt(31_000, 30_000));
    const rotated = (count: number) => Array<Observation>(count).fill({ kind: 'rotated', at: 0 });
    expect(climb(limited, ...rotated(9)).lifetime.capMs).toBe(30_000);
    expect(climb(limited, ...rotated(10)).lifetime.capMs).toBe(45_000);
    expect(climb(limited, ...rotated(200)).lifetime.capMs).toBeUndefined();
  });

  test('the hold of polls stays below the time that the network lets a request wait', () => {
    const polling = climb(fromStream, { kind: 'buffered', at: 0 });
    expect(climb(polling, pollFailed(20)).holdMs).toBe(20_000);
    expect(climb(polling, pollFailed(5_000))).toMatchObject({
      rung: 'poll',
      holdMs: 4_000,
    });
    const failing = Array<Observation>(20).fill(pollFailed(1_000));
    expect(climb(polling, ...failing).holdMs).toBe(1_000);
  });

  test('the ladder keeps the transport of the caller, whatever is measured', () => {
    const allowed = { sse: ['stream', 'pusher', 'close'], poll: ['poll'], ws: ['ws'] };
    fc.assert(
      fc.property(
        anyHistory,
        fc.constantFrom('sse', 'poll', 'ws'),
        fc.constantFrom(...RUNGS),
        (history, transport, rung) => {
          const ours = history.filter(({ kind }) => kind !== 'tried');
          expect(allowed[transport]).toContain(climb(begin(transport, rung), ...ours).rung);
          expect(dueTrial(climb(begin('poll', rung), ...ours), 1e9)).toBeUndefined();
        },
      ),
    );
  });

  test('the stream is always tried again from a rung that is worse', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const ladder = climb(fromStream, tried('ws', false), ...history);
        if (ladder.rung === 'stream' || ladder.rung === 'ws') return;
        // A WebSocket that worked before may be tried first. After its failure the stream is next.
        const later = 200_000 + 3_600_000;
        const next = dueTrial(ladder, later) === 'ws' ? climb(ladder, tried('ws', false, later)) : ladder;
        expect(dueTrial(next, later)).toBe('stream');
      }),
    );
  });

  test('the history that the ladder keeps is bounded', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const { cuts, unopened } = climb(fromStream, ...history);
        expect([cuts.length < 4, unopened < 3]).toEqual([true, true]);
      }),
    );
  });

  test('a guessed rung is not remembered, and a measured one is', () => {
    expect(summarizeLadder(climb(fromStream, unopened, unopened, unopened)).rung).toBe('stream');
    expect(summarizeLadder(climb(fromStream, { kind: 'buffered', at: 0 })).rung).toBe('poll');
  });
});
