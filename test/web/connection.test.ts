import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Connection, type ConnectionState } from '../../src/web/connection.ts';
import type { Probe } from '../../src/web/probe.ts';
import type { ServerEvent } from '../../src/web/server-event.ts';
import { FakeEventStream } from './fake-event-stream.ts';

const EPOCH = 'aaaaaaaaaaaaaaaa';

function fakeNetwork() {
  const streams: FakeEventStream[] = [];
  const states: ConnectionState[] = [];
  const events: ServerEvent[] = [];
  const probes: string[] = [];
  let probe: Probe = { answer: 'stream' };
  const connection = new Connection({
    address: (query) => `events/me?${query}`,
    openStream(address) {
      const stream = new FakeEventStream(address);
      streams.push(stream);
      return stream;
    },
    async probe(address) {
      probes.push(address);
      return probe;
    },
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
  });
  return {
    connection,
    streams,
    states,
    probes,
    get stream() {
      const stream = streams.at(-1);
      if (!stream) throw new Error('no stream was opened');
      return stream;
    },
    get texts() {
      return events.flatMap(({ name, data }) => (name === 'message' && 'data' in data ? [data.data] : []));
    },
    get names() {
      return events.map(({ name }) => name);
    },
    answerProbe(next: Probe) {
      probe = next;
    },
  };
}

const text = (data: string) => ({ mime_type: 'text/plain', data });

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('connection: page load, asks for text and for what was said before', () => {
  const { connection, stream, states } = openNetwork();
  expect(Object.fromEntries(stream.query)).toEqual({ is_audio: 'false', since: 'page-load' });
  expect(states).toEqual([{ phase: 'connecting' }]);
  stream.emit('session', `${EPOCH}.0`, {});
  expect(states.at(-1)).toEqual({ phase: 'live' });
  connection.close();
});

test('connection: events that come again after a cut, are passed on once', () => {
  const network = openNetwork();
  const { stream } = network;
  stream.emit('session', `${EPOCH}.0`, {});
  stream.emit('message', `${EPOCH}.1-1`, text('a'));
  stream.emit('message', `${EPOCH}.1`, text('b'));
  stream.emit('message', `${EPOCH}.2`, text('c'));
  stream.fail(false);
  expect(network.states.at(-1)).toEqual({ phase: 'reconnecting' });
  stream.emit('session', `${EPOCH}.0`, {});
  stream.emit('message', `${EPOCH}.1-1`, text('a'));
  stream.emit('message', `${EPOCH}.1`, text('b'));
  stream.emit('message', `${EPOCH}.2`, text('c'));
  stream.emit('message', `${EPOCH}.3`, text('d'));
  expect(network.texts).toEqual(['a', 'b', 'c', 'd']);
  expect(network.streams.length).toBe(1);
  network.connection.close();
});

test('connection: events made for the connection, are passed on although they carry an old id', () => {
  const network = openNetwork();
  network.stream.emit('message', `${EPOCH}.1`, text('a'));
  network.stream.emit('hb', `${EPOCH}.1`, { t: 1 });
  network.stream.emit('hb', `${EPOCH}.1`, { t: 2 });
  expect(network.names).toEqual(['message', 'hb', 'hb']);
  network.connection.close();
});

test('connection: reset, counts from its id', () => {
  const network = openNetwork();
  network.stream.emit('message', `${EPOCH}.7`, text('a'));
  network.stream.emit('reset', `${EPOCH}.2`, { reason: 'ahead', turns: [], truncated: false });
  network.stream.emit('message', `${EPOCH}.3`, text('b'));
  expect(network.texts).toEqual(['a', 'b']);
  network.connection.close();
});

test('connection: refused for good by a 502, probes and comes back with its cursor', async () => {
  const network = openNetwork();
  network.stream.emit('message', `${EPOCH}.4`, text('a'));
  network.stream.fail(true);
  expect(network.states.at(-1)).toEqual({ phase: 'reconnecting' });
  network.answerProbe({ answer: 'error' });
  await jest.advanceTimersByTimeAsync(2_000);
  expect(network.streams.length).toBe(1);
  network.answerProbe({ answer: 'stream' });
  await jest.advanceTimersByTimeAsync(5_000);
  expect(network.streams.length).toBe(2);
  expect(Object.fromEntries(network.stream.query)).toEqual({ is_audio: 'false', since: `${EPOCH}.4` });
  network.stream.emit('session', `${EPOCH}.4`, {});
  expect(network.states.at(-1)).toEqual({ phase: 'live' });
  network.connection.close();
});

