import { expect, jest, test } from '@jest/globals';
import { settleWithin } from '../../src/session/settle-within.ts';

test('a promise that is fulfilled within the limit gives true and leaves no timer', async () => {
  jest.useFakeTimers();
  try {
    expect(await settleWithin(Promise.resolve('done'), 1_000)).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('a promise that is not settled within the limit gives false at the limit, and not before', async () => {
  jest.useFakeTimers();
  try {
    let settled: boolean | undefined;
    const { promise } = Promise.withResolvers<void>();
    void settleWithin(promise, 1_000).then((result) => {
      settled = result;
    });
    await jest.advanceTimersByTimeAsync(999);
    expect(settled).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1);
    expect(settled).toBe(false);
  } finally {
    jest.useRealTimers();
  }
});

test('a rejection within the limit is thrown, and one after the limit is ignored', async () => {
  await expect(settleWithin(Promise.reject(new Error('failed')), 1_000)).rejects.toThrow('failed');
  const { promise, reject } = Promise.withResolvers<void>();
  expect(await settleWithin(promise, 1)).toBe(false);
  reject(new Error('too late'));
  await new Promise(setImmediate);
});
