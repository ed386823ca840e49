import { expect, test } from '@jest/globals';
import { EventSource } from 'eventsource';
import { exchange, rawConnection, say } from './requests.ts';
import { openScripted, speech } from './scripted-session.ts';
import { nextResponse } from './server-response.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from './test-server.ts';

async function open(server: TestServer, query = ''): Promise<SseClient> {
  const stream = await openStream(`${server.url}/events/me${query}`);
  await stream.untilNamed('session');
  return stream;
}

test('the older connection of a client gets superseded with a long retry and ends, and the newer one continues', async () => {
  const server = await startTestServer();
  const older = await open(server, '?client=a');
  const newer = await open(server, '?client=a');
  await older.untilEnded();
  expect(older.named('superseded')).toEqual([{}]);
  const [retry = ''] = older.text.match(/retry: \d+\n\n(?=id: \S+\nevent: superseded\ndata: \{\}\n\n$)/) ?? [];
  expect(retry).toBe('retry: 3600000\n\n');
  await say(server, 'count to two');
  expect(await newer.nextAnswer()).toBe('One, two.');
  expect(newer.named('superseded')).toEqual([]);
});

test('connections of other clients, anonymous ones, polls and other sessions are not superseded', async () => {
  const server = await startTestServer();
  const others = [await open(server), await open(server), await open(server, '?client=b')];
  const elsewhere = await openStream(`${server.url}/events/me/elsewhere?client=a`);
  const mine = await open(server, '?client=a');
  expect((await exchange(server, '/poll/me?client=a&wait=0')).status).toBe(200);
  await say(server, 'count to two');
  for (const stream of [...others, mine]) {
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(stream.named('superseded')).toEqual([]);
  }
  await elsewhere.untilNamed('hb');
  expect(elsewhere.ended).toBe(false);
});

test('the newest of many connections of a client is the one that stays', async () => {
  const server = await startTestServer();
  const streams: SseClient[] = [];
  for (let count = 0; count < 5; count += 1) streams.push(await open(server, '?client=a'));
  const newest = streams.pop();
  for (const stream of streams) {
    // Its late close takes nothing from the newer one.
    await stream.untilEnded();
    expect(stream.named('superseded')).toHaveLength(1);
  }
  await say(server, 'count to two');
  expect(await newest?.nextAnswer()).toBe('One, two.');
  const last = await open(server, '?client=a');
  await newest?.untilEnded();
  await say(server, 'count to three');
  expect(await last.nextAnswer()).toBe('One, two, three.');
});

test('a client that reconnects after its connection closed supersedes no connection', async () => {
  const server = await startTestServer();
  const before = await open(server, '?client=a');
  before.close();
  await before.untilEnded();
  const after = await open(server, '?client=a');
  await say(server, 'count to two');
  expect(await after.nextAnswer()).toBe('One, two.');
  expect(before.named('superseded')).toEqual([]);
});

test('a superseded EventSource does not reconnect by itself', async () => {
  const server = await startTestServer({ HEARTBEAT_MS: '1000' });
  let opened = 0;
  let failed = 0;
  const source = new EventSource(`${server.url}/events/me?client=a`);
  afterTest(() => source.close());
  source.addEventListener('open', () => {
    opened += 1;
  });
  source.addEventListener('error', () => {
    failed += 1;
  });
  await waitFor('the stream', () => opened === 1);
  const newer = await open(server, '?client=a');
  await waitFor('its end', () => failed === 1);
  // Otherwise it would be back after one second.
  await newer.until('some heartbeats', () => newer.named('hb').length >= 4);
  expect(opened).toBe(1);
  expect(source.readyState).toBe(EventSource.CONNECTING);
  expect(newer.ended).toBe(false);
});

test('a superseded connection that accepts no data is destroyed after STALL_MS', async () => {
  const { server, provider, witness } = await openScripted({ STALL_MS: '1000' });
  const url = '/events/me?client=a';
  const response = nextResponse(url);
  const socket = await rawConnection(server);
  socket.pause();
  socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const stuck = await response;
  await waitFor('its stream', () => stuck.headersSent);
  while (!stuck.writableNeedDrain) {
    const pieces = witness.messages.length + 20;
    for (let piece = 0; piece < 20; piece += 1) provider.send(speech(1_000, piece));
    await witness.until('them', () => witness.messages.length >= pieces);
  }
  await open(server, '?client=a');
  await waitFor('the connection to be cut', () => stuck.destroyed);
});
