import { expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { expectSame, talk, witness } from './conversation.ts';
import { hostileProxy } from './hostile-proxy.ts';
import { socketLine } from './socket-line.ts';

test('a client opens another stream when its stream falls silent without an end, and loses nothing', async () => {
  const server = await startTestServer({ HEARTBEAT_MS: '1000' });
  const stream = await witness(server);
  let streams = 0;
  const url = await hostileProxy(server, ({ url: path }) => {
    if (!path?.startsWith('/events')) return 'pass';
    streams += 1;
    return streams === 1 ? 'stall' : 'pass';
  });
  const me = talk({ url, transport: 'sse' });
  await waitFor('the session', () => me.sessions.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  void me.client.send('count to three');
  await me.turns(1);
  await expectSame(me, stream);
  expect(streams).toBe(2);
});

/** Missing heartbeats show a dead stream after 25 s, which is longer than these tests wait. */
test.each(['stall', 'orphan'] as const)(
  'a client replaces a dead stream (%s) as soon as the answer to a POST shows that an event is missing',
  async (fate) => {
    const server = await startTestServer();
    const stream = await witness(server);
    let streams = 0;
    const url = await hostileProxy(server, ({ url: path }) => {
      if (!path?.startsWith('/events')) return 'pass';
      streams += 1;
      return streams === 1 ? fate : 'pass';
    });
    const me = talk({ url, transport: 'sse' });
    await waitFor('the session', () => me.sessions.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 700));
    void me.client.send('count to three');
    await me.turns(1);
    await expectSame(me, stream);
    expect(streams).toBe(2);
  },
);

test('a client replaces a dead WebSocket when an answer is missing, and loses nothing', async () => {
  const server = await startTestServer();
  const stream = await witness(server);
  let sockets = 0;
  const url = await socketLine(server, () => {
    sockets += 1;
    return sockets === 1 ? { muteAfter: 1_000 } : 'pass';
  });
  const me = talk({ url, transport: 'ws' });
  await waitFor('the session', () => me.sessions.length > 0);
  for (const text of ['count to nine', 'count to two']) {
    void me.client.send(text);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await me.turns(2);
  await expectSame(me, stream);
  expect(sockets).toBe(2);
});

test('a client whose POSTs get no answer changes to a WebSocket and sends the pending POSTs again there', async () => {
  const server = await startTestServer();
  const stream = await witness(server);
  const url = await socketLine(server, () => 'pass', true);
  const me = talk({ url });
  // A POST times out after 8 s. Without a WebSocket the next attempt would take the same way.
  void me.client.send('count to three');
  await me.turns(1);
  expect(me.client.statistics.rung).toBe('ws');
  await expectSame(me, stream);
});

test('a client reconnects at once when the browser reports that the network is back, until it is closed', async () => {
  const network = new EventTarget();
  const surroundings = globalThis as { addEventListener?: unknown; removeEventListener?: unknown };
  surroundings.addEventListener = network.addEventListener.bind(network);
  surroundings.removeEventListener = network.removeEventListener.bind(network);
  afterTest(() => {
    delete surroundings.addEventListener;
    delete surroundings.removeEventListener;
  });
  const server = await startTestServer();
  const stream = await witness(server);
  const me = talk({ url: server.url, transport: 'sse' });
  await waitFor('the session', () => me.sessions.length > 0);
  network.dispatchEvent(new Event('online'));
  await waitFor('another connection', () => me.sessions.length > 1);
  void me.client.send('count to two');
  await me.turns(1);
  await expectSame(me, stream);
  me.client.close();
  network.dispatchEvent(new Event('online'));
  expect(me.client.statistics.reconnects).toBe(1);
  expect(me.client.statistics.rung).toBe('stream');
});
