import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createSqliteStore } from '../../../src/store/sql/sqlite-store.ts';
import { waitFor } from '../../http/test-server.ts';
import { KEY, loadTexts, textEvent } from '../events.ts';
import { describeSessionStore } from '../session-store-contract.ts';
import { LISTED, listVersion1, listVersion2, listVersion3, measureTexts } from './earlier-versions.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function createFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bidi-sqlite-'));
  folders.push(folder);
  return join(folder, 'conversations.db');
}

describeSessionStore('createSqliteStore', async () =>
  createSqliteStore({ file: await createFile(), handleSecret: 'a secret of the test' }),
);

describe('createSqliteStore', () => {
  const resumption = { provider: 'gemini', handle: 'the handle of the provider' };

  test('keeps everything in its file: another store of the same file has it', async () => {
    const file = await createFile();
    const first = createSqliteStore({ file, handleSecret: 'one' });
    await first.commit(KEY, { events: [textEvent('hello')], state: { user: { name: 'Ann' } }, resumption });
    await first.close();
    const second = createSqliteStore({ file, handleSecret: 'one' });
    expect(await loadTexts(second)).toEqual(['hello']);
    expect(await second.load(KEY)).toMatchObject({ state: { user: { name: 'Ann' } }, resumption });
    await second.close();
  });

  test('stores no resumption handle in the clear: without the secret, or for another conversation, there is none', async () => {
    const file = await createFile();
    const store = createSqliteStore({ file, handleSecret: 'one' });
    await store.commit(KEY, { events: [], resumption });
    await store.close();
    const database = new DatabaseSync(file);
    const [row] = database.prepare('SELECT resumption_handle AS text FROM bidi_sessions').all();
    expect(String(row?.text)).not.toContain('handle');
    database.exec("UPDATE bidi_sessions SET session_id = 'moved'");
    database.close();
    for (const handleSecret of ['one', 'two', undefined]) {
      const other = createSqliteStore({ file, ...(handleSecret === undefined ? {} : { handleSecret }) });
      expect((await other.load({ ...KEY, sessionId: 'moved' }))?.resumption).toBeUndefined();
      await other.close();
    }
  });

  test('stores no resumption handle if it has no secret', async () => {
    const store = createSqliteStore({ file: await createFile() });
    await store.commit(KEY, { events: [textEvent('hello')], resumption });
    expect((await store.load(KEY))?.resumption).toBeUndefined();
    await store.close();
  });

  test('refuses a file that a newer program has written, with both versions, and changes nothing', async () => {
    const file = await createFile();
    const store = createSqliteStore({ file });
    await store.commit(KEY, { events: [textEvent('hello')] });
    await store.close();
    const database = new DatabaseSync(file);
    database.exec('UPDATE bidi_schema SET version = 1000');
    database.close();
    const older = createSqliteStore({ file });
    await expect(older.load(KEY)).rejects.toThrow(/tables of version 1000, and this program knows version 4/);
    await expect(older.commit(KEY, { events: [] })).rejects.toThrow(/install the newer program/);
    await older.close();
  });

  test.each([
    ['1', listVersion1],
    ['2', listVersion2],
    ['3', listVersion3],
  ])(
    'upgrades a file of version %s: its conversations have titles and sizes, and all that they had',
    async (_version, list) => {
      const file = await createFile();
      const database = new DatabaseSync(file);
      for (const statement of list('sqlite')) database.exec(statement);
      database.close();
      for (const _time of ['first', 'second']) {
        const store = createSqliteStore({ file });
        expect((await store.list('app', 'ann')).sessions).toEqual(LISTED);
        expect(await store.measureUser('app', 'ann')).toEqual({ conversations: 3, characters: measureTexts() });
        const typed = await store.load({ ...KEY, sessionId: 'typed' });
        expect(typed).toMatchObject({ events: { length: 2 }, state: { session: { mood: 'good' } } });
        await store.close();
      }
    },
  );

  test('finds a page of 10,000 conversations by an index, and a title in its row', async () => {
    const file = await createFile();
    const store = createSqliteStore({ file });
    await store.commit(KEY, { events: [textEvent('hello', 'user')] });
    await store.close();
    const database = new DatabaseSync(file);
    const plan = database
      .prepare(
        `EXPLAIN QUERY PLAN SELECT session_id, title, updated_at FROM bidi_sessions WHERE app_name = 'app' AND user_id = 'ann'
          AND (updated_at < 5 OR (updated_at = 5 AND session_id < 'x')) ORDER BY updated_at DESC, session_id DESC LIMIT 51`,
      )
      .all();
    database.close();
    expect(plan.map(({ detail }) => String(detail))).toEqual([expect.stringContaining('INDEX bidi_sessions_newest')]);
  });

  test('finds what a limit deletes, and measures a user, by an index alone', async () => {
    const file = await createFile();
    const store = createSqliteStore({ file });
    await store.commit(KEY, { events: [textEvent('hello', 'user')] });
    await store.close();
    const database = new DatabaseSync(file);
    const explain = (query: string) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${query}`)
        .all()
        .map(({ detail }) => String(detail));
    const measured = explain(
      "SELECT COUNT(*), SUM(characters) FROM bidi_sessions WHERE app_name = 'a' AND user_id = 'b'",
    );
    const columns = 'SELECT user_id, session_id, updated_at, characters FROM bidi_sessions';
    const expired = explain(
      `${columns} WHERE app_name = 'a' AND updated_at < 5 ORDER BY updated_at, session_id LIMIT 50`,
    );
    const ofUser = explain(
      `${columns} WHERE app_name = 'a' AND user_id = 'b' ORDER BY updated_at, session_id LIMIT 50`,
    );
    database.close();
    expect(measured).toEqual([expect.stringContaining('COVERING INDEX bidi_sessions_newest')]);
    expect(expired).toEqual([expect.stringContaining('INDEX bidi_sessions_oldest')]);
    expect(ofUser).toEqual([expect.stringContaining('COVERING INDEX bidi_sessions_newest')]);
  });

  test('removes the events of a deleted conversation in the background, and after a crash those that are left', async () => {
    const file = await createFile();
    const store = createSqliteStore({ file });
    const other = { ...KEY, sessionId: 'other' };
    const events = Array.from({ length: 1_000 }, (_, index) => textEvent(`text ${index}`));
    await store.commit(KEY, { events });
    await store.commit(KEY, { events: [textEvent('x'.repeat(2_000_000)), textEvent('y'.repeat(2_000_000))] });
    await store.commit(other, { events: [textEvent('other')] });
    const database = new DatabaseSync(file);
    const count = (table: string) => Number(database.prepare(`SELECT COUNT(*) AS count FROM ${table}`).get()?.count);
    await store.delete(KEY);
    // The close comes before the first part, as a crash would.
    await store.close();
    expect(count('bidi_events')).toBe(1_003);
    const again = createSqliteStore({ file });
    expect(await again.load(KEY)).toBeUndefined();
    await waitFor('the conversation to be removed', () => count('bidi_sessions') === 1);
    expect(count('bidi_events')).toBe(1);
    await again.commit(KEY, { events: events.slice(0, 2) });
    expect((await again.load(KEY))?.events).toEqual(events.slice(0, 2));
    expect(await loadTexts(again, other)).toEqual(['other']);
    database.close();
    await again.close();
  });

  test('stores nothing of a turn whose last part fails', async () => {
    const store = createSqliteStore({ file: await createFile() });
    const turn = { events: [textEvent('hello')], state: { session: { broken: 1n } } };
    await expect(store.commit(KEY, turn)).rejects.toThrow(TypeError);
    expect(await store.load(KEY)).toBeUndefined();
    await store.commit(KEY, { events: [textEvent('next')] });
    expect(await loadTexts(store)).toEqual(['next']);
    await store.close();
  });

  test('a turn of 3,000 events and 1,500 keys is stored in one transaction', async () => {
    const store = createSqliteStore({ file: await createFile() });
    const events = Array.from({ length: 3_000 }, (_, index) => textEvent(String(index)));
    const session = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`key${index}`, index]));
    await store.commit(KEY, { events, state: { session } });
    const stored = await store.load(KEY);
    expect(stored?.events).toEqual(events);
    expect(stored?.state.session).toEqual(session);
    await store.close();
  });

  test('names a file that cannot be opened', () => {
    expect(() => createSqliteStore({ file: '/no/such/folder/conversations.db' })).toThrow(/unable to open/);
  });
});
