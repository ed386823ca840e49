import { describe, expect, test } from '@jest/globals';
import { loadRememberedTransport, storeRememberedTransport } from '../../src/client/remembered-transport.ts';

describe('the remembered transport', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const polling = { rung: 'poll', capMs: 30_000, socket: 'refused' } as const;
  const none = { rung: 'stream', capMs: undefined, socket: 'untried' };

  test('a transport is remembered for one day by the origin of its server', () => {
    storeRememberedTransport(storage, 'https://one.example/app', polling, 0);
    expect(loadRememberedTransport(storage, 'https://one.example', 86_399_999)).toEqual(polling);
    expect(loadRememberedTransport(storage, 'https://one.example', 86_400_000)).toEqual(none);
    expect(loadRememberedTransport(storage, 'https://two.example', 0)).toEqual(none);
  });

  test('a storage that is forbidden or holds nonsense counts as empty', () => {
    const forbidden = {
      getItem: () => {
        throw new Error('denied');
      },
      setItem: () => {
        throw new Error('denied');
      },
    };
    expect(() => storeRememberedTransport(forbidden, '', polling, 0)).not.toThrow();
    expect(loadRememberedTransport(forbidden, '', 0)).toEqual(none);
    for (const nonsense of ['', 'null', '[]', '{"rung":"rocket","until":9e99}', '{"rung":"poll"}']) {
      expect(loadRememberedTransport({ ...storage, getItem: () => nonsense }, '', 0)).toEqual(none);
    }
    const half = { ...storage, getItem: () => '{"rung":"poll","until":9e99,"capMs":"x","socket":3}' };
    expect(loadRememberedTransport(half, '', 0)).toEqual({ ...none, rung: 'poll' });
  });
});