test('connection: three failures in a row, offline; the wait grows and it never gives up', async () => {
  const network = openNetwork();
  network.answerProbe({ answer: 'error' });
  network.stream.fail(true);
  await jest.advanceTimersByTimeAsync(4_000);
  expect(network.states.at(-1)).toEqual({ phase: 'offline' });
  const early = network.probes.length;
  await jest.advanceTimersByTimeAsync(120_000);
  const late = network.probes.length - early;
  expect(late).toBeGreaterThanOrEqual(8);
  expect(late).toBeLessThanOrEqual(20);
  network.connection.close();
});

test('connection: the server says why, offline with its words', async () => {
  const network = openNetwork();
  network.answerProbe({ answer: 'error', error: 'This page may not use this server.' });
  network.stream.fail(true);
  await jest.advanceTimersByTimeAsync(600);
  expect(network.states.at(-1)).toEqual({ phase: 'offline', error: 'This page may not use this server.' });
  network.connection.close();
});

test('connection: retryNow while it waits, opens at once; while it is live, does nothing', async () => {
  const network = openNetwork();
  network.connection.retryNow();
  expect(network.streams.length).toBe(1);
  network.stream.fail(true);
  network.connection.retryNow();
  expect(network.streams.length).toBe(2);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(network.streams.length).toBe(2);
  network.connection.close();
});

test('connection: silence for 25 s, is taken for dead and opened again with its cursor', async () => {
  const network = openNetwork();
  network.stream.emit('session', `${EPOCH}.0`, {});
  network.stream.emit('message', `${EPOCH}.1`, text('a'));
  await jest.advanceTimersByTimeAsync(20_000);
  network.stream.emit('hb', `${EPOCH}.1`, { t: 1 });
  await jest.advanceTimersByTimeAsync(20_000);
  expect(network.streams.length).toBe(1);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(network.streams.length).toBe(2);
  expect(network.stream.query.get('since')).toBe(`${EPOCH}.1`);
  expect(network.states.at(-1)).toEqual({ phase: 'reconnecting' });
  network.connection.close();
});

test('connection: switched to voice, asks for it from where it stands and ignores the old stream', () => {
  const network = openNetwork();
  const old = network.stream;
  old.emit('message', `${EPOCH}.1`, text('a'));
  network.connection.switchTo(true);
  expect(old.readyState).toBe(2);
  expect(Object.fromEntries(network.stream.query)).toEqual({ is_audio: 'true', since: `${EPOCH}.1` });
  old.fail(true);
  expect(network.states.at(-1)).toEqual({ phase: 'connecting' });
  network.connection.close();
});

test('connection: end, is ended and does not come back by itself; open begins anew', async () => {
  const network = openNetwork();
  network.stream.emit('end', `${EPOCH}.1`, { reason: 'closed' });
  network.stream.fail(true);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(network.states.at(-1)).toEqual({ phase: 'ended' });
  expect(network.streams.length).toBe(1);
  network.connection.open(false);
  expect(network.streams.length).toBe(2);
  network.connection.close();
});

test('connection: 204 without an end that was seen, is ended', async () => {
  const network = openNetwork();
  network.answerProbe({ answer: 'ended' });
  network.stream.fail(true);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(network.states.at(-1)).toEqual({ phase: 'ended' });
});

test('connection: a failure told in place of a stream, offline with its words', () => {
  const network = openNetwork();
  network.stream.emit('session', `${EPOCH}.0`, {});
  network.stream.emit('message', `${EPOCH}.1`, text('a'));
  network.stream.fail(false);
  network.stream.emit('failure', `${EPOCH}.1`, {
    error: 'The server is shutting down',
    code: 'draining',
    retry: true,
    hint: 'try again in a few seconds',
  });
  expect(network.states.at(-1)).toEqual({
    phase: 'offline',
    error: 'The server is shutting down. Try again in a few seconds.',
  });
  expect(network.names).not.toContain('failure');
  network.connection.close();
});

function openNetwork() {
  const network = fakeNetwork();
  network.connection.open(false);
  return network;
}
