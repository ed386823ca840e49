import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { examineFraming } from '../../src/doctor/framing.ts';
import { examineHold } from '../../src/doctor/hold.ts';
import { examineLifetime } from '../../src/doctor/lifetime.ts';
import { poll } from '../../src/doctor/poll-once.ts';
import { examinePost } from '../../src/doctor/post.ts';
import { examineOrder } from '../../src/doctor/post-order.ts';
import { type Reached, reach } from '../../src/doctor/reach.ts';
import { examineSocket } from '../../src/doctor/socket.ts';
import { examineStream } from '../../src/doctor/stream.ts';
import type { Target } from '../../src/doctor/target.ts';
import { hostileProxy } from '../client/hostile-proxy.ts';
import { socketLine } from '../client/socket-line.ts';
import { startTestServer } from '../http/test-server.ts';
import { targetOf } from './target.ts';

const is = (path: string, request: { readonly url?: string | undefined }) =>
  request.url?.startsWith(`/${path}/`) === true;

async function reached(target: Target): Promise<Reached> {
  const found = await reach(target);
  if ('kind' in found) throw new Error(JSON.stringify(found));
  return found;
}

test('a network without faults: every probe says so, and the session hears not a word', async () => {
  const server = await startTestServer();
  const target = targetOf(server);
  const found = await reached(target);
  expect(found).toMatchObject({
    server: expect.stringMatching(/^bidi-sse\//),
    model: 'ready',
    lastEventId: true,
    host: true,
  });
  const stream = await examineStream(target, found);
  expect(stream).toMatchObject({ kind: 'good', encoding: undefined, changed: [] });
  expect(await examineFraming(target, found, stream)).toBeUndefined();
  expect(await examinePost(target, found)).toMatchObject({
    small: { kind: 'through' },
    audio: { kind: 'through' },
    bodies: [
      { bytes: 65_536, carried: { kind: 'through' } },
      { bytes: 2_097_152, carried: { kind: 'through' } },
    ],
  });
  expect(await examineOrder(target, found)).toEqual({ rounds: 5, overtaken: 0, lost: false });
  expect(await examineSocket(target, found)).toMatchObject({ kind: 'good' });
  expect(await examineLifetime(target, found, 'ws', 500)).toMatchObject({ lives: [], drained: false });
  expect(await examineHold(target, found, 500)).toMatchObject({ kind: 'held' });
  // Nothing has come after what there was at the beginning: the model was not asked, and has not answered.
  expect((await poll(target, found.cursor, 0, 'test')).events).toEqual([]);
});

test('a proxy that reads answers to their end: the stream is buffered, and padding does not help', async () => {
  const url = await hostileProxy(await startTestServer(), (request) => (is('events', request) ? 'buffer' : 'pass'));
  const target = targetOf({ url });
  const found = await reached(target);
  const stream = await examineStream(target, found);
  expect(stream).toMatchObject({ kind: 'buffered', headMs: undefined });
  expect(await examineFraming(target, found, stream)).toMatchObject({ framing: 'pusher', helps: false });
});

test('a proxy that sends each piece with the next: events are held, and padding helps', async () => {
  const url = await hostileProxy(await startTestServer(), (request) => (is('events', request) ? 'lag' : 'pass'));
  const target = targetOf({ url });
  const found = await reached(target);
  const stream = await examineStream(target, found);
  expect(stream.kind).toBe('held');
  expect(await examineFraming(target, found, stream)).toMatchObject({ framing: 'pusher', helps: true });
});

test('a proxy that delays each chunk: the stream is late, and it helps to do without chunks', async () => {
  const url = await hostileProxy(await startTestServer(), (request) =>
    is('events', request) ? { chunkMs: 250 } : 'pass',
  );
  const target = targetOf({ url });
  const found = await reached(target);
  const stream = await examineStream(target, found);
  expect(stream).toMatchObject({ kind: 'late', extraMs: expect.any(Number) });
  expect(await examineFraming(target, found, stream)).toMatchObject({ framing: 'close', helps: true });
});

test('a proxy that has no answer for streams: the stream does not open, with that status', async () => {
  const url = await hostileProxy(await startTestServer(), (request) =>
    is('events', request) ? 'bad gateway' : 'pass',
  );
  const target = targetOf({ url });
  expect(await examineStream(target, await reached(target))).toMatchObject({ kind: 'unopened', status: 502 });
});

test('a proxy that drops Last-Event-ID: it is missed', async () => {
  const url = await hostileProxy(await startTestServer(), (request) => {
    delete request.headers['last-event-id'];
    return 'pass';
  });
  expect((await reached(targetOf({ url }))).lastEventId).toBe(false);
});

test('a proxy that puts another name into Host: a page of its address would be refused', async () => {
  const server = await startTestServer();
  const url = await hostileProxy(server, (request) => {
    request.headers.host = `127.0.0.1:${server.port}`;
    return 'pass';
  });
  expect((await reached(targetOf({ url }))).host).toBe(false);
});

test('a proxy that ends streams at an age: the age is found', async () => {
  const lifetimeMs = 2_300;
  const url = await hostileProxy(await startTestServer(), (request) =>
    is('events', request) ? { lifetimeMs } : 'pass',
  );
  const target = targetOf({ url });
  const { lives, capMs } = await examineLifetime(target, await reached(target), 'stream', 7_500);
  expect(lives.map(({ silent }) => silent)).not.toContain(true);
  expect(capMs).toBeGreaterThan(lifetimeMs - 300);
});

test('a server that shuts down while it is watched: no fault of the network', async () => {
  const server = await startTestServer();
  const target = targetOf(server);
  const watched = examineLifetime(target, await reached(target), 'stream', 10_000);
  await delay(500);
  await server.close();
  expect(await watched).toMatchObject({ lives: [], drained: true });
});

test('a proxy that answers POSTs itself: they are lost, with that status', async () => {
  const url = await hostileProxy(await startTestServer(), ({ method }) => (method === 'POST' ? 'bad gateway' : 'pass'));
  const target = targetOf({ url });
  const post = await examinePost(target, await reached(target));
  expect(post).toMatchObject({ small: { kind: 'lost', status: 502 }, audio: undefined, bodies: [] });
});

test('a proxy that does not like large bodies: the size is found', async () => {
  const url = await hostileProxy(await startTestServer(), (_request, body) =>
    body.length > 1_000_000 ? 'bad gateway' : 'pass',
  );
  const target = targetOf({ url });
  const { small, bodies } = await examinePost(target, await reached(target));
  expect(small.kind).toBe('through');
  expect(bodies.map(({ carried }) => carried.kind)).toEqual(['through', 'lost']);
});

test('POSTs that overtake each other: that is found, and no number is left out', async () => {
  let count = 0;
  const url = await hostileProxy(await startTestServer(), async (request) => {
    if (is('send', request)) {
      count += 1;
      if (count % 4 === 1) await delay(300);
    }
    return 'pass' as const;
  });
  const target = targetOf({ url });
  const order = await examineOrder(target, await reached(target));
  expect(order).toMatchObject({ rounds: 5, lost: false });
  expect(order.overtaken).toBeGreaterThan(1);
});

test('two servers that share no sessions: POSTs go astray', async () => {
  const [one, other] = [await startTestServer(), await startTestServer()];
  const target = targetOf(one);
  const spread: Target = {
    ...target,
    fetch: (input, init) =>
      fetch(init?.method === 'POST' ? String(input).replace(one.url, other.url) : String(input), init),
  };
  expect(await examinePost(spread, await reached(spread))).toMatchObject({ small: { kind: 'astray' } });
});

test('a proxy that gives up a request that waits: its time and its status are found', async () => {
  const url = await hostileProxy(await startTestServer(), async (request) => {
    if (!is('poll', request) || request.url?.includes('wait=0')) return 'pass' as const;
    await delay(600);
    return 'bad gateway' as const;
  });
  const target = targetOf({ url });
  const hold = await examineHold(target, await reached(target), 3_000);
  expect(hold).toMatchObject({ kind: 'cut', status: 502 });
});

test.each([
  ['refuse', 'refused'],
  ['mute', 'mute'],
] as const)('a WebSocket that a network treats to "%s": it is found %s', async (fate, kind) => {
  const target = targetOf({ url: await socketLine(await startTestServer(), () => fate) });
  expect(await examineSocket(target, await reached(target))).toMatchObject({ kind });
});
