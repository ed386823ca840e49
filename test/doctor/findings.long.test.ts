import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { examineFraming } from '../../src/doctor/framing.ts';
import { examineHold } from '../../src/doctor/hold.ts';
import { examineLifetime } from '../../src/doctor/lifetime.ts';
import { pollServer } from '../../src/doctor/poll-once.ts';
import { examinePost } from '../../src/doctor/post.ts';
import { examineOrder } from '../../src/doctor/post-order.ts';
import { type Reached, reachServer } from '../../src/doctor/reach.ts';
import { examineSocket } from '../../src/doctor/socket.ts';
import { examineStream } from '../../src/doctor/stream.ts';
import type { Target } from '../../src/doctor/target.ts';
import { hostileProxy } from '../client/hostile-proxy.ts';
import { socketLine } from '../client/socket-line.ts';
import { startTestServer } from '../http/test-server.ts';
import { createTarget } from './target.ts';

const isRoute = (path: string, request: { readonly url?: string | undefined }) =>
  request.url?.startsWith(`/${path}/`) === true;

async function reachOrThrow(target: Target): Promise<Reached> {
  const found = await reachServer(target);
  if ('kind' in found) throw new Error(JSON.stringify(found));
  return found;
}

test('every probe reports a network without faults as good, and the model receives nothing', async () => {
  const server = await startTestServer();
  const target = createTarget(server);
  const found = await reachOrThrow(target);
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
      { bytes: 65_536, result: { kind: 'through' } },
      { bytes: 2_097_152, result: { kind: 'through' } },
    ],
  });
  expect(await examineOrder(target, found)).toEqual({ rounds: 5, overtaken: 0, lost: false });
  expect(await examineSocket(target, found)).toMatchObject({ kind: 'good' });
  expect(await examineLifetime(target, found, 'ws', 500)).toMatchObject({ lives: [], drained: false });
  expect(await examineHold(target, found, 500)).toMatchObject({ kind: 'held' });
  // No event has followed the initial cursor, so the model received no question and gave no answer.
  expect((await pollServer(target, found.cursor, 0, 'test')).events).toEqual([]);
});

test('behind a proxy that reads responses to their end, the stream is buffered and padding does not help', async () => {
  const url = await hostileProxy(await startTestServer(), (request) =>
    isRoute('events', request) ? 'buffer' : 'pass',
  );
  const target = createTarget({ url });
  const found = await reachOrThrow(target);
  const stream = await examineStream(target, found);
  expect(stream).toMatchObject({ kind: 'buffered', headMs: undefined });
  expect(await examineFraming(target, found, stream)).toMatchObject({ framing: 'pusher', helps: false });
});

test('behind a proxy that sends each piece with the next, events are held and padding helps', async () => {
  const url = await hostileProxy(await startTestServer(), (request) => (isRoute('events', request) ? 'lag' : 'pass'));
  const target = createTarget({ url });
  const found = await reachOrThrow(target);
  const stream = await examineStream(target, found);
  expect(stream.kind).toBe('held');
  expect(await examineFraming(target, found, stream)).toMatchObject({ framing: 'pusher', helps: true });
});

test('behind a proxy that delays each chunk, the stream is late and a stream without chunks helps', async () => {
  const url = await hostileProxy(await startTestServer(), (request) =>
    isRoute('events', request) ? { chunkMs: 250 } : 'pass',
  );
  const target = createTarget({ url });
  const found = await reachOrThrow(target);
  const stream = await examineStream(target, found);
  expect(stream).toMatchObject({ kind: 'late', extraMs: expect.any(Number) });
  expect(await examineFraming(target, found, stream)).toMatchObject({ framing: 'close', helps: true });
});

test('behind a proxy that answers streams with 502, the stream does not open and the status is reported', async () => {
  const url = await hostileProxy(await startTestServer(), (request) =>
    isRoute('events', request) ? 'bad gateway' : 'pass',
  );
  const target = createTarget({ url });
  expect(await examineStream(target, await reachOrThrow(target))).toMatchObject({ kind: 'unopened', status: 502 });
});

