import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { exchange, openBody, post, say, write } from './requests.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { HEARD_UTTERANCE, utterance } from './speech.ts';
import { openStream, textOf } from './sse-client.ts';
import { startTestServer, waitFor } from './test-server.ts';

/** The pace of speech: slow enough for a shutdown to come in mid-answer. */
const SPEECH = { emulator: { pace: 1.1 } };

test('a server that shuts down finishes the reply that is being given, then tells its readers to come back', async () => {
  const { server, stream } = await openSession({ SHUTDOWN_GRACE_MS: '60000' }, SPEECH);
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

test('a server that shuts down is alive but not ready, and takes no new readers', async () => {
  const { server, stream } = await openSession({ SHUTDOWN_GRACE_MS: '60000' }, SPEECH);
  await say(server, 'count to twelve');
  await stream.until('some of the answer', () => stream.messages.length >= 1);
  const closed = server.close();

  expect(await exchange(server, '/readyz')).toMatchObject({ status: 503, text: '{"status":"draining"}' });
  expect((await exchange(server, '/healthz')).status).toBe(200);
  const refused = await exchange(server, '/events/somebody-else');
  expectRefusal(refused, { status: 503, code: 'draining' });
  expect(refused.headers['retry-after']).toMatch(/^\d+$/);

  // An EventSource that comes back is told in a stream: a 503 would stop it for good.
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

test('a server that shuts down does not wait for an endless body, and nothing of it opens another connection', async () => {
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

test('a server that shuts down with nobody there is down at once', async () => {
  const server = await startTestServer({ SHUTDOWN_GRACE_MS: '60000' });
  await server.close();
  await expect(exchange(server, '/healthz')).rejects.toThrow('ECONNREFUSED');
});

test('a server that shuts down answers what was asked before, even if the answer has not begun', async () => {
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

test('a server that shuts down takes no more POSTs: an answer to them would be cut', async () => {
  const { server, stream } = await openSession({ SHUTDOWN_GRACE_MS: '60000' }, SPEECH);
  await say(server, 'count to twelve');
  await stream.until('some of the answer', () => stream.messages.length >= 1);
  const closed = server.close();
  const draining = { status: 503, code: 'draining' };
  expectRefusal(await post(server, { mime_type: 'text/plain', data: 'and on' }), draining);
  expectRefusal(await post(server, { client: 'a', cseq: 1, ack: stream.lastId, items: [] }), draining);
  // But what a reply may wait for.
  expect(await post(server, { client: 'a', ack: stream.lastId })).toMatchObject({
    status: 200,
    text: '{"status":"sent","next":1,"written":null}',
  });
  expect(textOf(await stream.nextTurn())).toContain('twelve.');
  await closed;
});

test('a reply that a shutdown cuts after all ends with interrupted and turn_complete before drain', async () => {
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
