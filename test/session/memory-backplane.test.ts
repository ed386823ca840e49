import { describe, expect, test } from '@jest/globals';
import { MemoryBackplane, MemoryHub } from '../../src/session/memory-backplane.ts';
import { testBackplane } from './backplane-contract.ts';

describe('the backplane in memory', () => {
  testBackplane(async () => {
    const hub = new MemoryHub();
    return {
      join: async () => new MemoryBackplane(hub),
      expire: async (key) => hub.expire(key),
    };
  });
});

test('backplanes without a common hub are clusters of one process each', async () => {
  const key = { appName: 'app', userId: 'ann', sessionId: 'default' };
  const log = {
    epoch: 'A'.repeat(16),
    head: 0,
    oldest: 1,
    at: () => undefined,
    locate: () => ({ reset: 'ahead' }) as const,
  };
  const view = { ...log, subscribe: () => () => undefined };
  expect(await new MemoryBackplane().claim(key, view)).toBeDefined();
  expect(await new MemoryBackplane().claim(key, view)).toBeDefined();
});