test('a proxy that removes Last-Event-ID is detected', async () => {
  const url = await hostileProxy(await startTestServer(), (request) => {
    delete request.headers['last-event-id'];
    return 'pass';
  });
  expect((await reachOrThrow(createTarget({ url }))).lastEventId).toBe(false);
});

test('a proxy that replaces the Host header is detected', async () => {
  const server = await startTestServer();
  const url = await hostileProxy(server, (request) => {
    request.headers.host = `127.0.0.1:${server.port}`;
    return 'pass';
  });
  expect((await reachOrThrow(createTarget({ url }))).host).toBe(false);
});

test('behind a proxy that ends streams at an age, the age is measured', async () => {
  const lifetimeMs = 2_300;
  const url = await hostileProxy(await startTestServer(), (request) =>
    isRoute('events', request) ? { lifetimeMs } : 'pass',
  );
  const target = createTarget({ url });
  const { lives, capMs } = await examineLifetime(target, await reachOrThrow(target), 'stream', 7_500);
  expect(lives.map(({ silent }) => silent)).not.toContain(true);
  expect(capMs).toBeGreaterThan(lifetimeMs - 300);
});

test('a server that shuts down while its connections are watched is not reported as a fault of the network', async () => {
  const server = await startTestServer();
  const target = createTarget(server);
  const watched = examineLifetime(target, await reachOrThrow(target), 'stream', 10_000);
  await delay(500);
  await server.close();
  expect(await watched).toMatchObject({ lives: [], drained: true });
});

test('behind a proxy that answers POSTs with 502, POSTs are lost and the status is reported', async () => {
  const url = await hostileProxy(await startTestServer(), ({ method }) => (method === 'POST' ? 'bad gateway' : 'pass'));
  const target = createTarget({ url });
  const post = await examinePost(target, await reachOrThrow(target));
  expect(post).toMatchObject({ small: { kind: 'lost', status: 502 }, audio: undefined, bodies: [] });
});

test('behind a proxy that refuses large bodies, the first size that fails is found', async () => {
  const url = await hostileProxy(await startTestServer(), (_request, body) =>
    body.length > 1_000_000 ? 'bad gateway' : 'pass',
  );
  const target = createTarget({ url });
  const { small, bodies } = await examinePost(target, await reachOrThrow(target));
  expect(small.kind).toBe('through');
  expect(bodies.map(({ result }) => result.kind)).toEqual(['through', 'lost']);
});

test('POSTs that overtake each other are counted, and no POST is lost', async () => {
  let count = 0;
  const url = await hostileProxy(await startTestServer(), async (request) => {
    if (isRoute('send', request)) {
      count += 1;
      if (count % 4 === 1) await delay(300);
    }
    return 'pass' as const;
  });
  const target = createTarget({ url });
  const order = await examineOrder(target, await reachOrThrow(target));
  expect(order).toMatchObject({ rounds: 5, lost: false });
  expect(order.overtaken).toBeGreaterThan(1);
});

test('with two servers that do not share sessions, POSTs go astray', async () => {
  const [one, other] = [await startTestServer(), await startTestServer()];
  const target = createTarget(one);
  const spread: Target = {
    ...target,
    fetch: (input, init) =>
      fetch(init?.method === 'POST' ? String(input).replace(one.url, other.url) : String(input), init),
  };
  expect(await examinePost(spread, await reachOrThrow(spread))).toMatchObject({ small: { kind: 'astray' } });
});

test('behind a proxy that ends waiting requests, the time and the status are reported', async () => {
  const url = await hostileProxy(await startTestServer(), async (request) => {
    if (!isRoute('poll', request) || request.url?.includes('wait=0')) return 'pass' as const;
    await delay(600);
    return 'bad gateway' as const;
  });
  const target = createTarget({ url });
  const hold = await examineHold(target, await reachOrThrow(target), 3_000);
  expect(hold).toMatchObject({ kind: 'cut', status: 502 });
});

test.each([
  ['refuse', 'refused'],
  ['mute', 'mute'],
] as const)('a WebSocket that meets the fault "%s" is reported as %s', async (fate, kind) => {
  const target = createTarget({ url: await socketLine(await startTestServer(), () => fate) });
  expect(await examineSocket(target, await reachOrThrow(target))).toMatchObject({ kind });
});
