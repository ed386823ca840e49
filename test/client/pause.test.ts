import { describe, expect, test } from '@jest/globals';
import { openStream } from '../http/sse-client.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { type Talk, talk } from './conversation.ts';

function textOf(told: Talk['told']): string {
  return told.flatMap(([, data]) => (typeof data === 'object' && data && 'data' in data ? [data.data] : [])).join('');
}

describe.each(['sse', 'poll', 'ws'] as const)('a client that pauses, over %s,', (transport) => {
  test('closes its connection, sends all the same, and gets what it has missed after reconnect()', async () => {
    const server = await startTestServer();
    const other = await openStream(`${server.url}/events/me`);
    const me = talk({ url: server.url, userId: 'me', transport });
    await waitFor('the session', () => me.sessions.length === 1);
    me.client.pause();
    expect(me.client.state).toBe('paused');
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    expect(await other.nextAnswer()).toBe('One, two.');
    expect(textOf(me.told)).toBe('');
    me.client.reconnect();
    await me.turns(1);
    expect(me.client.state).toBe('open');
    expect(textOf(me.told)).toBe('One, two.');
  });
});

test('a client that pauses before its first connection opens none, and none after it was closed', async () => {
  const server = await startTestServer();
  const me = talk({ url: server.url, transport: 'sse' });
  me.client.pause();
  me.client.pause();
  me.client.close();
  me.client.pause();
  me.client.reconnect();
  expect(me.client.state).toBe('closed');
  expect(me.sessions).toEqual([]);
});
