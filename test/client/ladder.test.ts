import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLadder, type Evidence, type Ladder, RUNGS, weigh } from '../../src/client/ladder.ts';
import { recallRung, rememberRung } from '../../src/client/verdict.ts';

const climb = (ladder: Ladder, ...evidence: Evidence[]) => evidence.reduce(weigh, ladder);
const cutAt = (at: number, livedMs = 500): Evidence => ({ kind: 'cut', at, livedMs });
const openedAfter = (delayMs: number): Evidence => ({ kind: 'opened', at: 0, delayMs, roundTripMs: 20 });
const fromStream = createLadder('stream', true);

const anyEvidence: fc.Arbitrary<Evidence> = fc.oneof(
  fc.record({
    kind: fc.constant('opened' as const),
    at: fc.nat(200_000),
    delayMs: fc.nat(2_000),
    roundTripMs: fc.option(fc.nat(500), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(200_000), livedMs: fc.nat(20_000) }),
  fc.record({
    kind: fc.constantFrom(
      'held' as const,
      'buffered' as const,
      'unopened' as const,
      'poll_failed' as const,
      'polled' as const,
    ),
    at: fc.nat(200_000),
  }),
);
const anyHistory = fc.array(anyEvidence, { maxLength: 60 });

describe('the ladder', () => {
  test('stays on the stream while it is quick and whole', () => {
    const good = [20, 45, 100, 20].map(openedAfter);
    expect(climb(fromStream, ...good, cutAt(70_000, 60_000), ...good).rung).toBe('stream');
  });

  test('goes to padding where events are held, and to the poll if that does not help, for good', () => {
    const padded = climb(fromStream, { kind: 'held', at: 0 });
    expect(padded).toMatchObject({ rung: 'pusher', firm: true });
    const polling = climb(
      padded,
      { kind: 'held', at: 1 },
      { kind: 'polled', at: 1e9 },
      { kind: 'poll_failed', at: 2e9 },
    );
    expect(polling).toMatchObject({ rung: 'poll', firm: true });
  });

  test('tries the close-delimited stream when two in a row are 200 ms late, and leaves it if that is no quicker', () => {
    expect(climb(fromStream, openedAfter(230), openedAfter(30), openedAfter(230)).rung).toBe('stream');
    const close = climb(fromStream, openedAfter(230), openedAfter(230));
    expect(close).toMatchObject({ rung: 'close', firm: false });
    expect(climb(close, openedAfter(30))).toMatchObject({ rung: 'close', firm: true });
    expect(climb(close, ...Array<Evidence>(5).fill(openedAfter(230))).rung).toBe('stream');
  });

  test('goes to the poll after four short streams within half a minute, and back after a minute', () => {
    expect(climb(fromStream, cutAt(0), cutAt(20_000), cutAt(40_000), cutAt(60_000), cutAt(80_000)).rung).toBe('stream');
    const polling = climb(fromStream, cutAt(0), cutAt(1_000), cutAt(2_000), cutAt(3_000));
    expect(polling).toMatchObject({ rung: 'poll', firm: false });
    expect(climb(polling, { kind: 'polled', at: 62_000 }).rung).toBe('poll');
    expect(climb(polling, { kind: 'polled', at: 63_000 }).rung).toBe('stream');
  });

  test('takes an outage for an outage: a poll that fails too leads back', () => {
    const unopened: Evidence = { kind: 'unopened', at: 0 };
    const polling = climb(fromStream, unopened, unopened, unopened);
    expect(polling).toMatchObject({ rung: 'poll', firm: false });
    expect(climb(polling, { kind: 'poll_failed', at: 1 })).toEqual(fromStream);
  });

  test('never polls where it may not, whatever is measured', () => {
    fc.assert(
      fc.property(anyHistory, fc.constantFrom(...RUNGS), (history, rung) => {
        expect(climb(createLadder(rung, false), ...history).rung).not.toBe('poll');
      }),
    );
  });

  test('leaves a poll that was measured to be needed never, and any other within a minute', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const ladder = climb(fromStream, ...history);
        if (ladder.rung !== 'poll') return;
        expect(ladder.retryAt === undefined).toBe(ladder.firm);
        const later = weigh(ladder, { kind: 'polled', at: (ladder.retryAt ?? 0) + 1 });
        expect(later.rung).toBe(ladder.firm ? 'poll' : 'stream');
      }),
    );
  });

  test('keeps no more of its history than it decides by', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const { cuts, unopened, late } = climb(fromStream, ...history);
        expect([cuts.length < 4, unopened < 3, late <= 60]).toEqual([true, true, true]);
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

  test('is remembered for a day, by origin', () => {
    rememberRung(storage, 'https://one.example/app', 'poll', 0);
    expect(recallRung(storage, 'https://one.example', 86_399_999)).toBe('poll');
    expect(recallRung(storage, 'https://one.example', 86_400_000)).toBe('stream');
    expect(recallRung(storage, 'https://two.example', 0)).toBe('stream');
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
    expect(() => rememberRung(forbidden, '', 'poll', 0)).not.toThrow();
    expect(recallRung(forbidden, '', 0)).toBe('stream');
    for (const nonsense of ['', 'null', '[]', '{"rung":"rocket","until":9e99}', '{"rung":"poll"}']) {
      expect(recallRung({ ...storage, getItem: () => nonsense }, '', 0)).toBe('stream');
    }
  });
});
