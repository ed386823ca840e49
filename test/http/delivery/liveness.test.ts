import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Liveness, type SignsOfLife } from '../../../src/http/delivery/liveness.ts';

const OPTIONS = { heartbeatMs: 10_000, renewMs: 300_000, reconnects: true };

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Checks at this time after the opening. */
function checkAt(liveness: Liveness, ms: number, signs: Partial<SignsOfLife> = {}): string | undefined {
  jest.setSystemTime(0);
  jest.advanceTimersByTime(ms - performance.now());
  return liveness.check({ heardAt: undefined, postedAt: 0, ...signs });
}

describe('a client that can be heard', () => {
  test('is gone more than 4 heartbeats after its last sign of life', () => {
    const liveness = new Liveness(OPTIONS);
    expect(checkAt(liveness, 45_000, { heardAt: 5_000 })).toBeUndefined();
    expect(checkAt(liveness, 45_001, { heardAt: 5_000 })).toBe('unheard');
  });

  test('has 4 heartbeats from the opening of its connection, whenever it was heard before', () => {
    jest.advanceTimersByTime(100_000);
    const liveness = new Liveness(OPTIONS);
    expect(checkAt(liveness, 140_000, { heardAt: 0 })).toBeUndefined();
    expect(checkAt(liveness, 140_001, { heardAt: 0 })).toBe('unheard');
  });

  test('is never renewed', () => {
    const liveness = new Liveness(OPTIONS);
    expect(checkAt(liveness, 10_000_000, { heardAt: 9_999_000 })).toBeUndefined();
  });
});

describe('a stream whose client cannot be heard', () => {
  test('is renewed at its age, at most a tenth earlier, if the client reconnects by itself', () => {
    const liveness = new Liveness(OPTIONS);
    expect(checkAt(liveness, 269_999)).toBeUndefined();
    expect(checkAt(liveness, 300_000, { postedAt: 299_000 })).toBe('renewal');
  });

  test('is renewed as long after the last POST to its session, if the client may not reconnect', () => {
    const liveness = new Liveness({ ...OPTIONS, reconnects: false });
    expect(checkAt(liveness, 400_000, { postedAt: 200_000 })).toBeUndefined();
    expect(checkAt(liveness, 500_000, { postedAt: 200_000 })).toBe('renewal');
  });
});
