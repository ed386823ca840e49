import { describe, expect, test } from '@jest/globals';
import { TokenBucket } from '../../src/wire/token-bucket.ts';

const ALLOWANCE = { perMinute: 60, burst: 10 };

describe('a token bucket', () => {
  test('allows a burst at once, then as much as its rate', () => {
    const bucket = new TokenBucket(ALLOWANCE, 0);
    expect(countCharges(bucket, 0)).toBe(10);
    expect(countCharges(bucket, 500)).toBe(0);
    expect(countCharges(bucket, 3_500)).toBe(3);
    expect(countCharges(bucket, 60_500)).toBe(10);
  });

  test('names the time after which it has tokens again', () => {
    const bucket = new TokenBucket(ALLOWANCE, 0);
    expect(bucket.waitMs(0)).toBe(0);
    bucket.charge(13, 0);
    const waitMs = bucket.waitMs(0);
    expect(waitMs).toBe(4_000);
    expect(bucket.hasToken(waitMs - 1)).toBe(false);
    expect(bucket.hasToken(waitMs)).toBe(true);
  });

  test('allows a single charge above its content, and waits for the debt, which is at most one burst', () => {
    const bucket = new TokenBucket(ALLOWANCE, 0);
    expect(bucket.tryCharge(1_000, 0)).toBe(true);
    expect(bucket.waitMs(0)).toBe(11_000);
    expect(bucket.tryCharge(1, 10_999)).toBe(false);
    expect(bucket.tryCharge(1, 11_000)).toBe(true);
  });

  test('is full again after the time in which it fills, and never holds more than a burst', () => {
    const bucket = new TokenBucket(ALLOWANCE, 0);
    bucket.charge(5, 0);
    expect(bucket.isFull(4_999)).toBe(false);
    expect(bucket.isFull(5_001)).toBe(true);
    expect(countCharges(bucket, 3_600_000)).toBe(10);
  });
});

/** Charges one token after the other, until none is left. */
function countCharges(bucket: TokenBucket, now: number): number {
  let count = 0;
  while (bucket.tryCharge(1, now)) count += 1;
  return count;
}
