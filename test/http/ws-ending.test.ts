import { describe, expect, test } from '@jest/globals';
import { freePort } from '../free-port.ts';
import { exchange, say } from './requests.ts';
import { openScripted, speech } from './scripted-session.ts';
import { expectRefusal } from './sessions.ts';
import { openStream, textOf } from './sse-client.ts';
import { startTestServer } from './test-server.ts';
import { HANDSHAKE, openSocket } from './ws-client.ts';

/** Pace of speech, so that the shutdown comes in the middle of the reply. */
const SPEECH = { emulator: { pace: 1.1 } };
const text = (data: string) => ({ mime_type: 'text/plain', data });

describe('superseding', () => {
  test('the older WebSocket of a client gets superseded and is closed with 1000, for a newer WebSocket and for a newer stream', async () => {
    const server = await startTestServer();
    const first = await openSocket(server);
    const second = await openSocket(server);
    await first.untilEnded();
    const third = await openStream(`${server.url}/events/me?client=a`);
    await second.untilEnded();
    for (const older of [first, second]) {
      expect(older.events.at(-1)).toEqual({ id: older.lastId, event: 'superseded', data: {} });
      expect(older.code).toBe(1000);
    }
    await say(server, 'count to two');
    expect(await third.nextAnswer()).toBe('One, two.');
  });

  test('the older stream of a client gets superseded for a newer WebSocket, and ends', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me?client=a`);
    await stream.untilNamed('session');
    const socket = await openSocket(server);
    await stream.untilEnded();
    expect(stream.named('superseded')).toEqual([{}]);
    socket.send(text('count to two'));
    expect(await socket.nextAnswer()).toBe('One, two.');
  });

  test('neither a poll nor a connection of another client or session supersedes a WebSocket', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    await socket.untilNamed('session');
    const others = [
      await openStream(`${server.url}/events/me`),
      await openSocket(server, '/ws/me?client=b'),
      await openSocket(server, '/ws/me/elsewhere?client=a'),
    ];
    for (const other of others) await other.untilNamed('session');
    expect((await exchange(server, '/poll/me?client=a&wait=0')).status).toBe(200);
    socket.send(text('count to two'));
    expect(await socket.nextAnswer()).toBe('One, two.');
    for (const each of [socket, ...others]) expect(each.named('superseded')).toEqual([]);
  });

  test('a late close of the older WebSocket does not affect the newer one', async () => {
    const server = await startTestServer();
    const older = await openSocket(server);
    await older.untilNamed('session');
    // The older client does not receive `superseded`.
    older.socket.pause();
    const newer = await openSocket(server);
    await newer.untilNamed('hb');
    older.close();
    await older.untilEnded();
    const newest = await openSocket(server);
    await newer.untilEnded();
    expect(newer.named('superseded')).toEqual([{}]);
    await say(server, 'count to two');
    expect(await newest.nextAnswer()).toBe('One, two.');
  });
});

describe('shutdown', () => {
  test('a server that shuts down finishes the reply, refuses requests, sends drain and closes with 1001', async () => {
    const server = await startTestServer({ SHUTDOWN_GRACE_MS: '60000' }, SPEECH);
    const socket = await openSocket(server);
    socket.send(text('count to twelve'));
    await socket.until('some of the answer', () => socket.messages.length >= 1);
    const closed = server.close();
    const refused = await exchange(server, '/ws/me?client=b', { headers: HANDSHAKE });
    expectRefusal(refused, { status: 503, code: 'draining' });
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    for (const frame of [text('and on'), Buffer.alloc(320), { client: 'a', items: [text('and on')] }]) {
      expect(await socket.ask(frame)).toMatchObject({ code: 'draining', retry: true });
    }
    expect(await socket.ask({ client: 'a', cseq: 1, items: [] })).toMatchObject({ cseq: 1, code: 'draining' });
    expect(textOf(await socket.nextTurn())).toMatch(/^One, .* twelve\.$/);
    await socket.untilEnded();
    expect(socket.events.at(-1)).toMatchObject({ id: socket.lastId, event: 'drain' });
    const [drain] = socket.named('drain');
    expect(drain?.retry_ms).toBeGreaterThanOrEqual(200);
    expect(drain?.retry_ms).toBeLessThanOrEqual(5_000);
    expect(socket.code).toBe(1001);
    await closed;
  });

  test('a server that shuts down accepts acknowledgements, so that a client that acknowledges gets the whole reply', async () => {
    const { server, provider, witness, epoch } = await openScripted({ SHUTDOWN_GRACE_MS: '60000' });
    const socket = await openSocket(server, `/ws/me?client=a&since=${epoch}.0`);
    await socket.ask({ client: 'a', ack: `${epoch}.0` });
    await socket.ask({ client: 'a', cseq: 1, items: [] });
    for (let index = 0; index < 5; index += 1) provider.send(speech(1_000, index));
    await witness.until('it', () => witness.messages.length === 5);
    await socket.until('3 s', () => socket.messages.length === 3);
    const closed = server.close();
    const last = socket.events.findLast(({ event }) => event === undefined);
    expect(await socket.ask({ client: 'a', ack: last?.id })).toMatchObject({ status: 'sent' });
    await socket.until('the rest', () => socket.messages.length === 5);
    provider.completeTurn();
    await socket.untilEnded();
    expect(socket.code).toBe(1001);
    await closed;
  });

  test('a server that shuts down does not wait for a client that reads nothing and does not answer the close', async () => {
    const server = await startTestServer({ PORT: `${await freePort()}` });
    const silent = await openSocket(server);
    await silent.untilNamed('session');
    silent.socket.pause();
    await server.close();
    await expect(exchange(server, '/healthz')).rejects.toThrow('ECONNREFUSED');
    silent.socket.resume();
    await silent.untilEnded();
  });
});
