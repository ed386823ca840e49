import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createMemoryStore } from '../src/store/memory-store.ts';
import type { SessionStore } from '../src/store/session-store.ts';
import { createSqliteStore } from '../src/store/sql/sqlite-store.ts';
import type { AgentEvent } from '../src/wire/agent-event.ts';
import { inTurn, median, print, range, report, verdict } from './report.ts';

const APP = 'bench';
const TURN_BUDGET_MS = 1;
/** Largest ratio of an operation with many conversations to the same one with few that counts as constant time. */
const RATIO_BUDGET = 1.5;
const FEW = 100;
const MANY = 10_000;
/** Events of a spoken turn: transcripts, a call of a tool with its result, usage. */
const TURN_EVENTS = 12;
/** Pause between two turns, in ms: the caches of the processor grow cold, as they do between turns of a conversation. */
const PAUSE_MS = 5;

let made = 0;

function createEvent(author: string, characters: number): AgentEvent {
  made += 1;
  const text = 'what was said '.repeat(Math.ceil(characters / 14)).slice(0, characters);
  return {
    id: `event-${made}`,
    invocationId: 'e-1',
    author,
    timestamp: 1_700_000_000 + made,
    content: { role: author === 'user' ? 'user' : 'model', parts: [{ text }] },
  };
}

function createTurn(): AgentEvent[] {
  return Array.from({ length: TURN_EVENTS }, (_, index) => createEvent(index === 0 ? 'user' : 'agent', 200));
}

/** Runs a measurement with a store of SQLite in a temporary folder. */
async function withSqlite(measure: (store: SessionStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bidi-bench-'));
  const store = createSqliteStore({ file: join(folder, 'conversations.db') });
  try {
    await measure(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

/**
 * Measures for how long the event loop stands still while SQLite stores a turn: the time until a callback runs that was due when the commit began.
 * The database has 10,000 other conversations.
 */
export async function measureStoredTurns(rounds: number, turns: number): Promise<void> {
  await withSqlite(async (store) => {
    await fill(store, 'many', MANY);
    await storeTurns(store, turns);
    // What other programs take of the processors, both see.
    const memory = createMemoryStore();
    const middles: number[] = [];
    const highest: number[] = [];
    const highestInMemory: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const stalls = await storeTurns(store, turns);
      middles.push(median(stalls));
      highest.push(findHighest(stalls));
      highestInMemory.push(findHighest(await storeTurns(memory, turns)));
    }
    const p99 = median(highest);
    print(
      `a turn of ${TURN_EVENTS} events stored in SQLite, ${rounds} rounds of ${turns} turns: the event loop stands still for ` +
        `${median(middles).toFixed(2)} ms, 99 % at most ${p99.toFixed(2)} ms${range(highest, 2)}, ` +
        `in memory ${median(highestInMemory).toFixed(2)} ms${range(highestInMemory, 2)}; ${verdict(p99, TURN_BUDGET_MS)} ${TURN_BUDGET_MS} ms`,
    );
  });
}

/** Finds the value that 99 % do not exceed. */
function findHighest(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

/** Stores turns of 20 conversations. @returns for how long the event loop stood still for each, in ms */
async function storeTurns(store: SessionStore, turns: number): Promise<number[]> {
  const stalls: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const key = { appName: APP, userId: 'speaker', sessionId: `s${turn % 20}` };
    const events = createTurn();
    await wait(PAUSE_MS);
    const start = performance.now();
    const stall = new Promise<number>((resolve) => setImmediate(() => resolve(performance.now() - start)));
    const committed = store.commit(key, { events, state: { session: { turn } } });
    stalls.push(await stall);
    await committed;
  }
  return stalls;
}

/** Measures what it costs to list and to open a conversation of a user who has 10,000 of them, beside a user who has 100, in the same store. */
export async function measureManyConversations(rounds: number): Promise<void> {
  await compareUsers('memory', createMemoryStore({ conversations: 2 * MANY }), rounds);
  await withSqlite((store) => compareUsers('SQLite', store, rounds));
}

async function compareUsers(name: string, store: SessionStore, rounds: number): Promise<void> {
  await fill(store, 'few', FEW);
  await fill(store, 'many', MANY);
  await compare(`a page of the list, ${name}`, rounds, (userId) => store.list(APP, userId, { limit: 50 }));
  await compare(`a page in the middle of the list, ${name}`, rounds, (userId, count) => {
    const { timestamp, sessionId } = positionOf(userId, count >> 1);
    return store.list(APP, userId, { limit: 20, cursor: `${timestamp}:${sessionId}` });
  });
  await compare(`a conversation opened, ${name}`, rounds, (userId, count) =>
    store.load({ appName: APP, userId, sessionId: `s${count >> 1}` }, { recentEvents: 2_000 }),
  );
  await compare(`the oldest conversations found, ${name}`, rounds, (userId) =>
    store.listOldest(APP, { userId, limit: 50 }),
  );
}

/** Number of operations of a round. */
const OPERATIONS = 200;

async function compare(
  what: string,
  rounds: number,
  run: (userId: string, count: number) => Promise<unknown>,
): Promise<void> {
  const time = (userId: string, count: number) => async () => {
    const start = performance.now();
    for (let operation = 0; operation < OPERATIONS; operation += 1) await run(userId, count);
    return ((performance.now() - start) * 1_000) / OPERATIONS;
  };
  const pairs = await inTurn(what, rounds, time('many', MANY), time('few', FEW));
  const row = { what: `${what}, of ${MANY} conversations`, other: `of ${FEW}`, unit: 'µs', budget: RATIO_BUDGET };
  report({ ...row, pairs });
}

/** Times of the conversations of each user, in their order. */
const times = new Map<string, number[]>();

function positionOf(userId: string, index: number) {
  return { timestamp: times.get(userId)?.[index], sessionId: `s${index}` };
}

async function fill(store: SessionStore, userId: string, count: number): Promise<void> {
  const own: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const events = [createEvent('user', 60), createEvent('agent', 200)];
    own.push(events[1]?.timestamp ?? 0);
    await store.commit({ appName: APP, userId, sessionId: `s${index}` }, { events });
  }
  times.set(userId, own);
}
