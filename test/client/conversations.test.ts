import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from '@jest/globals';
import {
  ConversationError,
  type ConversationSummary,
  type Conversations,
  type ConversationsOptions,
  createConversations,
} from '../../src/client/index.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { afterTest, startTestServer } from '../http/test-server.ts';
import { talk } from './conversation.ts';

const TOKEN = 'me-0123456789abcdef';

/** A server with conversations of `me`, in which nothing is said. */
async function startWith(...ids: string[]): Promise<Conversations> {
  const { url } = await startTestServer();
  const conversations = createConversations({ url, userId: 'me' });
  for (const sessionId of ids) await conversations.create({ sessionId });
  return conversations;
}

/** A server of the test's own. */
async function startPlainServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has an address
}

/** The failure of a request. */
async function failureOf(request: Promise<unknown>): Promise<ConversationError> {
  const error = await request.then(
    () => new Error('the request did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof ConversationError) return error;
  throw error;
}

const titles = (rows: readonly ConversationSummary[]) => rows.map(({ title }) => title);

describe('the conversations of a user', () => {
  test('each step of a list requests one page, and a list continues after the cursor of a page', async () => {
    const conversations = await startWith('a', 'b', 'c');
    const pages = conversations.list({ limit: 2 });
    const first = await pages.next();
    expect(first.value?.conversations).toHaveLength(2);
    const rest: string[] = [];
    for await (const page of conversations.list({ limit: 2, cursor: first.value?.next }))
      rest.push(...page.conversations.map(({ id }) => id));
    const ids = [...(first.value?.conversations.map(({ id }) => id) ?? []), ...rest];
    expect(ids.toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('what was said is in the list by its first words, in the conversation and in its export', async () => {
    const { url } = await startTestServer();
    const me = talk({ url, sessionId: 'numbers' });
    await me.client.send('count to two');
    await me.turns(1);
    const conversations = createConversations({ url: `${url}/`, userId: 'me' });
    const { value } = await conversations.list().next();
    expect(value?.conversations).toEqual([
      { id: 'numbers', title: 'count to two', lastUpdateTime: expect.any(Number), recorded: false },
    ]);
    const stored = await conversations.get('numbers');
    expect(stored).toMatchObject({ id: 'numbers', userId: 'me', state: {} });
    expect(stored.events.map(({ author }) => author)).toContain('user');
    const exported = await conversations.exportAs('numbers', 'json');
    expect(await exported.json()).toEqual(stored);
  });

  test('a conversation is created with its state, and a second one with its id is refused', async () => {
    const conversations = await startWith();
    const created = await conversations.create({ sessionId: 'trip', state: { city: 'Rome', 'user:name': 'Ann' } });
    expect(created).toMatchObject({ id: 'trip', state: { city: 'Rome', 'user:name': 'Ann' }, events: [] });
    const failure = await failureOf(conversations.create({ sessionId: 'trip' }));
    expect(failure.refusal).toMatchObject({ code: 'session_exists', status: 409 });
    expect((await conversations.create()).id).not.toBe('trip');
  });

  test('a conversation that is renamed has its title in the list, and one that is deleted is gone', async () => {
    const conversations = await startWith('a', 'b');
    expect(await conversations.rename('a', '  My trip ')).toMatchObject({ id: 'a', title: 'My trip' });
    expect(await conversations.delete('b')).toBe(true);
    expect(await conversations.delete('b')).toBe(false);
    const { value } = await conversations.list().next();
    expect(titles(value?.conversations ?? [])).toEqual(['My trip']);
    const failures = [conversations.rename('b', 'x'), conversations.get('b'), conversations.exportAs('b', 'json')];
    for (const request of failures)
      expect((await failureOf(request)).refusal).toMatchObject({ code: 'session_not_found', status: 404 });
  });

  test('every request sends the token and the headers, and a token that has expired is renewed once', async () => {
    const { url } = await startTestServer({ AUTH: 'token', AUTH_TOKENS: `me:${TOKEN}` });
    const seen: string[] = [];
    const tokens = ['old-0123456789abcdef', TOKEN];
    const options: ConversationsOptions = {
      url,
      userId: 'me',
      headers: { 'X-Proxy': 'a' },
      token: () => tokens.shift() ?? TOKEN,
      fetch: (input, init) => {
        seen.push(new Headers(init?.headers).get('X-Proxy') ?? '');
        return fetch(input, init);
      },
    };
    const conversations = createConversations(options);
    await conversations.create({ sessionId: 'a' });
    await conversations.rename('a', 'x');
    await conversations.exportAs('a', 'json');
    await conversations.delete('a');
    expect(await conversations.list().next()).toMatchObject({ value: { conversations: [] } });
    expect(seen).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);
    const stranger = createConversations({ url, userId: 'me', token: 'wrong-0123456789abcdef' });
    const { refusal, message } = await failureOf(stranger.get('a'));
    expect(refusal).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(message).not.toContain('wrong');
  });
});

describe('requests that fail', () => {
  test('a refusal has the code, the status and the wait of the server', async () => {
    const url = await startPlainServer((_request, response) => {
      const body = { error: 'Too many requests', code: 'rate_limited', retry: true, retry_after_ms: 1500 };
      response.writeHead(429, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
    const failure = await failureOf(createConversations({ url, userId: 'me' }).list().next());
    expect(failure).toMatchObject({ retryAfterMs: 1500, refusal: { code: 'rate_limited', status: 429 } });
  });

  test('an answer that no server of ours sends, and no answer at all, are told apart', async () => {
    const url = await startPlainServer((request, response) => {
      if (request.method === 'POST') response.writeHead(502, 'Bad Gateway').end('<h1>no</h1>');
      else response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Log in</h1>');
    });
    const conversations = createConversations({ url, userId: 'me' });
    expect((await failureOf(conversations.get('a'))).message).toContain('text/html');
    expect((await failureOf(conversations.delete('a'))).refusal).toEqual({
      error: 'The server answered 502 Bad Gateway',
      status: 502,
    });
    const nowhere = createConversations({ url: 'http://127.0.0.1:9', userId: 'me' });
    const { refusal } = await failureOf(nowhere.list().next());
    expect(refusal).toEqual({ error: expect.stringMatching(/^No answer: /) });
  });

  test('the signal of the caller ends a request, a page of a list and the reading of an export, with its reason', async () => {
    const reason = new Error('enough');
    const aborter = new AbortController();
    const { signal } = aborter;
    const url = await startPlainServer((request, response) => {
      if (request.url?.endsWith('format=text')) response.writeHead(200).write('the beginning');
      else aborter.abort(reason);
    });
    const conversations = createConversations({ url, userId: 'me' });
    const exported = await conversations.exportAs('a', 'text', { signal });
    const reading = exported.text();
    await expect(conversations.get('a', { signal })).rejects.toBe(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(conversations.list({ signal }).next()).rejects.toBe(reason);
  });
});

test.each([
  ['an option of createClient', { url: 'http://a.example', userId: 'me', sessionId: 's' }, /no option "sessionId"/],
  ['no user', { url: 'http://a.example' }, /the option userId must be/],
  [
    'two credentials',
    { url: 'http://a.example', userId: 'me', token: 't', headers: { authorization: 'x' } },
    /both|too/,
  ],
])('createConversations refuses %s', (_what, options, message) => {
  expect(() => createConversations(options as ConversationsOptions)).toThrow(message);
  expect(() => createConversations(options as ConversationsOptions)).toThrow(/^createConversations: /);
});

test('an id, a title or a format that is not valid is refused before a request', async () => {
  const conversations = createConversations({ url: 'http://127.0.0.1:9', userId: 'me' });
  await expect(conversations.get('../x')).rejects.toThrow('get: the id of a conversation is not valid; given: "../x"');
  await expect(conversations.rename('a', 5 as unknown as string)).rejects.toThrow('rename: the title must be a text');
  await expect(conversations.exportAs('a', 'mp3' as 'wav')).rejects.toThrow('one of json, text, wav; given: "mp3"');
});
