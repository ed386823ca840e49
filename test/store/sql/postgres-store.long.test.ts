import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { LiveRunner } from '../../../src/agent/run/runner.ts';
import { Retention } from '../../../src/session/retention.ts';
import { StoredSessions } from '../../../src/session/stored-sessions.ts';
import { listTurns } from '../../../src/store/conversation-turns.ts';
import { LiveConversations } from '../../../src/store/live-conversations.ts';
import { createPostgresStore } from '../../../src/store/sql/postgres-store.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { say } from '../../http/requests.ts';
import { openStream } from '../../http/sse-client.ts';
import { afterTest, startTestServer } from '../../http/test-server.ts';
import { KEY, loadTexts, textEvent } from '../events.ts';
import { describeSessionStore } from '../session-store-contract.ts';
import { LISTED, listVersion1, listVersion2, listVersion3, measureTexts } from './earlier-versions.ts';
import { findPostgres, type Postgres, startPostgres } from './start-postgres.ts';

/** A TCP connection to a port that can be cut, and mended. */
async function openLine(target: number) {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const other = connect(target, '127.0.0.1');
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ] as const) {
      open.add(one);
      one.on('error', () => two.destroy()).on('close', () => two.destroy());
      one.pipe(two);
    }
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const cut = async () => {
    for (const socket of open) socket.destroy();
    open.clear();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  await listen(0);
  afterTest(cut);
  const { port } = server.address() as AddressInfo;
  return { port, cut, mend: () => listen(port) };
}

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

    test('a connection that the database ends in the middle of a commit fails this commit and nothing else', async () => {
      const url = await postgres.createDatabase();
      const store = createPostgresStore({ url });
      afterTest(() => store.close());
      await store.commit(KEY, { events: [textEvent('before')] });
      const admin = new pg.Client({ connectionString: url });
      await admin.connect();
      afterTest(() => admin.end());
      await admin.query('BEGIN');
      await admin.query('LOCK TABLE bidi_sessions');
      const turn = { events: [textEvent('after')] };
      const failed = store.commit(KEY, turn).catch((error) => error);
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      let ended = 0;
      while (ended === 0) ended = (await admin.query(end)).rowCount ?? 0;
      expect(await failed).toBeInstanceOf(Error);
      await admin.query('COMMIT');
      await store.commit(KEY, turn);
      expect(await loadTexts(store)).toEqual(['before', 'after']);
    }, 60_000);

    test('a server whose database is down at the start, and drops in a conversation, goes on, tells the client, and stores all of it', async () => {
      const url = new URL(await postgres.createDatabase());
      const line = await openLine(Number(url.port));
      url.port = String(line.port);
      await line.cut();
      const server = await startTestServer({ DATABASE_URL: url.href });
      const stream = await openStream(`${server.url}/events/me/one?audio=none`);
      const talk = async (text: string) => {
        await say(server, text, 'me/one');
        await stream.nextAnswer();
      };
      const untilStorage = async (...states: string[]) => {
        await stream.until(states.join(), () => stream.named('storage').length >= states.length);
        expect(stream.named('storage').map(({ state }) => state)).toEqual(states);
      };
      await talk('count to two');
      await untilStorage('failing');
      expect((await fetch(`${server.url}/sessions/me`)).status).toBe(503);
      await line.mend();
      await untilStorage('failing', 'ok');
      await line.cut();
      await talk('count to three');
      await untilStorage('failing', 'ok', 'failing');
      await line.mend();
      await untilStorage('failing', 'ok', 'failing', 'ok');
      const exported = (await (await fetch(`${server.url}/sessions/me/one`)).json()) as { events: AgentEvent[] };
      expect(listTurns(exported.events)).toEqual([
        { role: 'user', text: 'count to two' },
        { role: 'model', text: 'One, two.' },
        { role: 'user', text: 'count to three' },
        { role: 'model', text: 'One, two, three.' },
      ]);
      const outages = server.logs.filter((line) => line.includes('the session store fails'));
      expect(outages).toHaveLength(2);
    }, 120_000);

    test('two processes that delete old conversations of one database delete each once', async () => {
      const url = await postgres.createDatabase();
      const stores = [createPostgresStore({ url }), createPostgresStore({ url })] as const;
      for (let index = 0; index < 60; index += 1) {
        await stores[0].commit(
          { ...KEY, sessionId: `s${index}` },
          { events: [{ ...textEvent('old'), timestamp: index }] },
        );
      }
      const lines: { deleted?: number; message: string }[] = [];
      const log = (details: object, message: string) => void lines.push({ ...details, message });
      const logger = { info: log, warn: log, error: log };
      const sweeps = stores.map((store) => {
        const conversations = new LiveConversations(store);
        const sessions = new StoredSessions({
          runner: { card: { appName: KEY.appName } } as LiveRunner,
          conversations,
          sessions: { change: (_key, change) => change(undefined) },
          logger,
        });
        const limits = { ageDays: 1, userConversations: 1_000, userCharacters: 1_000_000 };
        return new Retention({ appName: KEY.appName, conversations, sessions, logger, limits }).sweep();
      });
      await Promise.all(sweeps);
      expect(await stores[0].listOldest(KEY.appName)).toEqual([]);
      expect(lines.filter(({ message }) => message !== 'old conversations were deleted')).toEqual([]);
      expect(lines.reduce((sum, { deleted = 0 }) => sum + deleted, 0)).toBe(60);
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const count = async () => Number((await client.query('SELECT COUNT(*) AS n FROM bidi_events')).rows[0].n);
      while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      await client.end();
      await Promise.all(stores.map((store) => store.close()));
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
