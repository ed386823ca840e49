import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { Retention, type RetentionLimits } from '../../src/session/retention.ts';
import { StoredSessions } from '../../src/session/stored-sessions.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import { createMemoryArtifacts } from '../../src/store/memory-artifacts.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import { createSqliteStore } from '../../src/store/sql/sqlite-store.ts';
import { afterTest, PATIENCE_MS, temporaryDirectory, waitFor } from '../http/test-server.ts';
import { KEY, textEvent } from '../store/events.ts';

const DAY_S = 86_400;
const NO_LIMITS: RetentionLimits = { ageDays: 0, userConversations: 1_000_000, userCharacters: 1_000_000_000 };

const STORES: [string, () => Promise<SessionStore>][] = [
  ['memory', async () => createMemoryStore()],
  ['SQLite', async () => createSqliteStore({ file: join(await temporaryDirectory(), 'conversations.db') })],
];

/** The retention of a service over a store. @param live ids of the sessions that are live */
function start(store: SessionStore, limits: Partial<RetentionLimits>, live: ReadonlySet<string> = new Set()) {
  const lines: object[] = [];
  const log = (details: object, message: string) => void lines.push({ ...details, message });
  const logger = { info: log, warn: log, error: log };
  const artifacts = createMemoryArtifacts();
  const conversations = new LiveConversations(store, { artifacts });
  const sessions = new StoredSessions({
    // Only the name of the application is asked for.
    runner: { card: { appName: KEY.appName } } as LiveRunner,
    conversations,
    sessions: { change: (key, change) => change(live.has(key.sessionId) ? ({} as never) : undefined) },
    logger,
  });
  const options = { appName: KEY.appName, conversations, sessions, logger, limits: { ...NO_LIMITS, ...limits } };
  const retention = new Retention(options);
  retention.start();
  afterTest(() => retention.stop());
  return { retention, conversations, artifacts, lines };
}

async function openStore(open: () => Promise<SessionStore>): Promise<SessionStore> {
  const store = await open();
  afterTest(() => store.close());
  return store;
}

/** Stores a conversation whose newest event is some days old. */
async function storeOld(store: SessionStore, sessionId: string, days: number, text = sessionId, userId = KEY.userId) {
  const timestamp = Date.now() / 1000 - days * DAY_S;
  await store.commit({ ...KEY, userId, sessionId }, { events: [{ ...textEvent(text, 'user'), timestamp }] });
}

async function listIds(store: SessionStore, userId = KEY.userId): Promise<string[]> {
  return (await store.list(KEY.appName, userId, { limit: 100 })).sessions.map(({ sessionId }) => sessionId);
}

/** Says something in a conversation, as a run does. */
async function say(
  conversations: LiveConversations,
  sessionId: string,
  text = 'hello',
  userId = KEY.userId,
): Promise<void> {
  const conversation = conversations.open({ ...KEY, userId, sessionId });
  await conversation.loaded;
  conversation.append({ ...textEvent(text, 'user'), timestamp: Date.now() / 1000 });
  await conversation.release();
}

