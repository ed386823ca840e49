import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { readConfig } from '../../src/config.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import { createSqliteStore } from '../../src/store/sql/sqlite-store.ts';
import { textEvent } from '../store/events.ts';
import { exchange, say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, temporaryDirectory, waitFor } from './test-server.ts';

const APP = 'google_search_agent';

async function ask(server: TestServer, method: string, path: string, body?: unknown, headers = {}) {
  const { status, text } = await exchange(server, path, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status, body: JSON.parse(text) };
}

/** Talks to the agent until it has answered. */
async function talk(server: TestServer, path: string, text: string) {
  const stream = await openStream(`${server.url}/events/${path}?audio=none`);
  await stream.untilNamed('session');
  await say(server, text, path);
  await stream.nextAnswer();
  return stream;
}

/** A database with conversations of Ann, which a server can be started on. */
async function fillDatabase(fill: (store: ReturnType<typeof createSqliteStore>) => Promise<void>) {
  const file = join(await temporaryDirectory(), 'conversations.db');
  const store = createSqliteStore({ file, handleSecret: 'secret' });
  await fill(store);
  await store.close();
  return { DATABASE_URL: `sqlite:${file}`, RESUMPTION_SECRET: 'secret' };
}

/** A server on a store of the test. */
async function startStoreServer(store: SessionStore): Promise<RunningServer> {
  const server = await startServer({
    agent: new Agent({ name: 'agent' }),
    config: readConfig({ DATABASE_URL: 'memory:', PORT: '0', LOG_LEVEL: 'silent', SHUTDOWN_GRACE_MS: '0' }),
    store,
  });
  afterTest(() => server.close());
  return server;
}

