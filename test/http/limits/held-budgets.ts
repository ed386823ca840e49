import { jest } from '@jest/globals';
import { TokenBucket } from '../../../src/wire/token-bucket.ts';
import { afterTest } from '../../after-test.ts';

const { hasToken, isFull, waitMs, charge } = TokenBucket.prototype;

/**
 * Stops the clock of all budgets until the end of the test: none of requests, connections or audio refills between two requests of a slow machine. Not for
 * concurrent tests.
 * @returns a function that lets the clock go on
 */
export function holdBudgets(): () => void {
  const times = new WeakMap<TokenBucket, number>();
  const hold = (bucket: TokenBucket, now: number) => {
    const held = times.get(bucket) ?? now;
    times.set(bucket, held);
    return held;
  };
  const { prototype } = TokenBucket;
  const spies = [
    jest.spyOn(prototype, 'hasToken').mockImplementation(function (this: TokenBucket, now) {
      return hasToken.call(this, hold(this, now));
    }),
    jest.spyOn(prototype, 'isFull').mockImplementation(function (this: TokenBucket, now) {
      return isFull.call(this, hold(this, now));
    }),
    jest.spyOn(prototype, 'waitMs').mockImplementation(function (this: TokenBucket, now) {
      return waitMs.call(this, hold(this, now));
    }),
    jest.spyOn(prototype, 'charge').mockImplementation(function (this: TokenBucket, tokens, now) {
      charge.call(this, tokens, hold(this, now));
    }),
  ];
  const release = () => {
    for (const spy of spies) spy.mockRestore();
  };
  afterTest(release);
  return release;
}
