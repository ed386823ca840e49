import { describe, expect, test } from '@jest/globals';
import { BodyBudget, type PendingBody } from '../../src/http/body-budget.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import type { WireError } from '../../src/wire/wire-error.ts';
import { afterTest, waitFor } from './test-server.ts';

const MEBIBYTE = 1024 * 1024;
const HOUR_MS = 3_600_000;

interface TestBody extends PendingBody {
  readonly failures: WireError[];
}

function createBudget({ idleMs = HOUR_MS, maxBytes = MEBIBYTE, memory = new MemoryBudget(1024 * MEBIBYTE) } = {}) {
  const budget = new BodyBudget({ maxBytes, idleMs }, memory);
  afterTest(() => budget.close());
  return budget;
}

/** Adds a body whose last chunk arrived some time ago, and that takes some memory. */
function addBody(
  budget: BodyBudget,
  { ageMs = 0, endless = false, isPaused = false, address = '192.0.2.1', user = 'ann', mebibytes = 0 } = {},
): TestBody {
  const startedAt = Date.now() - ageMs;
  const failures: WireError[] = [];
  const body: TestBody = {
    sender: { clientAddress: address, userId: user },
    bytes: 0,
    endless,
    startedAt,
    lastChunkAt: startedAt,
    failures,
    isPaused,
    fail(error) {
      failures.push(error);
      budget.remove(body);
    },
  };
  budget.add(body);
  budget.hold(body, mebibytes * MEBIBYTE);
  return body;
}

const failuresOf = (bodies: readonly TestBody[]) => bodies.flatMap(({ failures }) => failures);

describe('a budget for bodies', () => {
  test('refuses the body of one client that has paused longest when all together exceed 32 MiB', () => {
    const budget = createBudget();
    const idlest = addBody(budget, { ageMs: 3_000, mebibytes: 10 });
    const others = [2_000, 1_000].map((ageMs) => addBody(budget, { ageMs, mebibytes: 10 }));
    const empty = addBody(budget, { ageMs: 4_000 });
    expect(idlest.failures).toEqual([]);
    budget.hold(others[1] as TestBody, 13 * MEBIBYTE); // the second of two
    expect(idlest.failures).toMatchObject([{ code: 'server_busy', details: { retry_after_ms: 5_000 } }]);
    expect(failuresOf([...others, empty])).toEqual([]);
  });

  test('refuses the fast uploads of the address that holds most, and not the slow upload of another one', () => {
    const budget = createBudget();
    const slow = addBody(budget, { ageMs: 60_000, mebibytes: 4, address: '192.0.2.7' });
    const fast = Array.from({ length: 100 }, () => addBody(budget, { mebibytes: 1, user: 'mallory' }));
    expect(slow.failures).toEqual([]);
    expect(failuresOf(fast)).toHaveLength(72);
  });

  test('refuses the uploads of the user that holds most behind one address, as behind a proxy', () => {
    const budget = createBudget();
    const slow = addBody(budget, { ageMs: 60_000, mebibytes: 4, user: 'ann' });
    const fast = Array.from({ length: 100 }, () => addBody(budget, { mebibytes: 1, user: 'mallory' }));
    expect(slow.failures).toEqual([]);
    expect(failuresOf(fast)).toHaveLength(72);
  });

  test('has room for four bodies of the largest allowed size', () => {
    const budget = createBudget({ maxBytes: 10 * MEBIBYTE });
    const bodies = [1, 2, 3, 4].map(() => addBody(budget, { mebibytes: 10 }));
    expect(failuresOf(bodies)).toEqual([]);
    budget.hold(addBody(budget), 1);
    expect(failuresOf(bodies)).toHaveLength(1);
  });

  test('frees the memory of a body that is complete', () => {
    const budget = createBudget();
    const pending = addBody(budget, { ageMs: 1_000, mebibytes: 1 });
    for (let count = 0; count < 100; count += 1) budget.remove(addBody(budget, { mebibytes: 1 }));
    expect(pending.failures).toEqual([]);
  });

  test('counts bodies in the memory of all clients, and refuses a body for which that has no room', () => {
    const memory = new MemoryBudget(10 * MEBIBYTE);
    const budget = createBudget({ memory });
    const first = addBody(budget, { mebibytes: 6 });
    const second = addBody(budget, { mebibytes: 6 });
    expect(second.failures).toMatchObject([{ code: 'server_busy' }]);
    expect(memory.used).toBe(6 * MEBIBYTE);
    budget.hold(first, 2 * MEBIBYTE);
    expect(memory.used).toBe(2 * MEBIBYTE);
    for (const body of [first, first, second]) budget.remove(body);
    budget.hold(first, 5 * MEBIBYTE);
    expect(memory.used).toBe(0);
  });

  test('refuses a body that pauses or lasts too long, but not one that the server has paused, or an endless one that lasts', async () => {
    const budget = createBudget({ idleMs: 10_000 });
    const idle = addBody(budget, { ageMs: 11_000 });
    const paused = addBody(budget, { ageMs: 11_000, isPaused: true });
    const late = addBody(budget, { ageMs: 41_000 });
    const endless = addBody(budget, { ageMs: 41_000, endless: true });
    late.lastChunkAt = Date.now();
    endless.lastChunkAt = Date.now();
    await waitFor('the refusals', () => idle.failures.length > 0 && late.failures.length > 0);
    expect([idle, late].map(({ failures }) => failures[0]?.code)).toEqual(['body_timeout', 'body_timeout']);
    expect(failuresOf([paused, endless])).toEqual([]);
  });
});
