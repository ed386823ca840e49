import { expect, test } from '@jest/globals';
import { fullJitter } from '../../src/client/backoff.ts';

test('the delay is spread from 0 to a bound that doubles from 0.2 s to 10 s', () => {
  expect([1, 2, 3, 6, 7, 1_000].map((attempt) => fullJitter(attempt, () => 1))).toEqual([
    200, 400, 800, 6_400, 10_000, 10_000,
  ]);
  expect(fullJitter(5, () => 0)).toBe(0);
});
