import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionStore } from '../../../src/store/session-store.ts';
import { createPostgresStore } from '../../../src/store/sql/postgres-store.ts';
import { createSqliteStore } from '../../../src/store/sql/sqlite-store.ts';
import { KEY } from '../events.ts';
import { findPostgres, type Postgres, startPostgres } from './start-postgres.ts';

const PROGRAM = join(import.meta.dirname, 'commit-turns.ts');
/** Maximum time between the first turn of a process and its death, in ms. */
const LIFE_MS = 40;

/** Has a process commit turns, and kills it in the middle. @returns the number of the last turn that the store has reported as stored */
async function commitUntilKilled(place: string, first: number): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, place, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let reported = '';
  const started = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    reported += text;
    started.resolve();
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  await started.promise;
  await delay(Math.random() * LIFE_MS);
  child.kill('SIGKILL');
  await exited;
  const whole = reported.slice(0, reported.lastIndexOf('\n'));
  return Number(whole.slice(whole.lastIndexOf('\n') + 1));
}

/** Checks that a store has each turn once and whole, up to one that it has reported. @returns the number of the last turn */
async function checkTurns(store: SessionStore, reported: number): Promise<number> {
  const stored = await store.load(KEY);
  const ids = stored?.events.map(({ id }) => id) ?? [];
  const last = ids.length / 2 - 1;
  expect(ids).toEqual(Array.from({ length: last + 1 }, (_, turn) => [`${turn}-question`, `${turn}-answer`]).flat());
  expect(last).toBeGreaterThanOrEqual(reported);
  expect(stored?.state).toEqual({ app: {}, user: { turn: last }, session: { turn: last } });
  return last;
}

async function killAgainAndAgain(times: number, place: string, open: () => SessionStore): Promise<void> {
  let next = 0;
  for (let count = 0; count < times; count += 1) {
    const reported = await commitUntilKilled(place, next);
    const store = open();
    next = (await checkTurns(store, reported)) + 1;
    await store.close();
  }
}

describe('a process that is killed at 100 random moments while it commits turns', () => {
  test('leaves in SQLite each turn that was reported as stored, and none in part or twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bidi-kill-'));
    const file = join(folder, 'conversations.db');
    await killAgainAndAgain(100, file, () => createSqliteStore({ file }));
    await rm(folder, { recursive: true });
  }, 900_000);

  const programs = findPostgres();
  if ('missing' in programs && process.env.CI !== 'true') {
    test.skip(`leaves the same in PostgreSQL; skipped: ${programs.missing}`, () => undefined);
    return;
  }
  let postgres: Postgres | undefined;
  beforeAll(async () => {
    postgres = await startPostgres(programs);
  }, 60_000);
  afterAll(() => postgres?.stop());

  test('leaves the same in PostgreSQL', async () => {
    const url = (await postgres?.createDatabase()) ?? '';
    await killAgainAndAgain(100, url, () => createPostgresStore({ url }));
  }, 900_000);
});
