import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { exchange, post, rawConnection, say } from './requests.ts';
import { openScripted } from './scripted-session.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer, waitFor } from './test-server.ts';
import { HANDSHAKE, openSocket } from './ws-client.ts';

const FRIEND = 'https://app.example.com';
const STRANGER = 'https://evil.example';

function shake(server: TestServer, path = '/ws/me?client=a', headers: Record<string, string> = {}, method = 'GET') {
  return exchange(server, path, { method, headers: { ...HANDSHAKE, ...headers } });
}

describe('a handshake', () => {
  test.each([
    ['/ws/me?dialect=esperanto', /^dialect must be /],
    ['/ws/me?client=-x', /^client must be 1 to 128/],
    ['/ws/me?client=a&is_audio=yes', /^is_audio must be/],
  ])('for %s is refused with 400 invalid_query', async (path, error) => {
    const server = await startTestServer();
    expectRefusal(await shake(server, path), { status: 400, code: 'invalid_query', error });
    expect(await liveSessions(server)).toBe(0);
  });

  test.each(['/ws/-rf?client=a', '/ws/me/.x?client=a', '/ws/a%2Fb?client=a', '/ws/%zz?client=a', '/ws/me/%?client=a'])(
    'for %s is refused with 400 invalid_id',
    async (path) => {
      const server = await startTestServer();
      expectRefusal(await shake(server, path), { status: 400, code: 'invalid_id' });
    },
  );

  test.each(['/ws', '/ws/', '/ws/a/b/c', '/wss/me', '*'])(
    'for %s, where there is no door, is refused with 404',
    async (path) => {
      const server = await startTestServer();
      expectRefusal(await shake(server, path), { status: 404, code: 'not_found', error: /^There is nothing at / });
    },
  );

  test('for another route is answered as if it had not asked', async () => {
    const server = await startTestServer();
    expect(await shake(server, '/healthz')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect((await shake(server, '/')).status).toBe(200);
    expectRefusal(await shake(server, '/send/me', {}, 'POST'), { status: 404, code: 'session_not_found' });
  });

  test('with another method is refused with 405, and Allow says GET', async () => {
    const server = await startTestServer();
    const answer = await shake(server, undefined, {}, 'POST');
    expectRefusal(answer, { status: 405, code: 'method_not_allowed' });
    expect(answer.headers.allow).toBe('GET');
  });

  test.each([
    ['no key', { 'Sec-WebSocket-Key': '' }, 0],
    ['a key that is none', { 'Sec-WebSocket-Key': 'short' }, 0],
    ['version 12', { 'Sec-WebSocket-Version': '12' }, 0],
    ['protocols that cannot be read', { 'Sec-WebSocket-Protocol': 'a,,b' }, 1],
  ])('with %s is refused with 426, and leaves nobody in the session', async (_what, headers, sessions) => {
    const server = await startTestServer({ LINGER_MS: '100' });
    const answer = await shake(server, undefined, headers);
    expectRefusal(answer, { status: 426, code: 'upgrade_required' });
    expect(answer.headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-version': '13' });
    const logged = (what: string) => server.logs.filter((line) => line.includes(what)).length;
    await waitFor('no session', () => logged('live session opened') === logged('live session ended'));
    expect(logged('live session opened')).toBe(sessions);
  });

  test('that has lost its Upgrade on the way is refused with 426, and says so', async () => {
    const server = await startTestServer();
    const { Upgrade, Connection, ...rest } = HANDSHAKE;
    const answer = await exchange(server, '/ws/me?client=a', { headers: rest });
    expectRefusal(answer, { status: 426, code: 'upgrade_required', hint: /GET \/events/ });
    expect(answer.headers).toMatchObject({ upgrade: 'websocket' });
    expectRefusal(await exchange(server, '/ws/me', { method: 'POST' }), { status: 405, code: 'method_not_allowed' });
  });

  test('with the cursor of a session that was ended is refused with 410; without one begins another', async () => {
    const { server, stream } = await openSession();
    await stream.untilNamed('status');
    await post(server, { close: true });
    await stream.untilNamed('end');
    const answer = await shake(server, `/ws/me?client=a&since=${stream.lastId}`);
    expectRefusal(answer, { status: 410, code: 'session_ended', error: 'Session ended' });
    const socket = await openSocket(server);
    const { epoch } = await socket.untilNamed('session');
    expect(stream.lastId.startsWith(epoch)).toBe(false);
  });

  test('for one session more than MAX_SESSIONS is refused with 503 and Retry-After', async () => {
    const { server } = await openSession({ MAX_SESSIONS: '1' });
    const answer = await shake(server, '/ws/you?client=a');
    expectRefusal(answer, { status: 503, code: 'too_many_sessions' });
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    await openSocket(server);
  });

  test('of a page of another host is refused with 403, and nothing happens; of an allowed one, and of its own, is taken', async () => {
    const server = await startTestServer({ ALLOWED_ORIGINS: FRIEND });
    for (const Origin of [STRANGER, 'null', `http://127.0.0.1:${server.port + 1}`]) {
      const answer = await shake(server, '/ws/me?client=a&is_audio=true', { Origin });
      expectRefusal(answer, { status: 403, code: 'origin_not_allowed', hint: /ALLOWED_ORIGINS/ });
    }
    // Whatever the path: who may not come in need not know what there is.
    expect((await shake(server, '/nothing', { Origin: STRANGER })).status).toBe(403);
    expect(await liveSessions(server)).toBe(0);
    for (const origin of [FRIEND, `http://127.0.0.1:${server.port}`, undefined]) {
      const socket = await openSocket(server, undefined, origin ? { origin } : {});
      await socket.untilNamed('session');
    }
  });

  test('for a host that the server does not answer for is refused with 403', async () => {
    const server = await startTestServer();
    const Host = 'rebound.example:8000';
    const answer = await shake(server, undefined, { Host, Origin: `http://${Host}` });
    expectRefusal(answer, { status: 403, code: 'host_not_allowed', hint: /ALLOWED_HOSTS/ });
  });

  test('that is refused has its connection closed, and a client that cuts it at once does no harm', async () => {
    const server = await startTestServer();
    const request = (path: string) =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${Object.entries(HANDSHAKE)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`;
    const refused = await rawConnection(server);
    refused.write(request('/ws/me?client=-'));
    refused.resume();
    await once(refused, 'close');
    for (const path of ['/ws/me?client=-', '/ws/me?client=a', '/nothing']) {
      const cut = await rawConnection(server);
      cut.write(request(path));
      cut.destroy();
      const reset = await rawConnection(server);
      reset.write(request(path));
      reset.resetAndDestroy();
    }
    // Behind a stream that is still open.
    const pipelined = await rawConnection(server);
    pipelined.write(`GET /events/me HTTP/1.1\r\nHost: localhost\r\n\r\n${request('/ws/me?client=b')}`);
    pipelined.resume();
    await once(pipelined, 'close');
    const socket = await openSocket(server);
    await say(server, 'count to two');
    expect(await socket.nextAnswer()).toBe('One, two.');
  });

  test('for another protocol is answered as if it did not ask: clients of HTTP/2 do so with every request', async () => {
    const { server, stream } = await openSession();
    const answer = await exchange(server, '/send/me', {
      method: 'POST',
      headers: { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' },
      body: '{"mime_type":"text/plain","data":"count to two"}',
    });
    expect(answer).toMatchObject({ status: 200, text: '{"status":"sent"}' });
    expect(await stream.nextAnswer()).toBe('One, two.');
  });
});

test('a client that leaves during its handshake is not taken for present', async () => {
  const { server, witness, provider } = await openScripted({ LINGER_MS: '300' });
  provider.transcribe('hello');
  await witness.until('it', () => witness.messages.length === 1);
  for (let count = 0; count < 20; count += 1) {
    const connection = await rawConnection(server);
    const lines = Object.entries(HANDSHAKE).map(([name, value]) => `${name}: ${value}`);
    connection.write(['GET /ws/me?client=a HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n'));
    setImmediate(() => connection.destroy());
  }
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('session');
  stream.close();
  witness.close();
  await waitFor('the end of the session', () => server.logs.some((line) => line.includes('"reason":"idle"')));
});

async function liveSessions(server: TestServer): Promise<number> {
  return JSON.parse((await exchange(server, '/readyz')).text).sessions;
}
