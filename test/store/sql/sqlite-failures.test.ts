import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LiveConversations } from '../../../src/store/live-conversations.ts';
import type { SessionStore } from '../../../src/store/session-store.ts';
import { createSqliteStore } from '../../../src/store/sql/sqlite-store.ts';
import { afterTest, temporaryDirectory, waitFor } from '../../http/test-server.ts';
import { KEY, loadTexts, textEvent } from '../events.ts';

const QUICK = { firstRetryMs: 10, maxRetryMs: 50 };

function openStore(file: string): SessionStore {
  const store = createSqliteStore({ file });
  afterTest(() => store.close());
  return store;
}

/** A conversation over a store, with what its watcher is told. */
async function openConversation(store: SessionStore) {
  const conversations = new LiveConversations(store, { limits: QUICK });
  const conversation = conversations.open(KEY);
  await conversation.loaded;
  const states: object[] = [];
  conversation.watchStorage((state) => void states.push(state));
  const say = (text: string) => {
    conversation.append(textEvent(text));
    conversation.commitTurn();
  };
  return { conversation, states, say };
}

function runProgram(name: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  afterTest(() => void child.kill('SIGKILL'));
  return child;
}

/** Number of ticks of 10 ms that the event loop had time for while something was done. */
async function countTicks(work: Promise<unknown>): Promise<number> {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 10);
  await work;
  clearInterval(timer);
  return ticks;
}

const isRoot = process.getuid?.() === 0;
const onFullDisk = isRoot ? describe : describe.skip;

onFullDisk(`a file of SQLite on a disk that is full${isRoot ? '' : ', which only root can make'}`, () => {
  const disk = mkdtempSync(join(tmpdir(), 'bidi-disk-'));
  let isMounted = false;
  beforeAll(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    isMounted = true;
  });
  afterAll(() => {
    if (isMounted) execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  });

  test('refuses turns, keeps what it has, and takes the conversation, which went on, when there is room', async () => {
    const store = openStore(join(disk, 'conversations.db'));
    const { conversation, states, say } = await openConversation(store);
    say('before');
    await store.commit({ ...KEY, sessionId: 'small' }, { events: [] });
    const filler = join(disk, 'filler');
    fillDisk(filler);
    for (let turn = 0; turn < 20; turn += 1) say(`turn ${turn} ${'x'.repeat(20_000)}`);
    await waitFor('the report', () => states.length > 0);
    expect(states).toEqual([{ state: 'failing' }]);
    expect(conversation.events).toHaveLength(21);
    await expect(
      store.commit({ ...KEY, sessionId: 'other' }, { events: [textEvent('x'.repeat(50_000))] }),
    ).rejects.toThrow(/full/);
    expect((await loadTexts(store))[0]).toBe('before');
    rmSync(filler);
    await waitFor('the second report', () => states.length > 1);
    expect(states).toEqual([{ state: 'failing' }, { state: 'ok' }]);
    const texts = await loadTexts(store);
    expect(texts.map((text) => text?.slice(0, 7).trim())).toEqual([
      'before',
      ...Array.from({ length: 20 }, (_, turn) => `turn ${turn}`.slice(0, 7)),
    ]);
  });
});

/** Writes a file until the disk is full. */
function fillDisk(path: string): void {
  for (let size = 2 * 1024 * 1024; size >= 1024; size /= 2) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size));
    } catch {
      // A smaller part may still fit.
    }
  }
}

test('a database that may not grow refuses turns, and keeps what it has', async () => {
  const file = join(await temporaryDirectory(), 'conversations.db');
  const store = openStore(file);
  await store.commit(KEY, { events: [textEvent('before')] });
  const other = new DatabaseSync(file);
  afterTest(() => other.close());
  const pages = Number(other.prepare('PRAGMA page_count').get()?.page_count);
  other.exec(`PRAGMA max_page_count = ${pages}`);
  expect(() =>
    other.exec(`INSERT INTO bidi_events (session_pk, id, body) VALUES (1, 'x', '${'x'.repeat(50_000)}')`),
  ).toThrow(/full/);
  expect(await loadTexts(store)).toEqual(['before']);
  await store.commit(KEY, { events: [textEvent('after')] });
  expect(await loadTexts(store)).toEqual(['before', 'after']);
});

