import { expect, test } from '@jest/globals';
import { EventSource } from 'eventsource';
import { exchange, rawConnection, say } from './requests.ts';
import { loggedOf } from './scripted-session.ts';
import { expectRefusal } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { afterTest, startTestServer, waitFor } from './test-server.ts';

/** A comment of 8 KiB: nothing for the reader, and enough for the buffers on the way. */
const PADDING = /^: {8192}$/gm;

test('framing=pusher writes a padded comment after the events and the same events as framing=stream', async () => {
  const server = await startTestServer();
  const [plain, pushed] = [
    await openStream(`${server.url}/events/me?framing=stream`),
    await openStream(`${server.url}/events/me?framing=pusher`),
  ];
  for (const stream of [plain, pushed]) await stream.untilNamed('status');
  await pushed.until('the padding', () => pushed.text.match(PADDING)?.length);
  const before = pushed.text.length;
  await say(server, 'count to two');
  await plain.nextTurn();
  await pushed.nextTurn();
  // Behind the last event too.
  await pushed.until('the padding', () =>
    /"turn_complete":true[^\n]*\n\n(.*\n)*: {8192}\n\n/.test(pushed.text.slice(before)),
  );
  expect(loggedOf(pushed).filter(({ event }) => event === undefined)).toEqual(
    loggedOf(plain).filter(({ event }) => event === undefined),
  );
  expect(plain.text).not.toMatch(PADDING);
  // The padding stands between two blocks, never in one.
  const blocks = pushed.text.split('\n\n').filter((block) => block.startsWith(':'));
  expect(blocks.every((block) => /^: +$/.test(block))).toBe(true);
});

test('framing=pusher writes a padded comment after a heartbeat', async () => {
  const server = await startTestServer({ HEARTBEAT_MS: '1000' });
  const stream = await openStream(`${server.url}/events/me?framing=pusher`);
  await stream.untilNamed('hb');
  await stream.until('the padding', () => /event: hb\ndata: [^\n]*\n\n: {8192}\n\n/.test(stream.text));
});

test('an EventSource with framing=pusher gets each message once', async () => {
  const server = await startTestServer();
  const source = new EventSource(`${server.url}/events/me?framing=pusher`);
  afterTest(() => source.close());
  const heard: unknown[] = [];
  let opened = false;
  source.addEventListener('message', ({ data }) => heard.push(JSON.parse(data)));
  source.addEventListener('session', () => {
    opened = true;
  });
  await waitFor('the stream', () => opened);
  const witness = await openStream(`${server.url}/events/me`);
  await witness.untilNamed('session');
  await say(server, 'count to two');
  const turn = await witness.nextTurn();
  await waitFor('the turn', () => heard.length >= turn.length);
  expect(heard).toEqual(turn);
});

test('framing=close ends with its connection and otherwise equals framing=stream', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me?framing=close`);
  expect(stream.status).toBe(200);
  expect(stream.headers).not.toHaveProperty('transfer-encoding');
  expect(stream.headers).not.toHaveProperty('content-length');
  expect(stream.headers.connection).toBe('close');
  expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  await stream.untilNamed('session');
  await say(server, 'count to two');
  expect(await stream.nextAnswer()).toBe('One, two.');
});

test('framing=close on a keep-alive connection sends a body of nothing but the events', async () => {
  const server = await startTestServer();
  const socket = await rawConnection(server);
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.write('GET /events/me?framing=close HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n');
  await waitFor('a heartbeat', () => /event: hb\ndata: .*\n\n/.test(text));
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).not.toMatch(/transfer-encoding/i);
  expect(body).toMatch(/^retry: 1000\n\nid: \S+\n\n/);
  expect(body).not.toContain('\r');
});

test('an unknown framing is rejected with a list of the known ones, except for an EventSource that reconnects', async () => {
  const server = await startTestServer();
  for (const path of ['/events/me', '/poll/me']) {
    expectRefusal(await exchange(server, `${path}?framing=chunked`), {
      status: 400,
      code: 'invalid_query',
      error: 'framing must be stream, pusher or close',
    });
  }
  const back = await openStream(`${server.url}/events/me?framing=chunked`, { 'Last-Event-ID': 'anotherEpoch12345.3' });
  expect(back.status).toBe(200);
  await back.untilNamed('session');
});
