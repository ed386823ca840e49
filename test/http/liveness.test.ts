import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { EventSource } from 'eventsource';
import { talk } from '../client/conversation.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { startDeafProxy } from './deaf-proxy.ts';
import { exchange, post, say } from './requests.ts';
import { nextResponse } from './server-response.ts';
import { openStream, type PlainMessage, textOf } from './sse-client.ts';
import { afterTest, startTestServer, waitFor } from './test-server.ts';
import { openSocket } from './ws-client.ts';

/** A client that can be heard is gone after 4 s without a sign of life. */
const QUICK = { HEARTBEAT_MS: '1000', LINGER_MS: '1000', RENEW_MS: '2000' };

test('sessions end although a proxy keeps the connections of their clients open, whatever the clients used', async () => {
  const server = await startTestServer(QUICK);
  const url = await startDeafProxy(server);
  const proxied = { port: Number(new URL(url).port) };

  const acknowledged = nextResponse('/send/sdk');
  const { client } = talk({ url, userId: 'sdk', transport: 'sse' });
  const socket = await openSocket(proxied, '/ws/socket?client=a');
  const anonymous = await openStream(`${url}/events/anonymous`, { Accept: 'text/event-stream' });
  const curl = await openStream(`${url}/events/curl`);
  const polling = new AbortController();
  fetch(`${url}/poll/poll?wait=3&since=z`, { signal: polling.signal }).catch(() => undefined);
  await acknowledged;
  await socket.untilNamed('session');
  await waitFor('every session', () => count(server.logs, 'live session opened') === 5);

  client.close();
  socket.close();
  anonymous.close();
  curl.close();
  polling.abort();
  await waitFor('every session to end', () => count(server.logs, 'live session ended') === 5);
  expect(JSON.parse((await exchange(server, '/readyz')).text)).toMatchObject({ sessions: 0 });
});

test('clients that send nothing but signs of life keep their connections, over SSE and WebSocket', async () => {
  const server = await startTestServer(QUICK);
  const talks = (['sse', 'ws'] as const).map((transport) => talk({ url: server.url, userId: transport, transport }));
  // Every WebSocket client answers pings by itself.
  const socket = await openSocket(server);
  await delay(6_500);
  for (const { client, sessions } of talks) {
    expect(client.statistics.reconnects).toBe(0);
    expect(sessions).toHaveLength(1);
  }
  expect(socket.code).toBeUndefined();
});

test('a connection whose client could be heard, and is not, ends with drain and its reason', async () => {
  const server = await startTestServer({ ...QUICK, RENEW_MS: '86400000' });
  const stream = await openStream(`${server.url}/events/me?client=a`);
  const { epoch } = await stream.untilNamed('session');
  await post(server, { client: 'a', ack: `${epoch}.0` });
  const socket = await openSocket(server, '/ws/me?client=b', { autoPong: false });
  const [ofStream, ofSocket] = await Promise.all([stream.untilNamed('drain'), socket.untilNamed('drain')]);
  expect([ofStream.reason, ofSocket.reason]).toEqual(['unheard', 'unheard']);
  await waitFor('their ends', () => stream.ended && socket.code === 1001);
  // A request is a sign of life, whenever the client has acknowledged last.
  const again = await openStream(`${server.url}/events/me?client=a&since=${stream.lastId}`);
  await again.untilNamed('hb');
  await delay(1_500);
  expect(again.ended).toBe(false);
});

test('a stream that no client can be heard of is renewed: an EventSource returns by itself and misses nothing, and curl reads on while somebody talks', async () => {
  const server = await startTestServer(QUICK, { emulator: { pace: 1.1 } });
  const source = new EventSource(`${server.url}/events/me`);
  afterTest(() => source.close());
  const messages: PlainMessage[] = [];
  let opened = 0;
  source.addEventListener('open', () => {
    opened += 1;
  });
  source.addEventListener('message', ({ data }) => messages.push(JSON.parse(data)));
  await waitFor('the stream', () => opened === 1);
  const curl = await openStream(`${server.url}/events/curl`, { Accept: '*/*' });
  const posting = setInterval(() => void say(server, 'thank you', 'curl'), 500);
  afterTest(() => clearInterval(posting));
  await say(server, 'count to twelve');
  await waitFor('the answer', () => messages.some((message) => message.turn_complete));
  await waitFor('a renewal', () => opened >= 2);
  expect(textOf(messages)).toBe('One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.');

  expect(curl.ended).toBe(false);
  clearInterval(posting);
  const { retry_ms, reason } = await curl.untilNamed('drain');
  expect(reason).toBe('renewal');
  expect(curl.text).toContain(`\nretry: ${retry_ms}\n`);
  await waitFor('its end', () => curl.ended);
});

function count(logs: readonly string[], message: string): number {
  return logs.filter((line) => line.includes(message)).length;
}
