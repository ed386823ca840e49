import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SilenceTail } from '../../../src/models/gemini/silence-tail.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A tail, and the duration of each piece of silence that it has sent, in ms. */
function createTail(detectionMs?: number) {
  const sent: number[] = [];
  const tail = new SilenceTail(detectionMs, (data) => {
    const pcm = Buffer.from(data, 'base64');
    expect(pcm.every((byte) => byte === 0)).toBe(true);
    sent.push(pcm.length / 32);
  });
  return { tail, sent };
}

test.each([
  [undefined, 1_300],
  [200, 700],
  [3_000, 3_500],
])('silence of %s ms for the detection, and 500 ms more, is sent at once: %s ms', (detectionMs, first) => {
  const { tail, sent } = createTail(detectionMs);
  tail.start();
  expect(sent).toEqual([first]);
  tail.stop();
});

test('silence follows as fast as it would play, until a reply begins', () => {
  const { tail, sent } = createTail();
  tail.start();
  jest.advanceTimersByTime(1_000);
  expect(sent).toEqual([1_300, 500, 500]);
  tail.stop();
  jest.advanceTimersByTime(60_000);
  expect(sent).toHaveLength(3);
});

test('silence ends after 6 s if no reply begins, and begins anew with the next end of audio', () => {
  const { tail, sent } = createTail();
  tail.start();
  jest.advanceTimersByTime(60_000);
  const total = sent.reduce((sum, ms) => sum + ms, 0);
  expect(total).toBeGreaterThan(5_500);
  expect(total).toBeLessThanOrEqual(6_000);
  expect(jest.getTimerCount()).toBe(0);
  tail.start();
  expect(sent.at(-1)).toBe(1_300);
  tail.stop();
});
