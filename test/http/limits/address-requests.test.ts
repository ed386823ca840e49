import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';

import { exchange, say } from '../requests.ts';
import { expectLimit } from '../sessions.ts';
import { startTestServer, waitFor } from '../test-server.ts';
import { openSocket } from '../ws-client.ts';
import { holdBudgets } from './held-budgets.ts';

const OTHER = '127.0.0.2';

describe('requests of one address', () => {
  test('are refused with 429 and Retry-After above MAX_ADDRESS_REQUESTS_PER_MINUTE, those of another address are not', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '60' });
    holdBudgets();
    for (const path of ['/poll/me?wait=0', '/', '/nowhere', '/ws/me?client=a'].concat(
      Array(6).fill('/poll/me?wait=0'),
    )) {
      expect((await exchange(server, path)).status).not.toBe(429);
    }
    const answers = await Promise.all(
      ['/poll/me?wait=0', '/', '/nowhere', '/static/x'].map((path) => exchange(server, path)),
    );
    for (const answer of answers) expectLimit(answer, 429, 'too_many_requests');
    expect((await exchange(server, '/poll/you?wait=0', { from: OTHER })).status).toBe(200);
    // Probes have no limit.
    expect((await exchange(server, '/healthz')).status).toBe(200);
  });

  test('count for the clients of a trusted proxy, not for the proxy', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '12', TRUSTED_PROXIES: '127.0.0.1' });
    holdBudgets();
    const ask = (client: string) => exchange(server, '/poll/me?wait=0', { headers: { 'X-Forwarded-For': client } });
    for (let count = 0; count < 2; count += 1) expect((await ask('203.0.113.1')).status).toBe(200);
    expectLimit(await ask('203.0.113.1'), 429, 'too_many_requests');
    // The client writes the first part itself.
    expectLimit(await ask('203.0.113.9, 203.0.113.1'), 429, 'too_many_requests');
    expect((await ask('203.0.113.2')).status).toBe(200);
  });

  test('count for the address of the connection if that is no trusted proxy, and the log says so once', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '12' });
    holdBudgets();
    const ask = (client: string) => exchange(server, '/poll/me?wait=0', { headers: { 'X-Forwarded-For': client } });
    await ask('203.0.113.1');
    await ask('203.0.113.2');
    expectLimit(await ask('203.0.113.3'), 429, 'too_many_requests');
    const warnings = server.logs.filter((line) => line.includes('TRUSTED_PROXIES'));
    expect(warnings.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 40, address: '127.0.0.1' }),
    ]);
  });

  test('include text frames of WebSockets, which are read more slowly and all answered', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '600' });
    const release = holdBudgets();
    const socket = await openSocket(server);
    for (let count = 0; count < 110; count += 1) socket.send('{"what":1}');
    await waitFor('the limit', () => socket.answers.length >= 100);
    expectLimit(await exchange(server, '/poll/me?wait=0'), 429, 'too_many_requests');
    expect((await exchange(server, '/poll/you?wait=0', { from: OTHER })).status).toBe(200);
    release();
    await waitFor('the answers', () => socket.answers.length === 110);
    expect(socket.ended).toBe(false);
  });

  test.each([
    ['pings', (socket: WebSocket) => socket.ping()],
    ['pongs', (socket: WebSocket) => socket.pong()],
    ['empty binary frames', (socket: WebSocket) => socket.send(Buffer.alloc(0))],
    ['half samples', (socket: WebSocket) => socket.send(Buffer.alloc(101))],
    ['single samples', (socket: WebSocket) => socket.send(Buffer.alloc(2))],
  ])('include %s of WebSockets, which are read more slowly', async (_what, send) => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '600' });
    holdBudgets();
    const { socket } = await openSocket(server);
    for (let count = 0; count < 200; count += 1) send(socket);
    // A hundred requests may come at once.
    let served = 0;
    while ((await exchange(server, '/poll/me?wait=0')).status === 200) {
      served += 1;
      await delay(20);
    }
    expect(served).toBeLessThan(50);
    expect((await exchange(server, '/poll/you?wait=0', { from: OTHER })).status).toBe(200);
  });

  test('include a new conversation as twenty: they are not created faster than the oldest ones of a user are deleted', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '600' });
    holdBudgets();
    // A hundred requests may come at once.
    let created = 0;
    while ((await exchange(server, '/sessions/me', { method: 'POST' })).status === 201) created += 1;
    expect(created).toBe(5);
  });

  test('include a long reset as several: it costs more than the request for it', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '600' });
    holdBudgets();
    await exchange(server, '/poll/me?wait=0');
    await say(server, 'x'.repeat(120 * 1024));
    // A hundred requests may come at once.
    let served = 0;
    while ((await exchange(server, '/poll/me?since=z')).status === 200) served += 1;
    expect(served).toBeGreaterThanOrEqual(5);
    expect(served).toBeLessThan(20);
  });

  test('do not include frames of 10 ms of audio', async () => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '600' });
    holdBudgets();
    const { socket } = await openSocket(server);
    for (let count = 0; count < 200; count += 1) socket.send(Buffer.alloc(320));
    const ended = new Promise((resolve) => socket.once('pong', resolve));
    socket.ping();
    await ended;
    expect((await exchange(server, '/poll/me?wait=0')).status).toBe(200);
  });
});
