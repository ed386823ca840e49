import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { SignJWT } from 'jose';
import type { Client, ClientEvents, SocketConstructor } from '../../src/client/index.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { talk } from './conversation.ts';

const TOKEN = 'me-0123456789abcdef';
const ENVIRONMENT = { AUTH: 'token', AUTH_TOKENS: `me:${TOKEN}, ann:ann-0123456789abcdef` };

/** Opens a client, records what it reports of refusals, and the addresses of its WebSockets. */
function talkTo(options: Parameters<typeof talk>[0]) {
  const addresses: string[] = [];
  class RecordedSocket extends (globalThis as unknown as { WebSocket: SocketConstructor }).WebSocket {
    constructor(url: string) {
      super(url);
      addresses.push(url);
    }
  }
  const me = talk({ random: () => 0.05, WebSocket: RecordedSocket, ...options });
  const rejections: ClientEvents['rejected'][] = [];
  const retries: ClientEvents['retry'][] = [];
  me.client.on('rejected', (refusal) => rejections.push(refusal));
  me.client.on('retry', (retry) => retries.push(retry));
  return { ...me, rejections, retries, addresses };
}

const untilFailed = (client: Client) => waitFor('the refusal', () => client.state === 'failed');

describe.each(['auto', 'sse', 'poll', 'ws'] as const)('over %s, with AUTH=token', (transport) => {
  test('a client with the token of its user talks', async () => {
    const { url } = await startTestServer(ENVIRONMENT);
    const me = talkTo({ url, transport, token: TOKEN });
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    await me.turns(1);
    expect([me.rejections, me.retries, me.refused]).toEqual([[], [], []]);
    if (transport === 'ws') expect(me.client.statistics.rung).toBe('ws');
  });

  test.each([
    ['no token', undefined, 'unauthorized', 401],
    ['a wrong token', 'wrong-0123456789abcdef', 'unauthorized', 401],
    ['the token of another user', 'ann-0123456789abcdef', 'user_not_allowed', 403],
  ])('a client with %s fails, and tells which credentials are missing', async (_, token, code, status) => {
    const { url } = await startTestServer(ENVIRONMENT);
    const me = talkTo({ url, transport, ...(token === undefined ? {} : { token }) });
    expect(await me.client.send('hi')).toMatchObject({ sent: false, refusal: { code, status } });
    await untilFailed(me.client);
    expect(me.rejections).toMatchObject([{ code, status }]);
    expect(JSON.stringify([me.rejections, me.retries, me.addresses])).not.toContain('0123456789abcdef');
  });
});

test('each WebSocket of a client has a ticket of its own, and no token in its address', async () => {
  const { url } = await startTestServer(ENVIRONMENT);
  const me = talkTo({ url, transport: 'ws', token: TOKEN });
  for (let turn = 1; turn <= 3; turn += 1) {
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    await me.turns(turn);
    me.client.reconnect();
  }
  await waitFor('the sockets', () => me.addresses.length >= 4);
  const tickets = me.addresses.map((address) => new URL(address).searchParams.get('ticket'));
  expect(tickets.every((ticket) => ticket && ticket.length > 40)).toBe(true);
  expect(new Set(tickets).size).toBe(tickets.length);
  expect(me.addresses.join()).not.toContain(TOKEN);
});

test('a client with transport auto moves to a WebSocket although the server asks for credentials', async () => {
  const { url } = await startTestServer(ENVIRONMENT);
  const me = talkTo({ url, transport: 'auto', token: TOKEN });
  await waitFor('the WebSocket', () => me.client.statistics.rung === 'ws');
  expect(await me.client.send('count to two')).toEqual({ sent: true });
  await me.turns(1);
  expect(me.retries).toEqual([]);
});

test('a client with a token talks with a server that asks for none, over a WebSocket too', async () => {
  const { url } = await startTestServer();
  const me = talkTo({ url, transport: 'ws', token: TOKEN });
  expect(await me.client.send('count to two')).toEqual({ sent: true });
  await me.turns(1);
});

const JWT = {
  AUTH: 'jwt',
  AUTH_JWT_SECRET: 'a-secret-that-only-the-tests-use-0123456789',
  AUTH_JWT_ISSUER: 'https://login.example.com',
  AUTH_JWT_AUDIENCE: 'voice',
};
/** Difference of clocks that the server tolerates, in s. */
const TOLERANCE_S = 5;

/** Signs a token that the server accepts for `lifeS` seconds, or for up to a second less: `exp` has whole seconds. */
function sign(lifeS: number): Promise<string> {
  return new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(JWT.AUTH_JWT_ISSUER)
    .setAudience(JWT.AUTH_JWT_AUDIENCE)
    .setSubject('me')
    .setExpirationTime(Math.floor(Date.now() / 1_000) + lifeS - TOLERANCE_S)
    .sign(new TextEncoder().encode(JWT.AUTH_JWT_SECRET));
}

/** Texts of the conversation that the server keeps, of the user and of the agent. */
async function readConversation(url: string): Promise<string[]> {
  const headers = { Authorization: `Bearer ${await sign(60)}` };
  const answer = await fetch(`${url}/poll/me?since=nonsense&wait=0`, { headers });
  const { events }: { events: { event?: string; data: ClientEvents['reset'] }[] } = JSON.parse(await answer.text());
  return events.find(({ event }) => event === 'reset')?.data.turns.map(({ text }) => text) ?? [];
}

test.each(['sse', 'poll', 'ws'] as const)(
  'over %s, with AUTH=jwt, tokens that expire during the conversation are obtained again, and nothing is lost or repeated',
  async (transport) => {
    const { url } = await startTestServer(JWT);
    let calls = 0;
    const me = talkTo({
      url,
      transport,
      token: () => {
        calls += 1;
        return sign(2);
      },
    });
    let turns = 0;
    while (calls < 4) {
      expect(await me.client.send('count to two')).toEqual({ sent: true });
      turns += 1;
      await me.turns(turns);
      await delay(200);
    }
    const texts = me.told.flatMap(([, data]) => {
      const { mime_type, data: text } = data as { mime_type?: string; data?: string };
      return mime_type === 'text/plain' && text !== undefined ? [text] : [];
    });
    expect(texts.join('')).toBe('One, two.'.repeat(turns));
    // Texts of one role that follow each other are one turn.
    expect((await readConversation(url)).join('\n')).toBe(Array(turns).fill('count to two\nOne, two.').join('\n'));
    // The token may have expired just now.
    await waitFor('the connection', () => me.client.state === 'open');
    expect([me.rejections, me.refused]).toEqual([[], []]);
  },
);
