import { expect, test } from '@jest/globals';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { expectSame, talk, witness } from './conversation.ts';
import { hostileProxy } from './hostile-proxy.ts';

test('a client whose stream falls silent, without an end, opens another and loses nothing', async () => {
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

test('a client that is told that the network is back reconnects at once, and stops listening when it is closed', async () => {
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
