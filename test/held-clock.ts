import { jest } from '@jest/globals';
import { afterTest } from './after-test.ts';

/** Control of a clock that stands still. */
export interface HeldClock {
  /** Sets the clock forward. */
  advance(ms: number): void;
  /** Lets the real clock go on. */
  release(): void;
}

/**
 * Stops `performance.now()` until the end of the test: no budget refills and no pause is over only because the machine is slow. Timers run on. Not for
 * concurrent tests, nor while the model speaks, which needs the clock.
 */
export function holdClock(): HeldClock {
  let now = performance.now();
  const spy = jest.spyOn(performance, 'now').mockImplementation(() => now);
  const release = () => spy.mockRestore();
  afterTest(release);
  const advance = (ms: number) => {
    now += ms;
  };
  return { advance, release };
}
