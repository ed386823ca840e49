import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createLadder,
  dueTrial,
  type Evidence,
  type Ladder,
  RUNGS,
  type Rung,
  type Silence,
  type Transport,
  type TrialRung,
  verdictOf,
  weigh,
} from '../../src/client/ladder.ts';
import { recallVerdict, rememberVerdict } from '../../src/client/verdict.ts';

const climb = (ladder: Ladder, ...evidence: Evidence[]) => evidence.reduce(weigh, ladder);
const cutAt = (at: number, livedMs = 500, silent?: Silence): Evidence => ({ kind: 'cut', at, livedMs, silent });
const pollFailed = (heldMs: number, begun = true): Evidence => ({ kind: 'poll_failed', at: 0, heldMs, begun });
const openedAfter = (delayMs: number): Evidence => ({ kind: 'opened', at: 0, delayMs, roundTripMs: 20 });
const begin = (transport: Transport, rung: Rung = 'stream') =>
  createLadder(transport, { rung, capMs: undefined, socket: 'untried' }, 0);
const fromStream = begin('auto');
const tried = (rung: TrialRung, good: boolean, at = 0, delayMs?: number): Evidence => ({
  kind: 'tried',
  at,
  rung,
  good,
  delayMs,
});
const unopened: Evidence = { kind: 'unopened', at: 0 };

const anyEvidence: fc.Arbitrary<Evidence> = fc.oneof(
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
const anyHistory = fc.array(anyEvidence, { maxLength: 60 });

describe('the ladder', () => {
  test('stays on the stream while it is quick and whole', () => {
    const good = [20, 45, 100, 20].map(openedAfter);
    expect(climb(fromStream, ...good, cutAt(70_000, 60_000), ...good).rung).toBe('stream');
  });

  test('goes to padding where events are held, and to the poll if that does not help', () => {
    const padded = climb(fromStream, { kind: 'held', at: 0 });
    expect(padded).toMatchObject({ rung: 'pusher', firm: true });
    expect(climb(padded, { kind: 'held', at: 1 })).toMatchObject({ rung: 'poll', firm: true });
  });

  test('tries the close-delimited stream beside one that is 200 ms late, and takes it if it is sooner', () => {
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
    // Back only to a stream that is not late any more.
    expect(climb(close, tried('stream', true, 0, 235)).rung).toBe('close');
    expect(climb(close, tried('stream', true, 0, 30)).rung).toBe('stream');
  });

  test('goes to the poll after four short streams of different length within half a minute', () => {
    const rare = [0, 20_000, 40_000, 60_000, 80_000].map((at, index) => cutAt(at, 300 * index));
    expect(climb(fromStream, ...rare).rung).toBe('stream');
    const often = [0, 1_000, 2_000, 3_000].map((at) => cutAt(at));
    expect(climb(fromStream, ...often)).toMatchObject({ rung: 'poll', firm: false });
  });

  test('takes streams that are cut at the same age for a limit of the network, and stays', () => {
    const limited = climb(fromStream, cutAt(0, 30_200), cutAt(31_000, 29_900));
    expect(limited).toMatchObject({ rung: 'stream', lifetime: { capMs: 29_900 } });
    const short = climb(fromStream, cutAt(0, 3_250), cutAt(3_500, 3_300), cutAt(7_000, 2_700), cutAt(10_000, 3_260));
    expect(short).toMatchObject({ rung: 'stream', lifetime: { capMs: 3_250 } });
    expect(climb(fromStream, cutAt(0, 30_000), cutAt(41_000, 40_000)).lifetime.capMs).toBeUndefined();
  });

  test('tries the stream again beside a rung that was guessed after a minute, beside one that was measured after five', () => {
    const guessed = climb(fromStream, ...[0, 1_000, 2_000, 3_000].map((at) => cutAt(at)), tried('ws', false));
    expect([dueTrial(guessed, 62_999), dueTrial(guessed, 63_000)]).toEqual([undefined, 'stream']);
    const measured = climb(fromStream, { kind: 'buffered', at: 0 }, tried('ws', false));
    expect([dueTrial(measured, 299_999), dueTrial(measured, 300_000)]).toEqual([undefined, 'stream']);
    expect(climb(measured, tried('stream', true)).rung).toBe('stream');
    // In vain: twice as long until the next, and never more than an hour.
    const again = climb(measured, tried('stream', false, 300_000));
    expect([dueTrial(again, 899_999), dueTrial(again, 900_000)]).toEqual([undefined, 'stream']);
    const seldom = climb(measured, ...Array<Evidence>(20).fill(tried('stream', false, 0)));
    expect(dueTrial(seldom, 3_600_000)).toBe('stream');
  });

  test('tries a WebSocket once, beside whatever is in use, and goes back to the stream when it fails later', () => {
    expect(dueTrial(fromStream, 0)).toBe('ws');
    expect(dueTrial(climb(fromStream, tried('ws', false)), 1e9)).toBeUndefined();
    const socket = climb(fromStream, tried('ws', true));
    expect(socket).toMatchObject({ rung: 'ws', firm: true });
    // An outage is no proof: it is tried again beside a stream that works.
    expect(climb(socket, unopened, unopened).rung).toBe('ws');
    expect(climb(socket, unopened, unopened, unopened)).toMatchObject({ rung: 'stream', socket: 'untried' });
    expect(climb(socket, { kind: 'buffered', at: 0 })).toMatchObject({ rung: 'stream', socket: 'untried' });
    const short = [0, 1_000, 2_000, 3_000].map((at) => cutAt(at, at / 3));
    expect(climb(socket, ...short)).toMatchObject({ rung: 'stream', socket: 'refused' });
    expect(climb(begin('ws'), unopened, unopened, unopened, unopened).rung).toBe('ws');
  });

  test('takes an outage for an outage: a guessed poll that fails too leads back', () => {
    const polling = climb(fromStream, unopened, unopened, unopened);
    expect(polling).toMatchObject({ rung: 'poll', firm: false });
    expect(climb(polling, pollFailed(5)).rung).toBe('stream');
  });

  test('leaves what falls silent again and again, and a poll that fails from the first, even one that was measured', () => {
    const stalled = climb(fromStream, cutAt(0, 3_000, 'heartbeats'), cutAt(28_000, 2_000, 'heartbeats'));
    expect(stalled).toMatchObject({ rung: 'poll', firm: false });
    // What is noticed at once costs less, and is borne for longer.
    const noticed = Array.from({ length: 12 }, (_, index) => cutAt(index * 4_000, 2_000, 'expected'));
    expect(climb(fromStream, ...noticed.slice(1)).rung).toBe('stream');
    expect(climb(fromStream, ...noticed).rung).toBe('poll');
    expect(
      climb(fromStream, cutAt(0, 3_000, 'heartbeats'), cutAt(60_000, 30_000), cutAt(90_000, 3_000, 'heartbeats')).rung,
    ).toBe('stream');
    const firm = climb(fromStream, { kind: 'buffered', at: 0 });
    expect(climb(firm, ...Array<Evidence>(9).fill(pollFailed(20))).rung).toBe('poll');
    expect(climb(firm, ...Array<Evidence>(3).fill(pollFailed(20, false))).rung).toBe('stream');
  });

  test('tries a limit that it has kept to for long a little higher, and forgets one that is no more', () => {
    const limited = climb(fromStream, cutAt(0, 30_000), cutAt(31_000, 30_000));
    const rotated = (count: number) => Array<Evidence>(count).fill({ kind: 'rotated', at: 0 });
    expect(climb(limited, ...rotated(9)).lifetime.capMs).toBe(30_000);
    expect(climb(limited, ...rotated(10)).lifetime.capMs).toBe(45_000);
    expect(climb(limited, ...rotated(200)).lifetime.capMs).toBeUndefined();
  });

  test('has polls held no longer than the network lets a request wait', () => {
    const polling = climb(fromStream, { kind: 'buffered', at: 0 });
    expect(climb(polling, pollFailed(20)).holdMs).toBe(20_000);
    expect(climb(polling, pollFailed(5_000))).toMatchObject({
      rung: 'poll',
      holdMs: 4_000,
    });
    const failing = Array<Evidence>(20).fill(pollFailed(1_000));
    expect(climb(polling, ...failing).holdMs).toBe(1_000);
  });

  test('keeps to the transport that was asked for, whatever is measured', () => {
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

  test('always has a way up again from a rung that is worse than the stream', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const ladder = climb(fromStream, tried('ws', false), ...history);
        if (ladder.rung === 'stream' || ladder.rung === 'ws') return;
        // A WebSocket that was of use may be tried first; when it is not any more, the stream is next.
        const later = 200_000 + 3_600_000;
        const next = dueTrial(ladder, later) === 'ws' ? climb(ladder, tried('ws', false, later)) : ladder;
        expect(dueTrial(next, later)).toBe('stream');
      }),
    );
  });

  test('keeps no more of its history than it decides by', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const { cuts, unopened } = climb(fromStream, ...history);
        expect([cuts.length < 4, unopened < 3]).toEqual([true, true]);
      }),
    );
  });
});

