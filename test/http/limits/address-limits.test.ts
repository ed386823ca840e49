import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect } from '@jest/globals';
import { AddressLimits } from '../../../src/http/limits/address-limits.ts';
import { concurrentTest as test } from '../../concurrent-test.ts';
import { exchange, rawConnection } from '../requests.ts';
import { expectLimit } from '../sessions.ts';
import { startTestServer, type TestServer, waitFor } from '../test-server.ts';

const OTHER = '127.0.0.2';

describe('requests of one address', () => {
  test.each([
    ['refused because there were too many', 'GET /poll/me?wait=nonsense', 'localhost', 429],
    ['refused for their host', 'GET /poll/me', 'evil.example', 403],
    ['probes', 'GET /healthz', 'localhost', 200],
  ])('above the limit that are %s are answered once a second on each connection', async (_what, line, host, status) => {
    const server = await startTestServer({ MAX_ADDRESS_REQUESTS_PER_MINUTE: '60' });
    const request = `${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    for (let count = 0; count < 15; count += 1) await exchange(server, '/healthz');
    const socket = await rawConnection(server);
    let read = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      read += text;
    });
    const began = performance.now();
    // Some have been read when the first is answered, others have not.
    socket.write(request.repeat(2));
    await waitFor('the first answer', () => read.includes('HTTP/1.1'));
    socket.write(request);
    await waitFor('the third answer', () => read.match(/HTTP\/1.1 \d+/g)?.length === 3);
    expect(performance.now() - began).toBeGreaterThan(1_900);
    expect(read.match(/HTTP\/1.1 \d+/g)).toEqual(Array(3).fill(`HTTP/1.1 ${status}`));
    expect((await exchange(server, '/poll/you?wait=0', { from: OTHER })).status).toBe(200);
  });

  test('succeed again after the time that a refusal names', () => {
    const { limits, clock } = limitsOf({ requestsPerMinute: 600 });
    const req = requestFrom('192.0.2.1');
    for (let count = 0; count < 100; count += 1) expect(limits.admit(req)).toBe('192.0.2.1');
    const waitMs = expectRefused(() => limits.admit(req));
    clock.now += waitMs;
    expect(limits.admit(req)).toBe('192.0.2.1');
  });

  test('cost a bounded number of counters, however many addresses there are', () => {
    const { limits } = limitsOf({ trustedProxies: ['192.0.2.1'] });
    const req = requestFrom('192.0.2.1');
    for (let address = 0; address < 20_000; address += 1) {
      req.headers['x-forwarded-for'] = `10.0.${address >> 8}.${address & 255}`;
      limits.admit(req);
    }
    expect(limits.size).toBeLessThanOrEqual(10_001);
  });
});

test('a client that resets its connection after its request cannot pose as a proxy, nor be served without an address', async () => {
  const server = await startTestServer({ TRUSTED_PROXIES: '10.0.0.1', LOG_LEVEL: 'debug' });
  const request = 'GET /poll/me?wait=0 HTTP/1.1\\r\\nHost: localhost\\r\\nX-Forwarded-For: 203.0.113.1\\r\\n\\r\\n';
  const client = `const socket = require('node:net').connect(${server.port}, '127.0.0.1');
    socket.write('${request}', () => socket.resetAndDestroy());`;
  // The server runs in this thread, which waits here: it accepts the connection when all is over.
  execFileSync(process.execPath, ['-e', client], { timeout: 10_000 });
  expect((await exchange(server, '/poll/you?wait=0')).status).toBe(200);
  expect(server.logs.filter((line) => line.includes('live session opened'))).toEqual([
    expect.stringContaining('"userId":"you"'),
  ]);
});

describe('connections of one address', () => {
  test('are refused with 429 above MAX_ADDRESS_CONNECTIONS and closed, those of another address are not', async () => {
    const server = await startTestServer({ MAX_ADDRESS_CONNECTIONS: '3' });
    const sockets = await Promise.all([1, 2, 3].map(() => rawConnection(server)));
    const answer = await exchange(server, '/poll/me?wait=0');
    expectLimit(answer, 429, 'too_many_connections');
    expect(answer.headers.connection).toBe('close');
    expect((await exchange(server, '/poll/me?wait=0', { from: OTHER })).status).toBe(200);
    sockets[0]?.destroy();
    await waitForStatus(server, 200);
  });

  test('leave a tenth of MAX_CONNECTIONS for others; above all of them every address is refused with 503', async () => {
    const server = await startTestServer({ MAX_CONNECTIONS: '10' });
    const sockets = await Promise.all(Array.from({ length: 9 }, () => rawConnection(server)));
    expectLimit(await exchange(server, '/poll/me?wait=0'), 429, 'too_many_connections');
    const last = await rawConnection(server, OTHER);
    expectLimit(await exchange(server, '/poll/me?wait=0', { from: OTHER }), 503, 'server_busy');
    for (const socket of [...sockets, last]) expect(socket.destroyed).toBe(false);
    last.destroy();
    await waitForStatus(server, 200, OTHER);
  });

  test('above the limit that send nothing are closed, at the latest after 2 s', async () => {
    const server = await startTestServer({ MAX_ADDRESS_CONNECTIONS: '1' });
    const first = await rawConnection(server);
    const excess = await Promise.all(Array.from({ length: 150 }, () => rawConnection(server)));
    await Promise.all(excess.map((socket) => socket.resume().closed || once(socket, 'close')));
    expect(first.destroyed).toBe(false);
  });
});

interface Clock {
  now: number;
}

function limitsOf({ trustedProxies = [] as string[], requestsPerMinute = 1_000_000 }): {
  limits: AddressLimits;
  clock: Clock;
} {
  const clock: Clock = { now: 0 };
  const limits = new AddressLimits({
    trustedProxies,
    maxConnections: 100,
    maxAddressConnections: 100,
    requestsPerMinute,
    onUntrustedProxy: () => {},
    now: () => clock.now,
  });
  return { limits, clock };
}

function requestFrom(remoteAddress: string): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
  return new IncomingMessage(socket);
}

/** @returns the wait that the refusal names, in ms */
function expectRefused(attempt: () => unknown): number {
  try {
    attempt();
  } catch (error) {
    expect(error).toMatchObject({ code: 'too_many_requests', details: { retry_after_ms: expect.any(Number) } });
    return (error as { details: { retry_after_ms: number } }).details.retry_after_ms;
  }
  throw new Error('the request was not refused');
}

/** Asks until the answer has a status. */
async function waitForStatus(server: TestServer, status: number, from?: string): Promise<void> {
  let latest = 0;
  const ask = async () => {
    latest = (await exchange(server, '/poll/me?wait=0', from === undefined ? {} : { from })).status;
    if (latest !== status) setTimeout(ask, 20);
  };
  await ask();
  await waitFor(`the status ${status}`, () => latest === status);
}
