import { expect, test } from '@jest/globals';
import { cuttableLine } from '../http/cuttable-line.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { said, talk } from './conversation.ts';
import { hostileProxy } from './hostile-proxy.ts';

test('a client whose live session has closed numbers its POSTs again in the next one, and loses no text', async () => {
  const server = await startTestServer({ LINGER_MS: '50' });
  let out = false;
  const line = await cuttableLine(server);
  const url = await hostileProxy({ port: Number(new URL(line.url).port) }, () => (out ? 'bad gateway' : 'pass'));
  const me = talk({ url, random: () => 0.05 });
  void me.client.send('count to two');
  await me.turns(1);
  out = true;
  void me.client.send('count to twelve');
  void me.client.send('count to twelve');
  line.cut();
  await waitFor('the end of the session', () => server.logs.some((line) => line.includes('live session ended')));
  out = false;
  await waitFor('another session', () => new Set(me.sessions.map(({ epoch }) => epoch)).size > 1);
  await me.turns(2);
  await waitFor('the texts', () => me.client.statistics.roundTripMs !== undefined);
  expect(await said(server)).toEqual(['count to two', 'count to twelve', 'count to twelve']);
  expect(me.failures).toEqual([]);
});

test.each(['sse', 'poll'] as const)(
  'a client that asks for the end of the session receives end, and stops: %s',
  async (transport) => {
    const server = await startTestServer();
    const me = talk({ url: server.url, transport });
    void me.client.send('count to two');
    await me.turns(1);
    void me.client.send({ close: true });
    await waitFor('the end', () => me.client.state === 'ended');
    expect(me.told.at(-1)).toEqual(['end', { reason: 'closed' }]);
  },
);

test('a refused item is reported, and the items after it are accepted', async () => {
  const server = await startTestServer();
  const me = talk({ url: server.url });
  await waitFor('the session', () => me.sessions.length > 0);
  const refusal = { code: 'unsupported_mime_type', retry: false };
  expect(await me.client.send({ mime_type: 'video/mp4', data: 'AAAA' })).toMatchObject({ sent: false, refusal });
  expect(me.refused).toMatchObject([refusal]);
  expect(await me.client.send('count to two')).toEqual({ sent: true });
  await me.turns(1);
  expect(await said(server)).toEqual(['count to two']);
  expect([me.refused.length, me.failures]).toEqual([1, []]);
});

test('audio is sent as PCM, and the events of the reply are acknowledged', async () => {
  const server = await startTestServer();
  const acks: string[] = [];
  const types: string[] = [];
  const url = await hostileProxy(server, ({ method, headers }, body) => {
    if (method !== 'POST') return 'pass';
    types.push(headers['content-type'] ?? '');
    if (headers['content-type'] === 'application/json') acks.push(JSON.parse(body).ack);
    return 'pass';
  });
  const me = talk({ url, isAudio: true });
  me.client.sendAudio(new Uint8Array(3_200));
  await waitFor('the audio', () => types.includes('audio/pcm;rate=16000'));
  void me.client.send('count to three');
  await me.turns(1);
  expect(me.told.some(([, data]) => (data as { mime_type?: string }).mime_type === 'audio/pcm')).toBe(true);
  // The POST of the text acknowledges, and so does one after the reply.
  await waitFor('an acknowledgement', () => acks.length >= 2);
  expect(me.failures).toEqual([]);
});

test('a closed client sends nothing and changes no state', async () => {
  const server = await startTestServer();
  const me = talk({ url: server.url });
  await waitFor('the session', () => me.sessions.length > 0);
  me.client.close();
  me.client.reconnect();
  await me.client.setAudio(true);
  void me.client.send('count to two');
  expect(me.client.state).toBe('closed');
  expect(me.states).toEqual(['open', 'closed']);
  expect(await said(server)).toEqual([]);
});
