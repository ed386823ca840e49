import { describe, expect, test } from '@jest/globals';
import { type ClientEvents, type ClientOptions, createClient, type TokenSource } from '../../src/client/index.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { expectSame, said, talk, witness } from './conversation.ts';
import { limitingProxy } from './limiting-proxy.ts';

const SECRET = 'this-is.a_secret~token+/=';

/** Opens a client, and records every text that the client gives to its user. */
function talkTo(options: Parameters<typeof talk>[0]) {
  const me = talk({ random: () => 0.05, ...options });
  const retries: ClientEvents['retry'][] = [];
  const rejections: ClientEvents['rejected'][] = [];
  me.client.on('retry', (retry) => retries.push(retry));
  me.client.on('rejected', (refusal) => rejections.push(refusal));
  return { ...me, retries, rejections, texts: () => JSON.stringify([retries, rejections, me.refused]) };
}

/** Starts a server behind a proxy that demands a bearer token. @param isValid decides for each token that arrives */
async function startGuarded(isValid: (token: string, request: { method: string; url: string }) => boolean) {
  const server = await startTestServer();
  const seen: { token: string; url: string; method: string }[] = [];
  const url = await limitingProxy(server, ({ headers, url: path = '', method = '' }) => {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    seen.push({ token, url: path, method });
    return isValid(token, { method, url: path }) ? undefined : new WireError('unauthorized');
  });
  return { server, url, seen };
}

describe.each(['sse', 'poll'] as const)('over %s', (transport) => {
  test.each<[string, TokenSource]>([
    ['a token', SECRET],
    ['a function that returns a token', () => SECRET],
    ['a function that promises a token', () => Promise.resolve(SECRET)],
  ])('a client with %s sends the token with every request, in no URL', async (_, token) => {
    const { url, seen } = await startGuarded((given) => given === SECRET);
    const me = talkTo({ url, transport, token });
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    await me.turns(1);
    expect(seen.every((request) => request.token === SECRET && !request.url.includes('secret'))).toBe(true);
    expect(seen.map(({ method }) => method)).toEqual(expect.arrayContaining(['GET', 'POST']));
    expect(me.texts()).toBe('[[],[],[]]');
  });

  test('a token that expires in mid-conversation is obtained again once, and nothing is lost or repeated', async () => {
    let valid = 1;
    const { server, url, seen } = await startGuarded((given) => given === `token-${valid}`);
    const stream = await witness(server);
    let calls = 0;
    const token = () => {
      calls += 1;
      return `token-${calls}`;
    };
    const me = talkTo({ url, transport, token });
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    await me.turns(1);
    for (let round = 2; round <= 4; round += 1) {
      valid = round;
      me.client.reconnect();
      expect(await me.client.send(`count to ${round}`)).toEqual({ sent: true });
      await me.turns(round);
    }
    await expectSame(me, stream);
    expect(await said(server)).toEqual(['count to two', 'count to 2', 'count to 3', 'count to 4']);
    expect(calls).toBe(4);
    expect(new Set(seen.map(({ token: sent }) => sent))).toEqual(new Set([1, 2, 3, 4].map((each) => `token-${each}`)));
    expect(me.client.state).toBe('open');
    expect(me.texts()).not.toContain('unauthorized');
  });

  test('a client whose new token is refused too fails with the refusal, after one call more of the function', async () => {
    const { url } = await startGuarded(() => false);
    let calls = 0;
    const me = talkTo({
      url,
      transport,
      token: () => {
        calls += 1;
        return `${SECRET.slice(0, -1)}${calls}`;
      },
    });
    const refusal = { code: 'unauthorized', status: 401 };
    expect(await me.client.send('hi')).toMatchObject({ sent: false, refusal });
    expect(me.client.state).toBe('failed');
    expect(me.client.rejection).toMatchObject(refusal);
    expect(calls).toBe(2);
    expect(me.texts()).not.toContain('secret');
  });

  test('a client with a constant token fails with the first 401, and tells no part of the token', async () => {
    const { url, seen } = await startGuarded(() => false);
    const me = talkTo({ url, transport, token: SECRET });
    await waitFor('the refusal', () => me.client.state === 'failed');
    expect(me.rejections).toMatchObject([{ code: 'unauthorized', status: 401, error: expect.any(String) }]);
    expect(me.texts()).not.toContain('secret');
    expect(seen).toHaveLength(1);
  });

  test('a client whose function fails tells that without the text of the error, and connects when the function works', async () => {
    const { url } = await startGuarded((given) => given === SECRET);
    let calls = 0;
    const me = talkTo({
      url,
      transport,
      token: async () => {
        calls += 1;
        if (calls === 1) throw new Error(`no connection for ${SECRET}`);
        return calls === 2 ? `not a token, and secret` : SECRET;
      },
    });
    expect(await me.client.send('hi')).toEqual({ sent: true });
    expect(me.retries.map(({ cause }) => cause)).toEqual([
      'No answer: The function of the option token has failed',
      'No answer: The function of the option token returned no bearer token',
    ]);
    expect(me.texts()).not.toContain('secret');
  });
});

test('a client whose POSTs are refused with 401 fails, although its stream is open', async () => {
  const { url } = await startGuarded((_token, { method }) => method !== 'POST');
  const me = talkTo({ url, transport: 'sse', token: SECRET });
  const refusal = { code: 'unauthorized', status: 401 };
  expect(await me.client.send('hi')).toMatchObject({ sent: false, refusal });
  expect(me.states).toEqual(['open', 'failed']);
  expect(me.rejections).toMatchObject([refusal]);
});

test('requests that are refused at the same time share one call of the function', async () => {
  let valid = 'token-1';
  const { url } = await startGuarded((given) => given === valid);
  let calls = 0;
  const me = talkTo({
    url,
    transport: 'sse',
    parallelPosts: 4,
    token: async () => {
      calls += 1;
      return `token-${calls}`;
    },
  });
  await waitFor('the session', () => me.client.state === 'open');
  valid = 'token-2';
  me.client.reconnect();
  const sent = ['one', 'two', 'three', 'four'].map(async (text) => me.client.send(text));
  expect(await Promise.all(sent)).toEqual(Array(4).fill({ sent: true }));
  expect(calls).toBe(2);
});

test.each(['include', 'omit'] as const)('credentials: %s is passed to each fetch', async (credentials) => {
  const { url } = await startTestServer();
  const modes = new Set<unknown>();
  const me = talkTo({
    url,
    transport: 'sse',
    credentials,
    fetch: (input, init) => {
      modes.add(init?.credentials);
      return fetch(input, init);
    },
  });
  expect(await me.client.send('hi')).toEqual({ sent: true });
  expect([...modes]).toEqual([credentials]);
});

test.each<[Partial<ClientOptions>, RegExp]>([
  [{ token: '' }, /option token must be a bearer token .*; given: a value of another shape$/],
  [{ token: 'secret secret' }, /option token must be a bearer token .*; given: a value of another shape$/],
  [{ token: 'secret\n' }, /option token must be a bearer token .*; given: a value of another shape$/],
  [{ token: { secret: 1 } as unknown as string }, /option token must be a bearer token/],
  [{ token: 'secret', headers: { authorization: 'Basic secret' } }, /the option headers must not contain it too$/],
  [{ credentials: 'all' as 'omit' }, /option credentials must be one of omit, same-origin, include; given: "all"$/],
])('createClient refuses %j, and shows no part of a secret', (options, text) => {
  const create = () => createClient({ url: 'http://localhost:8000', userId: 'me', ...options });
  expect(create).toThrow(text);
  expect(create).toThrow(/^(?!.*secret)/);
});
