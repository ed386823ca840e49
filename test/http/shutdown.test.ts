import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { freePort } from '../free-port.ts';
import { exchange, openBody, post, rawConnection, say, write } from './requests.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { HEARD_UTTERANCE, utterance } from './speech.ts';
import { openStream, textOf } from './sse-client.ts';
import { startTestServer, waitFor } from './test-server.ts';

/** Pace of speech: slow enough for a shutdown in the middle of a reply. */
const SPEECH = { emulator: { pace: 1.1 } };

test('a server that shuts down finishes the reply in progress, then asks its readers to return', async () => {
  const { server, stream } = await openSession({ PORT: `${await freePort()}`, SHUTDOWN_GRACE_MS: '60000' }, SPEECH);
  await say(server, 'count to twelve');
  await stream.until('some of the answer', () => stream.messages.length >= 1);
  const closed = server.close();
  const turn = await stream.nextTurn();
  expect(textOf(turn)).toBe('One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.');
  expect(turn.some(({ interrupted }) => interrupted)).toBe(false);

  const { retry_ms } = await stream.untilNamed('drain');
  expect(Number.isInteger(retry_ms)).toBe(true);
  expect(retry_ms).toBeGreaterThanOrEqual(200);
  expect(retry_ms).toBeLessThanOrEqual(5_000);
  expect(stream.text).toContain(`\nretry: ${retry_ms}\n\nid: ${stream.lastId}\nevent: drain\n`);
  await stream.untilEnded();
  expect(stream.events.at(-1)?.event).toBe('drain');
  await closed;
  await expect(exchange(server, '/healthz')).rejects.toThrow('ECONNREFUSED');
});

test('a server that shuts down waits for a model that works on after a complete turn', async () => {
  const { promise: flight, resolve: land } = Promise.withResolvers<string>();
  const find = tool({ name: 'find_flight', description: 'Finds a flight.', execute: () => flight });
  const { server, stream } = await openSession(
    { SHUTDOWN_GRACE_MS: '60000', DEMO_AGENT_MODEL: 'gemini-3.8-live-extended-thinking' },
    { agent: new Agent({ name: 'helper', tools: [find] }) },
  );
  await say(server, 'find flight');
  // The turn ends with "One moment.", and the call of the tool follows.
  await stream.until('the first words', () => stream.messages.some(({ data }) => data === 'One moment.'));
  const closed = server.close();
  await stream.untilNamed('tool_call');
  expect(stream.named('status').at(-1)).toEqual({ upstream: 'working' });
  expect(textOf(await stream.nextTurn())).toBe('One moment.');
  land('at noon');
  expect(textOf(await stream.nextTurn())).toContain('at noon');
  await stream.untilNamed('drain');
  expect(stream.named('status').at(-1)).toEqual({ upstream: 'ready' });
  await closed;
});

test('a server that shuts down is alive but not ready, and accepts no new readers', async () => {
  const { server, stream } = await openSession({ SHUTDOWN_GRACE_MS: '60000' }, SPEECH);
  await say(server, 'count to twelve');
  await stream.until('some of the answer', () => stream.messages.length >= 1);
  const closed = server.close();

  expect(await exchange(server, '/readyz')).toMatchObject({ status: 503, text: '{"status":"draining"}' });
  expect((await exchange(server, '/healthz')).status).toBe(200);
  const refused = await exchange(server, '/events/somebody-else');
  expectRefusal(refused, { status: 503, code: 'draining' });
  expect(refused.headers['retry-after']).toMatch(/^\d+$/);

  // A reconnecting EventSource gets a stream: a 503 would stop it for good.
  const reconnecting = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': stream.lastId });
  await reconnecting.untilEnded();
  expect(reconnecting.status).toBe(200);
  expect(reconnecting.text).toMatch(/^retry: \d{4,}\n\n/);
  expect(reconnecting.named('failure')).toMatchObject([{ code: 'draining', retry: true }]);
  await closed;
});