describe('GET /sessions/:userId', () => {
  test('lists the conversations of the user and of nobody else, newest first, with their titles and times', async () => {
    const server = await startTestServer();
    await talk(server, 'me/one', 'count to two');
    await talk(server, 'me/two', 'what did I say?');
    await talk(server, 'bob/three', 'count to three');
    const time = expect.any(Number);
    expect(await ask(server, 'GET', '/sessions/me')).toEqual({
      status: 200,
      body: {
        sessions: [
          { id: 'two', title: 'what did I say?', lastUpdateTime: time, recorded: false },
          { id: 'one', title: 'count to two', lastUpdateTime: time, recorded: false },
        ],
        volatile: true,
      },
    });
    expect(await ask(server, 'GET', '/sessions/nobody')).toEqual({
      status: 200,
      body: { sessions: [], volatile: true },
    });
  });

  test('has pages, which a cursor leads through', async () => {
    const environment = await fillDatabase(async (store) => {
      for (let index = 0; index < 120; index += 1) {
        const key = { appName: APP, userId: 'me', sessionId: `s${index}` };
        await store.commit(key, { events: [textEvent(`number ${index}`, 'user')] });
      }
    });
    const server = await startTestServer(environment);
    const titles: string[] = [];
    const sizes: number[] = [];
    let next = '';
    do {
      const { body } = await ask(server, 'GET', `/sessions/me${next && `?cursor=${encodeURIComponent(next)}`}`);
      titles.push(...body.sessions.map(({ title }: { title: string }) => title));
      sizes.push(body.sessions.length);
      // A database outlasts the server.
      expect(body).not.toHaveProperty('volatile');
      next = body.next;
    } while (next);
    expect(sizes).toEqual([50, 50, 20]);
    expect(titles).toEqual(Array.from({ length: 120 }, (_, index) => `number ${119 - index}`));
    expect((await ask(server, 'GET', '/sessions/me?limit=100')).body.sessions).toHaveLength(100);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'limit=', 'cursor=', 'cursor=x', 'cursor=1:%00'])(
    'refuses the query %s with invalid_query',
    async (query) => {
      const server = await startTestServer();
      expect(await ask(server, 'GET', `/sessions/me?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'invalid_query' },
      });
    },
  );
});

describe('POST /sessions/:userId', () => {
  test('creates a conversation with the state of the body, which tools and other conversations of the user then have', async () => {
    const server = await startTestServer();
    const body = { session_id: 'one', state: { theme: 'dark', 'user:name': 'Ann', gone: null } };
    expect(await ask(server, 'POST', '/sessions/me', body)).toEqual({
      status: 201,
      body: {
        id: 'one',
        appName: APP,
        userId: 'me',
        state: { theme: 'dark', 'user:name': 'Ann' },
        events: [],
        lastUpdateTime: expect.any(Number),
      },
    });
    expect(await ask(server, 'POST', '/sessions/me')).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^[\w-]{36}$/), state: { 'user:name': 'Ann' } },
    });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toHaveLength(2);

    const readState = tool({ name: 'read_state', description: 'Reads.', execute: (_, { state }) => state.toRecord() });
    const other = await startTestServer({}, { agent: new Agent({ name: 'assistant', tools: [readState] }) });
    await ask(other, 'POST', '/sessions/me', body);
    const stream = await openStream(`${other.url}/events/me/one`);
    await stream.untilNamed('session');
    await say(other, 'read state', 'me/one');
    expect((await stream.untilNamed('tool_result')).result).toEqual({ theme: 'dark', 'user:name': 'Ann' });
  });

  test('refuses an id that the user has, of a stored conversation or of a live one, and changes nothing', async () => {
    const server = await startTestServer();
    await ask(server, 'POST', '/sessions/me', { session_id: 'one', state: { a: 1 } });
    const stream = await openStream(`${server.url}/events/me/live`);
    await stream.untilNamed('session');
    for (const session_id of ['one', 'live']) {
      const answer = await ask(server, 'POST', '/sessions/me', { session_id, state: { a: 2 } });
      expect(answer).toMatchObject({ status: 409, body: { code: 'session_exists', retry: false } });
    }
    expect((await ask(server, 'GET', '/sessions/me/one')).body.state).toEqual({ a: 1 });
    expect(await ask(server, 'POST', '/sessions/bob', { session_id: 'one' })).toMatchObject({ status: 201 });
  });

  test('creates a conversation once when two requests ask for the same id at the same time', async () => {
    const server = await startTestServer();
    const answers = await Promise.all(
      [1, 2, 3].map((n) => ask(server, 'POST', '/sessions/me', { session_id: 'one', state: { n } })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    const winner = answers.findIndex(({ status }) => status === 201) + 1;
    expect((await ask(server, 'GET', '/sessions/me/one')).body.state).toEqual({ n: winner });
  });

  test.each<[string, number, string, unknown, object?]>([
    ['a key of the application', 403, 'state_not_allowed', { state: { 'app:a': 1 } }],
    ['a key of a run', 403, 'state_not_allowed', { state: { 'temp:a': 1 } }],
    ['a value that is too large', 413, 'state_too_large', { state: { a: 'x'.repeat(17_000) } }],
    [
      'more than the scope holds',
      413,
      'state_too_large',
      { state: { a: 'x'.repeat(16_000), b: 'x'.repeat(16_000), c: 'x'.repeat(16_000) } },
    ],
    ['a state that is no object', 400, 'malformed_item', { state: [1] }],
    ['an unknown field', 400, 'malformed_item', { sessionid: 'x' }],
    ['an array', 400, 'malformed_item', []],
    ['an id that is not valid', 400, 'invalid_id', { session_id: '../x' }],
    ['an id that is no text', 400, 'invalid_id', { session_id: 5 }],
    ['a body that is no JSON', 400, 'malformed_json', '{'],
    ['plain text', 415, 'unsupported_mime_type', 'hello', { 'Content-Type': 'text/plain' }],
    ['a compressed body', 415, 'unsupported_encoding', {}, { 'Content-Encoding': 'gzip' }],
  ])('refuses %s with %i %s, and creates nothing', async (_what, status, code, body, headers = {}) => {
    const server = await startTestServer();
    expect(await ask(server, 'POST', '/sessions/me', body, headers)).toMatchObject({ status, body: { code } });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toEqual([]);
  });

  test('refuses a key that the author of the agent keeps from clients', async () => {
    const server = await startTestServer({}, { agent: new Agent({ name: 'careful', acceptsState: ['theme'] }) });
    const refused = await ask(server, 'POST', '/sessions/me', { state: { theme: 'dark', role: 'admin' } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'state_not_allowed' } });
    expect(await ask(server, 'POST', '/sessions/me', { state: { theme: 'dark' } })).toMatchObject({ status: 201 });
  });
});

describe('GET /sessions/:userId/:sessionId', () => {
  test("answers with the conversation as ADK's Session, right after the turn", async () => {
    const server = await startTestServer();
    await talk(server, 'me/one', 'count to two');
    const { status, body } = await ask(server, 'GET', '/sessions/me/one');
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['id', 'appName', 'userId', 'state', 'events', 'lastUpdateTime']);
    expect(body).toMatchObject({ id: 'one', appName: APP, userId: 'me', state: {} });
    expect(body.events.slice(0, 2)).toMatchObject([
      { author: 'user', content: { role: 'user', parts: [{ text: 'count to two' }] } },
      { author: APP, content: { role: 'model', parts: [{ text: 'One, two.' }] } },
    ]);
    expect(body.events.at(-1)).toMatchObject({ author: APP, turnComplete: true });
    expect(body.lastUpdateTime).toBe(body.events.at(-1).timestamp);
  });

  test('shows neither state of the application nor of runs, nor a handle of the provider', async () => {
    const key = { appName: APP, userId: 'me', sessionId: 'one' };
    const stateDelta = { 'app:secret': 'hidden', 'temp:x': 'hidden', 'user:name': 'Ann', mood: 'good' };
    const environment = await fillDatabase((store) =>
      store.commit(key, {
        events: [
          { ...textEvent('hi', 'user'), actions: { stateDelta, endOfAgent: true } },
          { ...textEvent('hello'), liveSessionResumptionUpdate: { newHandle: 'hidden', resumable: true } },
        ],
        state: { app: { secret: 'hidden' }, user: { name: 'Ann' }, session: { mood: 'good' } },
        resumption: { provider: 'gemini', handle: 'hidden' },
      }),
    );
    const server = await startTestServer(environment);
    const { body } = await ask(server, 'GET', '/sessions/me/one');
    expect(body.state).toEqual({ mood: 'good', 'user:name': 'Ann' });
    expect(body.events[0].actions).toEqual({ stateDelta: { 'user:name': 'Ann', mood: 'good' }, endOfAgent: true });
    expect(JSON.stringify(body)).not.toContain('hidden');
  });

  test("ends with the summary of the conversation, as ADK's event of a compaction", async () => {
    const key = { appName: APP, userId: 'me', sessionId: 'one' };
    const [asked, answered, newer] = [textEvent('hi', 'user'), textEvent('hello'), textEvent('more', 'user')];
    const summary = {
      text: 'They greeted each other.',
      lastEventId: answered.id,
      startTimestamp: asked.timestamp,
      endTimestamp: answered.timestamp,
    };
    const environment = await fillDatabase((store) => store.commit(key, { events: [asked, answered, newer], summary }));
    const server = await startTestServer(environment);
    const { body } = await ask(server, 'GET', '/sessions/me/one');
    expect(Object.keys(body)).toEqual(['id', 'appName', 'userId', 'state', 'events', 'lastUpdateTime']);
    expect(body.events).toEqual([
      ...[asked, answered, newer],
      {
        id: `compaction-${answered.id}`,
        invocationId: 'compaction',
        author: 'user',
        timestamp: answered.timestamp,
        actions: {
          compaction: {
            startTimestamp: asked.timestamp,
            endTimestamp: answered.timestamp,
            compactedContent: { role: 'model', parts: [{ text: 'They greeted each other.' }] },
          },
        },
      },
    ]);
    await ask(server, 'DELETE', '/sessions/me/one');
    expect((await ask(server, 'GET', '/sessions/me/one')).status).toBe(404);
  });

  test('answers for a conversation without events, and with 404 for none, or for one of another user', async () => {
    const server = await startTestServer();
    await ask(server, 'POST', '/sessions/me', { session_id: 'one' });
    expect(await ask(server, 'GET', '/sessions/me/one')).toMatchObject({ status: 200, body: { events: [] } });
    for (const path of ['/sessions/me/two', '/sessions/bob/one']) {
      expect(await ask(server, 'GET', path)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    }
  });

  test('reads a large conversation in parts: no further part for a reader that stops reading', async () => {
    const file = join(await temporaryDirectory(), 'conversations.db');
    const store = createSqliteStore({ file });
    afterTest(() => store.close());
    const key = { appName: 'agent', userId: 'me', sessionId: 'large' };
    const count = 100;
    for (let index = 0; index < count; index += 1) {
      await store.commit(key, { events: [textEvent('x'.repeat(400_000))] });
    }
    let reads = 0;
    const readEvents = store.readEvents.bind(store);
    store.readEvents = (...parameters) => {
      reads += 1;
      return readEvents(...parameters);
    };
    const server = await startStoreServer(store);
    const { hostname: host, port } = new URL(server.url);
    const slow = connect({ host, port: Number(port) });
    afterTest(() => slow.destroy());
    slow.pause();
    slow.write('GET /sessions/me/large HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await waitFor('the slow reader to be served', () => reads > 0);
    const answer = await fetch(`${server.url}/sessions/me/large`);
    expect(((await answer.json()) as { events: unknown[] }).events).toHaveLength(count);
    // The other reader was served meanwhile. The system holds less than 20 MB for the slow one, of 40 MB.
    expect(reads - count).toBeLessThan(count / 2);
    slow.destroy();
  });
});

describe('DELETE /sessions/:userId/:sessionId', () => {
  test('deletes a stored conversation once', async () => {
    const server = await startTestServer();
    await ask(server, 'POST', '/sessions/me', { session_id: 'one' });
    expect(await ask(server, 'DELETE', '/sessions/me/one')).toEqual({ status: 200, body: { status: 'deleted' } });
    expect(await ask(server, 'DELETE', '/sessions/me/one')).toMatchObject({
      status: 404,
      body: { code: 'session_not_found' },
    });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toEqual([]);
  });

  test('ends the live session in the middle of an answer, tells its readers, and the conversation stays deleted', async () => {
    const environment = { DATABASE_URL: `sqlite:${join(await temporaryDirectory(), 'conversations.db')}` };
    const server = await startTestServer(environment, { emulator: { pace: 2 } });
    const stream = await openStream(`${server.url}/events/me/one?audio=none`);
    await stream.untilNamed('session');
    await say(server, 'count to ten', 'me/one');
    await waitFor('the answer to begin', () => stream.events.length > 4);
    expect(await ask(server, 'DELETE', '/sessions/me/one')).toEqual({ status: 200, body: { status: 'deleted' } });
    expect(await stream.untilNamed('end')).toEqual({ reason: 'deleted' });
    expect((await ask(server, 'POST', '/send/me/one', { mime_type: 'text/plain', data: 'hello' })).body).toMatchObject({
      code: 'session_ended',
    });
    await server.close();
    const again = await startTestServer(environment);
    expect((await ask(again, 'GET', '/sessions/me')).body.sessions).toEqual([]);
  });

  test('leaves the same id free: a new conversation with it knows nothing of the old one', async () => {
    const server = await startTestServer();
    const first = await talk(server, 'me/one', 'count to two');
    await ask(server, 'DELETE', '/sessions/me/one');
    await first.untilNamed('end');
    await talk(server, 'me/one', 'what did I say?');
    const { body } = await ask(server, 'GET', '/sessions/me/one');
    expect(body.events[0].content.parts).toEqual([{ text: 'what did I say?' }]);
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toMatchObject([{ title: 'what did I say?' }]);
  });

  test('of a live session in which nothing was said ends the session', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me/one`);
    await stream.untilNamed('session');
    expect(await ask(server, 'DELETE', '/sessions/me/one')).toEqual({ status: 200, body: { status: 'deleted' } });
    expect(await stream.untilNamed('end')).toEqual({ reason: 'deleted' });
  });
});

describe('PATCH /sessions/:userId/:sessionId', () => {
  test('renames a stored conversation, answers its row, and what the user says later does not replace the title', async () => {
    const server = await startTestServer();
    const stream = await talk(server, 'me/one', 'count to two');
    const { body: before } = await ask(server, 'GET', '/sessions/me');
    const row = { ...before.sessions[0], title: 'Counting – 数える 👋' };
    const answer = await ask(server, 'PATCH', '/sessions/me/one', { title: ` \t${row.title}\n` });
    expect(answer).toEqual({ status: 200, body: row });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toEqual([row]);
    await say(server, 'count to three', 'me/one');
    await stream.nextAnswer();
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toMatchObject([{ title: row.title }]);
    expect((await ask(server, 'GET', '/sessions/me/one')).body.events.length).toBeGreaterThan(3);
  });

  test('renames a live conversation in which nothing is said yet, and keeps the title of one that is being spoken', async () => {
    const environment = { DATABASE_URL: `sqlite:${join(await temporaryDirectory(), 'conversations.db')}` };
    const server = await startTestServer(environment);
    const stream = await openStream(`${server.url}/events/me/one?audio=none`);
    await stream.untilNamed('session');
    expect(await ask(server, 'PATCH', '/sessions/me/one', { title: 'trip' })).toEqual({
      status: 200,
      body: { id: 'one', title: 'trip', lastUpdateTime: expect.any(Number), recorded: false },
    });
    await say(server, 'count to two', 'me/one');
    const renamed = await ask(server, 'PATCH', '/sessions/me/one', { title: 'journey' });
    expect(renamed).toMatchObject({ status: 200, body: { title: 'journey' } });
    await stream.nextAnswer();
    await server.close();
    const again = await startTestServer(environment);
    expect((await ask(again, 'GET', '/sessions/me')).body.sessions).toMatchObject([{ id: 'one', title: 'journey' }]);
  });

  test('answers 404 for a conversation that does not exist, was deleted or belongs to another user', async () => {
    const server = await startTestServer();
    await ask(server, 'POST', '/sessions/me', { session_id: 'one' });
    await ask(server, 'POST', '/sessions/me', { session_id: 'two' });
    await ask(server, 'DELETE', '/sessions/me/two');
    for (const path of ['/sessions/me/none', '/sessions/me/two', '/sessions/bob/one']) {
      const answer = await ask(server, 'PATCH', path, { title: 'trip' });
      expect(answer).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    }
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toMatchObject([{ id: 'one', title: '' }]);
  });

  test.each<[string, number, string, unknown, object?]>([
    ['an empty title', 400, 'invalid_title', { title: ' \u2028 ' }],
    ['a title of 81 characters', 400, 'invalid_title', { title: 'x'.repeat(81) }],
    ['a title of two lines', 400, 'invalid_title', { title: 'a\nb' }],
    ['a title with a separator of lines', 400, 'invalid_title', { title: 'a\u2029b' }],
    ['a title with NUL', 400, 'invalid_title', { title: 'a\u0000b' }],
    ['a title that changes the direction of the text', 400, 'invalid_title', { title: 'a\u202eb' }],
    ['a title of which nothing is seen', 400, 'invalid_title', { title: '\u200b\u2060' }],
    ['half of an emoji', 400, 'invalid_title', '{"title":"a\\ud83d"}'],
    ['a title that is no text', 400, 'invalid_title', { title: 5 }],
    ['no title', 400, 'invalid_title', {}],
    ['an unknown field', 400, 'malformed_item', { title: 'a', state: {} }],
    ['an array', 400, 'malformed_item', ['a']],
    ['no body', 400, 'empty_body', undefined],
    ['plain text', 415, 'unsupported_mime_type', 'hello', { 'Content-Type': 'text/plain' }],
  ])('refuses %s with %i %s, and changes nothing', async (_what, status, code, body, headers = {}) => {
    const server = await startTestServer();
    await ask(server, 'POST', '/sessions/me', { session_id: 'one' });
    await ask(server, 'PATCH', '/sessions/me/one', { title: 'x'.repeat(80) });
    expect(await ask(server, 'PATCH', '/sessions/me/one', body, headers)).toMatchObject({ status, body: { code } });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toMatchObject([{ title: 'x'.repeat(80) }]);
  });
});

describe('the header X-HTTP-Method-Override', () => {
  const override = (method: string) => ({ 'X-HTTP-Method-Override': method });

  test('makes a POST a PATCH or a DELETE, for proxies that let neither through', async () => {
    const server = await startTestServer();
    await ask(server, 'POST', '/sessions/me', { session_id: 'one' });
    const renamed = await ask(server, 'POST', '/sessions/me/one', { title: 'trip' }, override('patch'));
    expect(renamed).toMatchObject({ status: 200, body: { id: 'one', title: 'trip' } });
    const deleted = await ask(server, 'POST', '/sessions/me/one', undefined, override('DELETE'));
    expect(deleted).toEqual({ status: 200, body: { status: 'deleted' } });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toEqual([]);
  });

  test.each([
    [
      'POST',
      '/sessions/me/one',
      'GET',
      'GET, PATCH, DELETE',
      'X-HTTP-Method-Override: GET is not allowed here; use PATCH, DELETE',
    ],
    [
      'POST',
      '/sessions/me/one',
      'PATCH, DELETE',
      'GET, PATCH, DELETE',
      'X-HTTP-Method-Override: PATCH, DELETE is not allowed here; use PATCH, DELETE',
    ],
    ['POST', '/sessions/me', 'DELETE', 'GET, POST', 'X-HTTP-Method-Override: DELETE is not allowed here; use POST'],
    ['POST', '/poll/me', 'GET', 'GET', 'X-HTTP-Method-Override: GET is not allowed here'],
  ])('is refused on %s %s if it names %s', async (method, path, name, allow, error) => {
    const server = await startTestServer();
    const answer = await exchange(server, path, { method, headers: override(name) });
    expect({ status: answer.status, allow: answer.headers.allow }).toEqual({ status: 405, allow });
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'method_not_allowed', error });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toEqual([]);
  });

  test('has no effect on a GET', async () => {
    const server = await startTestServer();
    await ask(server, 'POST', '/sessions/me', { session_id: 'one' });
    const answer = await ask(server, 'GET', '/sessions/me/one', undefined, override('DELETE'));
    expect(answer).toMatchObject({ status: 200, body: { id: 'one' } });
    expect((await ask(server, 'GET', '/sessions/me')).body.sessions).toHaveLength(1);
  });
});

