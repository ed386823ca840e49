import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import type { ClientEvents } from '../../src/client/index.ts';
import type { ErrorCode } from '../../src/wire/error-catalogue.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { expectSame, said, talk, witness } from './conversation.ts';
import { hostileProxy, type Treatment } from './hostile-proxy.ts';

const TRANSPORTS = ['auto', 'sse', 'poll', 'ws'] as const;

/** Opens a client, and records what it reports of refusals. */
function talkTo(options: Parameters<typeof talk>[0]) {
  const me = talk({ random: () => 0.05, ...options });
  const rejections: ClientEvents['rejected'][] = [];
  const retries: ClientEvents['retry'][] = [];
  me.client.on('rejected', (refusal) => rejections.push(refusal));
  me.client.on('retry', (retry) => retries.push(retry));
  return { ...me, rejections, retries };
}

/** Statuses that end a client: with the code of an error of our server, or without as a proxy's. */
const FINAL: readonly (readonly [number, ErrorCode | undefined])[] = [
  [404, 'not_found'],
  [403, 'origin_not_allowed'],
  [401, undefined],
  [403, undefined],
  [404, undefined],
];
/** Transient statuses. `model_key_refused` says `retry: false`, but the request is not at fault. */
const TRANSIENT: typeof FINAL = [
  [429, 'request_queue_full'],
  [404, 'session_not_found'],
  [500, 'internal'],
  [502, 'model_key_refused'],
  [408, undefined],
  [429, undefined],
  [502, undefined],
];

/** Starts a server that answers every request with one error. @param code `undefined`: as a proxy does, with a page */
async function startStub(status: number, code?: ErrorCode): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume();
    requests += 1;
    const body = code === undefined ? '<h1>no</h1>' : JSON.stringify(new WireError(code).body());
    response.writeHead(status, { 'Content-Type': code === undefined ? 'text/html' : 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return { url: `http://127.0.0.1:${port}`, requests: () => requests };
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a client that the server refuses with retry: false fails with the reason, settles every send and makes no more requests', async () => {
    const server = await startTestServer();
    let requests = 0;
    const url = await hostileProxy(server, () => {
      requests += 1;
      return 'pass';
    });
    const me = talkTo({ url, transport, agent: 'nobody' });
    const refusal = {
      code: 'invalid_query',
      status: 400,
      error: expect.stringContaining('agent must be'),
    };
    expect(await me.client.send('hi')).toMatchObject({ sent: false, refusal });
    expect(me.client.state).toBe('failed');
    expect(me.client.rejection).toMatchObject(refusal);
    expect([me.states, me.rejections]).toMatchObject([['failed'], [refusal]]);
    const made = requests;
    expect(await me.client.send('hi again')).toMatchObject({ sent: false, refusal });
    me.client.sendAudio(new Int16Array(160));
    me.client.reconnect();
    await me.client.setAudio(true);
    await delay(1_000);
    expect(requests).toBe(made);
    expect(made).toBeLessThanOrEqual(2);
  });

  test('a client whose first connections are refused with a final status fails with that status', async () => {
    const results = FINAL.map(async ([status, code]) => {
      const stub = await startStub(status, code);
      const me = talkTo({ url: stub.url, transport });
      const { sent, refusal } = await me.client.send('hi');
      expect([refusal?.error, refusal?.hint]).toEqual([expect.any(String), expect.any(String)]);
      const made = stub.requests();
      await delay(500);
      return [sent, refusal?.status, refusal?.code, me.client.state, stub.requests() - made];
    });
    expect(await Promise.all(results)).toEqual(FINAL.map(([status, code]) => [false, status, code, 'failed', 0]));
  });

  test('a client whose first connections are refused with a transient status tries again', async () => {
    const results = TRANSIENT.map(async ([status, code]) => {
      const stub = await startStub(status, code);
      const me = talkTo({ url: stub.url, transport });
      await waitFor(`many attempts after ${status} ${code}`, () => me.retries.length > 6);
      return [status, code, me.client.state, me.rejections];
    });
    expect(await Promise.all(results)).toEqual(TRANSIENT.map(([status, code]) => [status, code, 'connecting', []]));
  });
});

test.each([401, 403, 404])(
  'a client recovers from a proxy that answers %i during a conversation, and loses nothing',
  async (status) => {
    const server = await startTestServer();
    const stream = await witness(server);
    let out = false;
    let refused = 0;
    const url = await hostileProxy(server, ({ url: path }): Treatment => {
      if (out) refused += 1;
      if (out) return { status };
      return path?.startsWith('/events') ? { cutAfter: 1_200 } : 'pass';
    });
    const me = talkTo({ url });
    await waitFor('the session', () => me.sessions.length > 0);
    out = true;
    me.client.reconnect();
    await waitFor('many refusals', () => refused >= 8);
    out = false;
    await me.client.send('count to twelve');
    await me.turns(1);
    await expectSame(me, stream);
    expect(await said(server)).toEqual(['count to twelve']);
    expect(me.rejections).toEqual([]);
  },
);

test('a client polls behind a proxy that forbids event streams', async () => {
  const server = await startTestServer();
  const url = await hostileProxy(server, ({ url: path }) => (path?.startsWith('/events') ? { status: 403 } : 'pass'));
  const me = talkTo({ url });
  expect(await me.client.send('count to two')).toEqual({ sent: true });
  await me.turns(1);
  expect([me.client.statistics.rung, me.rejections]).toEqual(['poll', []]);
});

test('a client fails during a conversation when its server is replaced by one that refuses it', async () => {
  const server = await startTestServer();
  let replaced = false;
  const other = await startStub(403, 'host_not_allowed');
  const me = talkTo({
    url: server.url,
    transport: 'sse',
    fetch: (input, init) => fetch(replaced ? other.url : input, init),
  });
  await waitFor('the session', () => me.sessions.length > 0);
  replaced = true;
  me.client.reconnect();
  await waitFor('the end', () => me.client.state === 'failed');
  expect(me.rejections).toMatchObject([{ code: 'host_not_allowed', status: 403 }]);
});
