import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createPostgresStore } from '../../../src/store/sql/postgres-store.ts';
import { KEY, loadTexts, textEvent } from '../events.ts';
import { describeSessionStore } from '../session-store-contract.ts';
import { LISTED, listVersion1, listVersion2, listVersion3, measureTexts } from './earlier-versions.ts';
import { findPostgres, type Postgres, startPostgres } from './start-postgres.ts';

const programs = findPostgres();
const reason = 'missing' in programs ? programs.missing : undefined;

if (reason !== undefined && process.env.CI !== 'true') {
  test.skip(`createPostgresStore keeps the contract of a SessionStore; skipped: ${reason}`, () => undefined);
} else {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres(programs);
  }, 60_000);
  afterAll(() => postgres?.stop());

  describeSessionStore('createPostgresStore', async () =>
    createPostgresStore({ url: await postgres.createDatabase(), handleSecret: 'a secret of the test' }),
  );

  describe('createPostgresStore', () => {
    test('two stores of one database that create the tables at the same time both work', async () => {
      const url = await postgres.createDatabase();
      const stores = [createPostgresStore({ url }), createPostgresStore({ url })];
      await Promise.all(
        stores.map((store, index) => store.commit({ ...KEY, sessionId: `s${index}` }, { events: [textEvent('hi')] })),
      );
      const [first, second] = stores;
      expect(await first?.load({ ...KEY, sessionId: 's1' })).toBeDefined();
      expect(await second?.load({ ...KEY, sessionId: 's0' })).toBeDefined();
      await Promise.all(stores.map((store) => store.close()));
    });

    test.each([
      ['1', listVersion1],
      ['2', listVersion2],
      ['3', listVersion3],
    ])(
      'upgrades a database of version %s: its conversations have titles and sizes, and all that they had',
      async (_version, list) => {
        const url = await postgres.createDatabase();
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        for (const statement of list('postgres')) await client.query(statement);
        await client.end();
        for (const _time of ['first', 'second']) {
          const store = createPostgresStore({ url });
          expect((await store.list('app', 'ann')).sessions).toEqual(LISTED);
          expect(await store.measureUser('app', 'ann')).toEqual({ conversations: 3, characters: measureTexts() });
          const typed = await store.load({ ...KEY, sessionId: 'typed' });
          expect(typed).toMatchObject({ events: { length: 2 }, state: { session: { mood: 'good' } } });
          await store.close();
        }
      },
    );

    test('a database that crashes and comes back fails what is under way, and keeps what was committed', async () => {
      const errors: Error[] = [];
      const url = await postgres.createDatabase();
      const store = createPostgresStore({ url, onConnectionError: (error) => void errors.push(error) });
      await store.commit(KEY, { events: [textEvent('before')] });
      await postgres.restart();
      const turn = { events: [textEvent('after')] };
      // The first use of a connection that the crash has cut may fail.
      await store.commit(KEY, turn).catch(() => store.commit(KEY, turn));
      expect(await loadTexts(store)).toEqual(['before', 'after']);
      await store.close();
    }, 60_000);

    test('rejects with a clear error, and works again, while no database listens', async () => {
      const store = createPostgresStore({ url: 'postgres://test@127.0.0.1:1/none' });
      await expect(store.commit(KEY, { events: [] })).rejects.toThrow(/ECONNREFUSED/);
      await expect(store.load(KEY)).rejects.toThrow(/ECONNREFUSED/);
      await store.close();
    });
  });
}

test('createPostgresStore refuses what is no address', () => {
  expect(() => createPostgresStore({ url: 'localhost' })).toThrow(/postgres:\/\/user/);
});