describe('the routes of conversations', () => {
  test('are only for their user: a token of another user is refused, with the same answer whether there is one or not', async () => {
    const secret = 'a secret of thirty-two characters';
    const server = await startTestServer({ AUTH: 'jwt', AUTH_JWT_SECRET: secret });
    const token = (sub: string) => {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const content = `${encode({ alg: 'HS256' })}.${encode({ sub, exp: Math.floor(Date.now() / 1000) + 60 })}`;
      return { Authorization: `Bearer ${content}.${createHmac('sha256', secret).update(content).digest('base64url')}` };
    };
    expect(await ask(server, 'POST', '/sessions/ann', { session_id: 'one' }, token('ann'))).toMatchObject({
      status: 201,
    });
    const requests: [string, string][] = [
      ['GET', '/sessions/ann'],
      ['POST', '/sessions/ann'],
      ['GET', '/sessions/ann/one'],
      ['GET', '/sessions/ann/none'],
      ['PATCH', '/sessions/ann/one'],
      ['DELETE', '/sessions/ann/one'],
    ];
    for (const [method, path] of requests) {
      expect(await ask(server, method, path)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      const stranger = await ask(server, method, path, undefined, token('bob'));
      expect(stranger).toMatchObject({ status: 403, body: { code: 'user_not_allowed' } });
    }
    const ticket = await ask(server, 'POST', '/tickets/ann/one', undefined, token('ann'));
    expect(await ask(server, 'GET', `/sessions/ann?ticket=${ticket.body.ticket}`)).toMatchObject({ status: 401 });
    expect(await ask(server, 'GET', '/sessions/ann/one', undefined, token('ann'))).toMatchObject({ status: 200 });
  });

  test('refuse other methods with those that they have, pages of other origins, and ids that are not valid', async () => {
    const server = await startTestServer({ ALLOWED_ORIGINS: 'https://app.example' });
    const other = await exchange(server, '/sessions/me', { method: 'DELETE' });
    expect({ status: other.status, allow: other.headers.allow }).toEqual({ status: 405, allow: 'GET, POST' });
    const one = await exchange(server, '/sessions/me/one', { method: 'POST' });
    expect({ status: one.status, allow: one.headers.allow }).toEqual({ status: 405, allow: 'GET, PATCH, DELETE' });
    const foreign = await ask(server, 'DELETE', '/sessions/me/one', undefined, { Origin: 'https://evil.example' });
    expect(foreign).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } });
    expect(await ask(server, 'GET', '/sessions/a%20b')).toMatchObject({ status: 400, body: { code: 'invalid_id' } });
    const headers = { Origin: 'https://app.example' };
    const preflight = await exchange(server, '/sessions/me/one', { method: 'OPTIONS', headers });
    expect(preflight.headers['access-control-allow-methods']).toContain('PATCH, DELETE');
    const allowed = await exchange(server, '/sessions/me', { headers });
    expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example');
  });
});

