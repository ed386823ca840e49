import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Tickets } from '../../../src/http/auth/tickets.ts';
import { createUserPrincipal } from '../../../src/http/auth/token-verifier.ts';
import { exchange, type RequestOptions } from '../requests.ts';
import { expectRefusal } from '../sessions.ts';
import { openStream } from '../sse-client.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { openSocket } from '../ws-client.ts';

const TOKEN = 'ann-token-0123456789';
const ENVIRONMENT = { AUTH: 'token', AUTH_TOKENS: `ann:${TOKEN}` };
const SESSION = { userId: 'ann', sessionId: 'default' };
const EPOCH = 'epoch-0123456789abcdef';
const CURSOR = `${EPOCH}.7`;

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('POST /tickets', () => {
  test('issues a ticket that opens the stream and the WebSocket of its session, and nothing else', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const ticket = await requestTicket(server, '/tickets/ann/one');
    const query = `client=a&ticket=${ticket}`;
    expect(await openStream(`${server.url}/events/ann/one?${query}`)).toMatchObject({ status: 200 });
    const socket = await openSocket(server, `/ws/ann/one?${query}`);
    expect(socket.socket.readyState).toBe(socket.socket.OPEN);
    for (const path of ['/events/ann', '/events/ann/two', '/events/ben/one']) {
      expect(await exchange(server, `${path}?ticket=${ticket}`)).toMatchObject({ status: 403 });
    }
    await expect(openSocket(server, `/ws/ann/two?${query}`)).rejects.toThrow('403');
    for (const [path, request] of [
      ['/poll/ann/one?wait=0&', {}],
      ['/send/ann/one?', { method: 'POST', body: '{"close":true}' }],
      ['/tickets/ann/one?', { method: 'POST' }],
      ['/sign-in?', {}],
    ] satisfies [string, RequestOptions][]) {
      const answer = await exchange(server, `${path}ticket=${ticket}`, request);
      expectRefusal(answer, { status: 401, code: 'unauthorized', error: /ticket is for EventSource and WebSocket/ });
    }
  });

  test('lets an EventSource reconnect with its ticket and the id of the live session', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const ticket = await requestTicket(server, '/tickets/ann');
    const url = `${server.url}/events/ann?ticket=${ticket}`;
    const stream = await openStream(url);
    const { epoch } = await stream.untilNamed('session');
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
    expect((await openStream(url)).status).toBe(401);
    expect((await openStream(url, { 'Last-Event-ID': `${epoch}x.1` })).status).toBe(401);
    expect((await openStream(url, { 'Last-Event-ID': `${epoch}.1` })).status).toBe(200);
  });

  test('does not log tickets, whatever the case and the encoding of their name', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const ticket = await requestTicket(server, '/tickets/ann');
    for (const name of ['ticket', '%74icket', 'Ticket']) {
      await openStream(`${server.url}/events/ben?is_audio=true&${name}=${ticket}&x=1`);
    }
    const log = server.logs.join('');
    expect(log).toContain('/events/ben?is_audio=true&ticket=[redacted]&x=1');
    expect(log).not.toContain(ticket);
  });
});

describe('Tickets', () => {
  test('accept a ticket for one minute without an id', async () => {
    const { tickets, ticket, expiresMs } = issue();
    expect(expiresMs).toBe(60_000);
    jest.advanceTimersByTime(60_000);
    const principal = await tickets.verify(ticket, SESSION, undefined);
    expect(principal).toMatchObject({ id: 'ann', userId: 'ann', expiresAt: Number.POSITIVE_INFINITY });
    expect(principal.mayUse('ann', 'default')).toBe(true);
    expect(principal.mayUse('ann', 'other')).toBe(false);
    expect(principal.mayUse('ben', 'default')).toBe(false);
    jest.advanceTimersByTime(1);
    await expect(tickets.verify(ticket, SESSION, undefined)).rejects.toThrow('The ticket has expired');
  });

  test('accept a ticket for one hour with an id of the live session', async () => {
    const { tickets, ticket } = issue();
    jest.advanceTimersByTime(3_600_000);
    await expect(tickets.verify(ticket, SESSION, CURSOR)).resolves.toMatchObject({ userId: 'ann' });
    for (const cursor of ['nonsense', `another-${CURSOR}`, '']) {
      await expect(tickets.verify(ticket, SESSION, cursor)).rejects.toThrow('The ticket has expired');
    }
    jest.advanceTimersByTime(1);
    await expect(tickets.verify(ticket, SESSION, CURSOR)).rejects.toThrow('The ticket has expired');
  });

  test('expire with the credentials that they were issued for', async () => {
    const { tickets, ticket, expiresMs } = issue(10_000);
    expect(expiresMs).toBe(10_000);
    jest.advanceTimersByTime(9_999);
    await expect(tickets.verify(ticket, SESSION, undefined)).resolves.toMatchObject({ expiresAt: Date.now() + 1 });
    jest.advanceTimersByTime(1);
    await expect(tickets.verify(ticket, SESSION, CURSOR)).rejects.toThrow('The ticket has expired');
  });

  test('are valid on every machine with the same secret, and on no other', async () => {
    const secret = 'a secret that two machines share';
    const { ticket } = issue(undefined, secret);
    await expect(createTickets(secret).verify(ticket, SESSION, undefined)).resolves.toMatchObject({ id: 'ann' });
    await expect(createTickets().verify(ticket, SESSION, undefined)).rejects.toThrow('The ticket is not valid');
  });

  test('refuse a ticket that was changed anywhere, and every other text', async () => {
    const { tickets, ticket } = issue();
    const changed = [...ticket].map((character, index) => {
      // The last character of a signature has two bits that nothing depends on.
      if (index === ticket.length - 1) return `${ticket}A`;
      return ticket.slice(0, index) + (character === 'A' ? 'B' : 'A') + ticket.slice(index + 1);
    });
    const [content = ''] = ticket.split('.');
    const others = ['', '.', `${content}.`, content, `${ticket}.`, `${ticket}.x`, 'x'.repeat(100_000), TOKEN];
    for (const text of [...changed, ...others]) {
      await expect(tickets.verify(text, SESSION, undefined)).rejects.toThrow('The ticket is not valid');
    }
  });

  test('fit into their limit with the longest ids', async () => {
    const tickets = createTickets();
    const session = { userId: 'u'.repeat(128), sessionId: 's'.repeat(128) };
    const { ticket } = tickets.issue(createUserPrincipal(session.userId, Date.now() + 1e9), session);
    await expect(tickets.verify(ticket, session, undefined)).resolves.toMatchObject({ userId: session.userId });
  });
});

function createTickets(secret?: string): Tickets {
  return new Tickets({ secret, isLive: async ({ userId }, epoch) => userId === 'ann' && epoch === EPOCH });
}

function issue(validMs = Number.POSITIVE_INFINITY, secret?: string) {
  jest.useFakeTimers();
  const tickets = createTickets(secret);
  return { tickets, ...tickets.issue(createUserPrincipal('ann', Date.now() + validMs), SESSION) };
}

async function requestTicket(server: TestServer, path: string): Promise<string> {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const { status, text } = await exchange(server, path, { method: 'POST', headers });
  expect(status).toBe(200);
  const { ticket, expires_ms: expiresMs } = JSON.parse(text);
  expect(expiresMs).toBe(60_000);
  return ticket;
}