test('a server that shuts down waits for a reply no longer than SHUTDOWN_GRACE_MS', async () => {
  const { server, stream } = await openSession({ SHUTDOWN_GRACE_MS: '200' }, SPEECH);
  await say(server, 'count to thirty');
  await stream.until('some of the answer', () => stream.messages.length >= 1);
  await server.close();
  await stream.untilEnded();
  expect(textOf(stream.messages)).not.toContain('thirty');
  expect(stream.named('drain')).toHaveLength(1);
});

test('a server that shuts down closes its connections to the provider', async () => {
  const { server, stream } = await openSession();
  await waitFor('the connection', () => server.upstream?.connections === 1);
  await server.close();
  await stream.untilEnded();
  await waitFor('its end', () => server.upstream?.connections === 0);
});

test('a server that shuts down does not wait for an endless body, and the body opens no new connection to the provider', async () => {
  const { server, stream } = await openSession();
  const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
  await write(sending, utterance());
  expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  await server.close();
  await answer.catch(() => {});
  await waitFor('its end', () => server.upstream?.connections === 0);
  await delay(300);
  expect(server.upstream?.connections).toBe(0);
});

test('a server that shuts down without clients closes at once', async () => {
  const server = await startTestServer({ PORT: `${await freePort()}`, SHUTDOWN_GRACE_MS: '60000' });
  await server.close();
  await expect(exchange(server, '/healthz')).rejects.toThrow('ECONNREFUSED');
});

test('a server that shuts down answers earlier questions, even if the reply has not started', async () => {
  const { server, stream } = await openSession(
    { SHUTDOWN_GRACE_MS: '60000' },
    {
      ...SPEECH,
      agent: new Agent({
        name: 'slow',
        tools: [tool({ name: 'slow_thing', description: 'Takes its time.', execute: () => delay(500, 'done') })],
      }),
    },
  );
  await say(server, 'do the slow thing');
  const closed = server.close();
  expect(textOf(await stream.nextTurn())).toContain('done');
  await closed;
});

test('a server that shuts down refuses POSTs, because their reply would be cut, but accepts acknowledgements', async () => {
  const { server, stream } = await openSession({ SHUTDOWN_GRACE_MS: '60000' }, SPEECH);
  await say(server, 'count to twelve');
  await stream.until('some of the answer', () => stream.messages.length >= 1);
  const closed = server.close();
  const draining = { status: 503, code: 'draining' };
  expectRefusal(await post(server, { mime_type: 'text/plain', data: 'and on' }), draining);
  expectRefusal(await post(server, { client: 'a', cseq: 1, ack: stream.lastId, items: [] }), draining);
  // A reply in progress may wait for an acknowledgement.
  expect(await post(server, { client: 'a', ack: stream.lastId })).toMatchObject({
    status: 200,
    text: '{"status":"sent","next":1,"written":null}',
  });
  expect(textOf(await stream.nextTurn())).toContain('twelve.');
  await closed;
});

test('a reply that a shutdown cuts ends with interrupted and turn_complete before drain', async () => {
  const { server, stream } = await openSession({ SHUTDOWN_GRACE_MS: '100' }, SPEECH);
  await say(server, 'count to thirty');
  await stream.until('some of the answer', () => stream.messages.length >= 1);
  await server.close();
  await stream.untilEnded();
  expect(stream.messages.slice(-2)).toEqual([
    { turn_complete: null, interrupted: true },
    { turn_complete: true, interrupted: null },
  ]);
});

test('a server that shuts down closes a connection without a request at once, before a connection with half a request', async () => {
  const server = await startTestServer();
  const unused = await rawConnection(server);
  const midRequest = await rawConnection(server);
  midRequest.resume().write('GET /events/me HTTP/1.1\r\nHost: local');
  await exchange(server, '/healthz');
  const closed = server.close();
  await once(unused.resume(), 'close');
  expect(midRequest.closed).toBe(false);
  await closed;
  await waitFor('the end of the other connection', () => midRequest.closed);
});