describe.each(STORES)('retention in a store of %s', (_name, open) => {
  test('a sweep deletes what is older than the limit, of all users, with its files, and logs one line', async () => {
    const store = await openStore(open);
    const { retention, artifacts, lines } = start(store, { ageDays: 90 });
    for (const [sessionId, days] of [
      ['new', 0],
      ['young', 89],
      ['old', 91],
      ['older', 400],
    ] as const) {
      await storeOld(store, sessionId, days);
      await artifacts.save({ ...KEY, sessionId }, 'speech.pcm', { mimeType: 'audio/pcm', data: new Uint8Array(2) });
    }
    await storeOld(store, 'of bob', 91, 'text', 'bob');
    await store.commit({ ...KEY, appName: 'other' }, { events: [textEvent('of another application')] });
    await retention.sweep();
    expect(await listIds(store)).toEqual(['new', 'young']);
    expect(await listIds(store, 'bob')).toEqual([]);
    expect(await store.load({ ...KEY, appName: 'other' })).toBeDefined();
    expect(await artifacts.list({ ...KEY, sessionId: 'young' })).toHaveLength(1);
    expect(await artifacts.list({ ...KEY, sessionId: 'old' })).toEqual([]);
    expect(lines).toEqual([{ deleted: 3, olderThanDays: 90, message: 'old conversations were deleted' }]);
    await retention.sweep();
    expect(lines).toHaveLength(1);
  });

  test('a sweep leaves conversations that are live, or held by a run, and without a limit deletes nothing', async () => {
    const store = await openStore(open);
    for (const sessionId of ['live', 'held', 'unused']) await storeOld(store, sessionId, 1_000);
    await start(store, { ageDays: 0 }).retention.sweep();
    expect(await listIds(store)).toHaveLength(3);
    const { retention, conversations } = start(store, { ageDays: 1 }, new Set(['live']));
    const held = conversations.open({ ...KEY, sessionId: 'held' });
    await retention.sweep();
    expect((await listIds(store)).toSorted()).toEqual(['held', 'live']);
    await held.release();
    await retention.sweep();
    expect(await listIds(store)).toEqual(['live']);
  });

  test('a commit beyond the number of conversations deletes the oldest of that user that are not live', async () => {
    const store = await openStore(open);
    const { conversations, lines } = start(store, { userConversations: 3 }, new Set(['a']));
    for (const [index, sessionId] of ['a', 'b', 'c'].entries()) await storeOld(store, sessionId, 10 - index);
    await storeOld(store, 'of bob', 20, 'text', 'bob');
    await say(conversations, 'd');
    await waitFor('the oldest to be deleted', () => lines.length > 0);
    expect(await listIds(store)).toEqual(['d', 'c', 'a']);
    expect(await listIds(store, 'bob')).toEqual(['of bob']);
    const message = 'the oldest conversations of a user were deleted: there were too many';
    expect(lines).toEqual([{ userId: KEY.userId, deleted: 1, message }]);
    await say(conversations, 'e');
    await waitFor('the next one to be deleted', () => lines.length > 1);
    expect(await listIds(store)).toEqual(['e', 'd', 'a']);
  });

  test('a commit beyond the size of a user deletes the oldest until the rest fits; the newest stays, whatever its size', async () => {
    const store = await openStore(open);
    const { conversations, lines } = start(store, { userCharacters: 10_000 });
    for (const [index, sessionId] of ['a', 'b', 'c'].entries()) {
      await storeOld(store, sessionId, 10 - index, 'x'.repeat(3_000));
    }
    await say(conversations, 'd', 'x'.repeat(3_000));
    await waitFor('the oldest to be deleted', () => lines.length > 0);
    expect(await listIds(store)).toEqual(['d', 'c', 'b']);
    await say(conversations, 'e', 'x'.repeat(30_000));
    await waitFor('all others to be deleted', () => lines.length > 1);
    expect(await listIds(store)).toEqual(['e']);
    await say(conversations, 'e', 'more');
    await say(conversations, 'f', 'little');
    await waitFor('the large one to be deleted', () => lines.length > 2);
    expect(await listIds(store)).toEqual(['f']);
  });

  test('a user within the limits is measured once for many commits', async () => {
    const store = await openStore(open);
    const started: string[] = [];
    const completed: string[] = [];
    const measure = store.measureUser.bind(store);
    store.measureUser = async (appName, userId) => {
      started.push(userId);
      const size = await measure(appName, userId);
      completed.push(userId);
      return size;
    };
    const { conversations } = start(store, { userConversations: 5 });
    // One commit only: another one while the store measures makes the user due again.
    await say(conversations, 'a');
    await waitFor('the measurement to be complete', () => completed.length > 0);
    // Its result is used in the same turn of the event loop.
    await nextTurn();
    for (let turn = 0; turn < 20; turn += 1) await say(conversations, 'b');
    // Users are measured in the order in which they are due.
    await say(conversations, 'of bob', 'hello', 'bob');
    await waitFor('the measurement of the next user', () => completed.includes('bob'));
    expect(started).toEqual([KEY.userId, 'bob']);
  });

  test('a conversation that is spoken between the list and the deletion stays', async () => {
    const store = await openStore(open);
    await storeOld(store, 'a', 100);
    await storeOld(store, 'b', 100);
    const list = store.listOldest.bind(store);
    store.listOldest = async (...parameters) => {
      const listed = await list(...parameters);
      await storeOld(store, 'a', 0);
      return listed;
    };
    await start(store, { ageDays: 90 }).retention.sweep();
    expect(await listIds(store)).toEqual(['a']);
  });

  test('a conversation that cannot be deleted, and many that are used, keep no others from being deleted', async () => {
    const store = await openStore(open);
    for (let index = 0; index < 60; index += 1) await storeOld(store, `used${index}`, 300 + index);
    for (const sessionId of ['damaged', 'old', 'new']) await storeOld(store, sessionId, sessionId === 'new' ? 0 : 100);
    const remove = store.delete.bind(store);
    store.delete = async (key) => {
      if (key.sessionId === 'damaged') throw new Error('damaged');
      return remove(key);
    };
    const used = new Set(Array.from({ length: 60 }, (_, index) => `used${index}`));
    const { retention, lines } = start(store, { ageDays: 90 }, used);
    await retention.sweep();
    const left = (await listIds(store)).filter((id) => !used.has(id));
    expect(left).toEqual(['new', 'damaged']);
    expect(await listIds(store)).toHaveLength(62);
    expect(lines.at(-1)).toMatchObject({ deleted: 1 });
  });

  test('a conversation that cannot be deleted does not let its user exceed the limits', async () => {
    const store = await openStore(open);
    for (const [index, id] of ['damaged', 'b', 'c', 'd'].entries()) await storeOld(store, id, 9 - index);
    const remove = store.delete.bind(store);
    store.delete = async (key) => {
      if (key.sessionId === 'damaged') throw new Error('damaged');
      return remove(key);
    };
    const { conversations } = start(store, { userConversations: 3 });
    await say(conversations, 'e');
    await waitFor('the deletion', () => conversations.storeStatus === 'ok');
    const deadline = Date.now() + PATIENCE_MS;
    while ((await listIds(store)).length > 3 && Date.now() < deadline) await nextTurn();
    expect(await listIds(store)).toEqual(['e', 'd', 'damaged']);
  });

  test('a sweep of many conversations leaves turns of the event loop between any two of them', async () => {
    const store = await openStore(open);
    for (let index = 0; index < 300; index += 1) await storeOld(store, `s${index}`, 100 + index);
    const { retention, lines } = start(store, { ageDays: 90 });
    let turns = 0;
    let isOver = false;
    const counting = (async () => {
      for (; !isOver; turns += 1) await nextTurn();
    })();
    await retention.sweep();
    isOver = true;
    await counting;
    expect(lines).toMatchObject([{ deleted: 300 }]);
    expect(turns).toBeGreaterThan(300);
  });
});