describe('a verdict', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const polling = { rung: 'poll', capMs: 30_000, socket: 'refused' } as const;
  const none = { rung: 'stream', capMs: undefined, socket: 'untried' };

  test('is remembered for a day, by origin', () => {
    rememberVerdict(storage, 'https://one.example/app', polling, 0);
    expect(recallVerdict(storage, 'https://one.example', 86_399_999)).toEqual(polling);
    expect(recallVerdict(storage, 'https://one.example', 86_400_000)).toEqual(none);
    expect(recallVerdict(storage, 'https://two.example', 0)).toEqual(none);
  });

  test('is only of what was measured: a rung that was guessed is not in it', () => {
    expect(verdictOf(climb(fromStream, unopened, unopened, unopened)).rung).toBe('stream');
    expect(verdictOf(climb(fromStream, { kind: 'buffered', at: 0 })).rung).toBe('poll');
  });

  test('that cannot be read or written is none', () => {
    const forbidden = {
      getItem: () => {
        throw new Error('denied');
      },
      setItem: () => {
        throw new Error('denied');
      },
    };
    expect(() => rememberVerdict(forbidden, '', polling, 0)).not.toThrow();
    expect(recallVerdict(forbidden, '', 0)).toEqual(none);
    for (const nonsense of ['', 'null', '[]', '{"rung":"rocket","until":9e99}', '{"rung":"poll"}']) {
      expect(recallVerdict({ ...storage, getItem: () => nonsense }, '', 0)).toEqual(none);
    }
    const half = { ...storage, getItem: () => '{"rung":"poll","until":9e99,"capMs":"x","socket":3}' };
    expect(recallVerdict(half, '', 0)).toEqual({ ...none, rung: 'poll' });
  });
});