test('a store that fails is answered with store_unavailable, which says nothing of it, and creates nothing later', async () => {
  const memory = createMemoryStore();
  let isDown = true;
  const fail = async () => {
    throw new Error('password authentication failed for user postgres');
  };
  const server = await startStoreServer({
    load: (key, options) => (isDown ? fail() : memory.load(key, options)),
    loadState: (appName, userId) => (isDown ? fail() : memory.loadState(appName, userId)),
    readEvents: (key, page) => (isDown ? fail() : memory.readEvents(key, page)),
    commit: (key, turn) => (isDown ? fail() : memory.commit(key, turn)),
    list: (appName, userId, page) => (isDown ? fail() : memory.list(appName, userId, page)),
    listOldest: (appName, options) => (isDown ? fail() : memory.listOldest(appName, options)),
    measureUser: (appName, userId) => (isDown ? fail() : memory.measureUser(appName, userId)),
    rename: (key, title) => (isDown ? fail() : memory.rename(key, title)),
    delete: (key) => (isDown ? fail() : memory.delete(key)),
    close: async () => {},
  });
  const request = async (method: string, path: string) => {
    const body =
      method === 'PATCH' ? { headers: { 'Content-Type': 'application/json' }, body: '{"title":"trip"}' } : {};
    const answer = await fetch(server.url + path, { method, ...body });
    return { status: answer.status, text: await answer.text() };
  };
  const requests: [string, string][] = [
    ['GET', '/sessions/me'],
    ['POST', '/sessions/me'],
    ['GET', '/sessions/me/one'],
    ['PATCH', '/sessions/me/one'],
    ['DELETE', '/sessions/me/one'],
  ];
  for (const [method, path] of requests) {
    const { status, text } = await request(method, path);
    expect({ method, status, code: JSON.parse(text).code }).toEqual({ method, status: 503, code: 'store_unavailable' });
    expect(text).not.toContain('password');
  }
  isDown = false;
  expect(await request('GET', '/sessions/me')).toEqual({ status: 200, text: '{"sessions":[]}' });
});