test('two processes on one database delete each conversation once, and neither fails', async () => {
  const file = join(await temporaryDirectory(), 'conversations.db');
  const stores = [createSqliteStore({ file }), createSqliteStore({ file })];
  for (const store of stores) afterTest(() => store.close());
  const [store] = stores as [SessionStore];
  for (let index = 0; index < 100; index += 1) await storeOld(store, `s${index}`, 100 + index);
  const started = stores.map((each) => start(each, { ageDays: 90 }));
  await Promise.all(started.map(({ retention }) => retention.sweep()));
  expect(await listIds(store)).toEqual([]);
  const lines = started.flatMap((each) => each.lines) as { deleted: number; message: string }[];
  expect(new Set(lines.map(({ message }) => message))).toEqual(new Set(['old conversations were deleted']));
  expect(lines.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(100);
});

test('a store that fails, or lacks what retention needs, is logged once a minute and disturbs no conversation', async () => {
  const store = createMemoryStore();
  Object.assign(store, { measureUser: undefined, listOldest: undefined });
  const { conversations, retention, lines } = start(store, { ageDays: 90, userConversations: 1 });
  for (const sessionId of ['a', 'b', 'c']) await say(conversations, sessionId);
  await waitFor('the first failure to be logged', () => lines.length > 0);
  for (const sessionId of ['a', 'b', 'c', 'd']) await say(conversations, sessionId);
  await retention.sweep();
  // Users are checked in the order in which they are due.
  await say(conversations, 'of bob', 'hello', 'bob');
  await waitFor('the next user to be checked', () => lines.length > 2);
  expect(await listIds(store)).toEqual(['d', 'c', 'b', 'a']);
  const message = 'the stored conversations of a user could not be limited';
  expect(lines).toMatchObject([
    { userId: KEY.userId, message },
    { message: 'conversations that are too old could not be deleted' },
    { userId: 'bob', message },
  ]);
});

test('after stop nothing more is deleted', async () => {
  const store = createMemoryStore();
  for (let index = 0; index < 50; index += 1) await storeOld(store, `s${index}`, 100 + index);
  const { retention } = start(store, { ageDays: 90 });
  const swept = retention.sweep();
  await waitFor('the first deletion', () => true);
  await retention.stop();
  const left = (await listIds(store)).length;
  await swept;
  expect(left).toBeGreaterThan(0);
  expect(await listIds(store)).toHaveLength(left);
});
