import { describe, expect, test } from '@jest/globals';
import { createServerBusyError, MemoryBudget } from '../../src/session/memory-budget.ts';
import { MemoryShare } from '../../src/wire/memory-share.ts';

describe('MemoryBudget', () => {
  test('admits new work until four fifths of it are used', () => {
    const budget = new MemoryBudget(1_000);
    budget.add(799);
    expect(budget.admitsWork).toBe(true);
    budget.add(1);
    expect(budget.admitsWork).toBe(false);
    budget.release(1);
    expect(budget.admitsWork).toBe(true);
  });

  test('refuses to reserve more than its maximum, and counts what cannot be refused', () => {
    const budget = new MemoryBudget(1_000);
    expect(budget.reserve(1_000)).toBe(true);
    expect(budget.reserve(1)).toBe(false);
    expect(budget).toMatchObject({ used: 1_000, isExhausted: false });
    budget.add(1);
    expect(budget).toMatchObject({ used: 1_001, isExhausted: true });
  });

  test('names a wait in its refusal', () => {
    expect(createServerBusyError().body()).toMatchObject({ code: 'server_busy', retry: true, retry_after_ms: 5_000 });
  });
});

describe('MemoryShare', () => {
  test('counts the size that its holder reports last', () => {
    const budget = new MemoryBudget(1_000);
    const share = new MemoryShare(budget);
    for (const bytes of [100, 700, 700, 300]) {
      share.set(bytes);
      expect(budget.used).toBe(bytes);
    }
  });

  test('releases everything once when it is closed, and counts nothing afterwards', () => {
    const budget = new MemoryBudget(1_000);
    const share = new MemoryShare(budget);
    share.set(400);
    share.close();
    share.close();
    share.set(500);
    expect(budget.used).toBe(0);
    expect(share.bytes).toBe(0);
  });
});