describe('two processes on one file of SQLite', () => {
  test('both commit, and nothing is lost or doubled', async () => {
    const file = join(await temporaryDirectory(), 'conversations.db');
    const store = openStore(file);
    const child = runProgram('commit-turns.ts', file, '0');
    let printed = '';
    child.stdout?.on('data', (data) => {
      printed += data;
    });
    const here = { ...KEY, sessionId: 'here' };
    const texts: string[] = [];
    for (let turn = 0; turn < 200 || printed.split('\n').length < 100; turn += 1) {
      texts.push(`turn ${turn}`);
      await store.commit(here, { events: [textEvent(`turn ${turn}`)] });
    }
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await loadTexts(store, here)).toEqual(texts);
    const theirs = await store.load(KEY);
    const reported = printed.trim().split('\n').length;
    const ids = (theirs?.events ?? []).map(({ id }) => id);
    expect(ids.slice(0, 2 * reported)).toEqual(
      Array.from({ length: reported }, (_, turn) => [`${turn}-question`, `${turn}-answer`]).flat(),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('one that waits for the other goes on with everything else, and commits then', async () => {
    const file = join(await temporaryDirectory(), 'conversations.db');
    const store = openStore(file);
    await store.commit(KEY, { events: [textEvent('before')] });
    const { states, say } = await openConversation(store);
    const child = runProgram('hold-lock.ts', file, '1500');
    await once(child.stdout ?? child, 'data');
    say('during');
    const stored = waitFor('the turn to be stored', () => child.exitCode !== null).then(() =>
      store.commit(KEY, { events: [textEvent('after')] }),
    );
    const ticks = await countTicks(stored);
    // SQLite alone would have stopped the event loop for the whole time.
    expect(ticks).toBeGreaterThan(20);
    expect(await loadTexts(store)).toEqual(['before', 'during', 'after']);
    expect(states).toEqual([]);
  });

  test('one that waits in vain for the lock rejects the commit, and stores nothing of it', async () => {
    const file = join(await temporaryDirectory(), 'conversations.db');
    const store = openStore(file);
    await store.commit(KEY, { events: [textEvent('before')] });
    const blocker = new DatabaseSync(file);
    blocker.exec('BEGIN IMMEDIATE');
    await expect(store.commit(KEY, { events: [textEvent('during')] })).rejects.toThrow(/locked/);
    blocker.exec('ROLLBACK');
    blocker.close();
    expect(await loadTexts(store)).toEqual(['before']);
  });
});

describe('a file of SQLite that is in use', () => {
  async function start() {
    const folder = await temporaryDirectory();
    const file = join(folder, 'conversations.db');
    const store = openStore(file);
    const opened = await openConversation(store);
    opened.say('before');
    await store.commit({ ...KEY, sessionId: 'other' }, { events: [] });
    return { folder, file, store, ...opened };
  }

  test('refuses turns while it is moved away, says why, and takes them when it is back', async () => {
    const { folder, file, store, states, say } = await start();
    mkdirSync(join(folder, 'away'));
    renameSync(file, join(folder, 'away/conversations.db'));
    say('during');
    await waitFor('the report', () => states.length > 0);
    await expect(store.commit(KEY, { events: [] })).rejects.toThrow(
      /was moved, deleted or replaced .* put it back, or restart/,
    );
    renameSync(join(folder, 'away/conversations.db'), file);
    await waitFor('the second report', () => states.length > 1);
    expect(states).toEqual([{ state: 'failing' }, { state: 'ok' }]);
    expect(await loadTexts(store)).toEqual(['before', 'during']);
  });

  test.each<[string, (file: string) => void]>([
    ['deleted', (file) => rmSync(file)],
    [
      'replaced',
      (file) => {
        rmSync(file);
        writeFileSync(file, 'another file');
      },
    ],
    ['deleted with its folder', (file) => rmSync(join(file, '..'), { recursive: true })],
  ])('refuses turns after it was %s, and the conversation goes on', async (_what, spoil) => {
    const { file, store, conversation, states, say } = await start();
    spoil(file);
    say('during');
    await waitFor('the report', () => states.length > 0);
    expect(states).toEqual([{ state: 'failing' }]);
    await expect(store.commit(KEY, { events: [] })).rejects.toThrow(/was moved, deleted or replaced/);
    expect(conversation.events).toHaveLength(2);
  });
});
