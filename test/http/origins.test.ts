import { describe, expect, test } from '@jest/globals';
import { exchange } from './requests.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const FRIEND = 'https://app.example.com';
const STRANGER = 'https://evil.example';

describe('a request with an Origin', () => {
  test('of another host is refused with 403 that names ALLOWED_ORIGINS, on each route, and nothing happens', async () => {
    const { server, stream } = await openSession();
    for (const [method, path] of [
      ['POST', '/send/me'],
      ['PUT', '/send/me'],
      ['GET', '/events/me'],
      ['GET', '/events/somebody-else'],
      ['OPTIONS', '/send/me'],
      ['GET', '/'],
    ] as const) {
      const headers = { Origin: STRANGER, 'Content-Type': 'text/plain' };
      const answer = await exchange(server, path, { method, headers, body: method === 'GET' ? '' : 'count to two' });
      expectRefusal(answer, {
        status: 403,
        code: 'origin_not_allowed',
        error: `Pages of ${STRANGER} may not use this server`,
        hint: /ALLOWED_ORIGINS/,
      });
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
    expect(await liveSessions(server)).toBe(1);
    await sayFrom(server, {});
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('"null", as of a file or a sandboxed frame, is refused', async () => {
    const server = await startTestServer();
    expect((await exchange(server, '/events/me', { headers: { Origin: 'null' } })).status).toBe(403);
  });

  test("whose host is the request's own Host is let in, without CORS headers", async () => {
    const { server } = await openSession();
    const answer = await sayFrom(server, { Origin: `http://127.0.0.1:${server.port}` });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('on another port of the same machine is refused: it is another page', async () => {
    const { server } = await openSession();
    expect((await sayFrom(server, { Origin: `http://127.0.0.1:${server.port + 1}` })).status).toBe(403);
  });

  test('that the browser itself calls same-origin is let in, as behind a proxy that renames the host', async () => {
    const { server } = await openSession();
    expect((await sayFrom(server, { Origin: FRIEND, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    for (const site of ['same-site', 'cross-site', 'none']) {
      expect((await sayFrom(server, { Origin: FRIEND, 'Sec-Fetch-Site': site })).status).toBe(403);
    }
  });

  test('in ALLOWED_ORIGINS is let in and answered with CORS headers, refusals and streams too', async () => {
    const { server } = await openSession({ ALLOWED_ORIGINS: `https://other.example, ${FRIEND}` });
    const cors = { 'access-control-allow-origin': FRIEND, vary: 'Origin' };
    expect(await sayFrom(server, { Origin: FRIEND })).toMatchObject({ status: 200, headers: cors });
    const nonsense = { method: 'POST', headers: { Origin: FRIEND }, body: '{' };
    expect(await exchange(server, '/send/me', nonsense)).toMatchObject({ status: 400, headers: cors });
    expect(await exchange(server, '/send/nobody', nonsense)).toMatchObject({ status: 404, headers: cors });
    const stream = await openStream(`${server.url}/events/me`, { Origin: FRIEND });
    expect(stream).toMatchObject({ status: 200, headers: cors });
    // Almost the same is another one.
    for (const origin of [`${FRIEND}:8443`, 'http://app.example.com', `${FRIEND}.evil.example`]) {
      expect((await sayFrom(server, { Origin: origin })).status).toBe(403);
    }
  });

  test('in ALLOWED_ORIGINS has its preflight answered', async () => {
    const server = await startTestServer({ ALLOWED_ORIGINS: FRIEND });
    for (const path of ['/send/me', '/events/me']) {
      const answer = await exchange(server, path, {
        method: 'OPTIONS',
        headers: {
          Origin: FRIEND,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type',
        },
      });
      expect(answer).toMatchObject({
        status: 204,
        headers: {
          'access-control-allow-origin': FRIEND,
          'access-control-allow-methods': expect.stringContaining('POST'),
          'access-control-allow-headers': expect.stringMatching(/Content-Type.*Last-Event-ID/),
          'access-control-max-age': expect.stringMatching(/^\d+$/),
        },
      });
    }
  });
});

describe('a request whose Host', () => {
  test('is localhost, 127.0.0.1 or ::1 is answered by a server on loopback', async () => {
    const server = await startTestServer();
    for (const host of ['localhost', 'LOCALHOST:8000', `127.0.0.1:${server.port}`, '[::1]:8000']) {
      expect({ host, status: (await exchange(server, '/', { headers: { Host: host } })).status }).toEqual({
        host,
        status: 200,
      });
    }
  });

  test('is any other name is refused by a server on loopback: it may have been made to point here', async () => {
    const { server } = await openSession();
    for (const host of ['rebound.example:8000', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost@evil']) {
      const headers = { Host: host, 'Content-Type': 'text/plain' };
      const answer = await exchange(server, '/send/me', { method: 'POST', headers, body: 'count to two' });
      expectRefusal(answer, { status: 403, code: 'host_not_allowed', hint: /ALLOWED_HOSTS/ });
      expect((await exchange(server, '/', { headers: { Host: host } })).status).toBe(403);
      // Its own page is no better: its Origin is its Host.
      const page = { Host: host, Origin: `http://${host}` };
      expect((await exchange(server, '/events/me', { headers: page })).status).toBe(403);
    }
  });

  test('is named in ALLOWED_HOSTS is answered', async () => {
    const { server } = await openSession({ ALLOWED_HOSTS: 'Tunnel.Example, other.example' });
    for (const host of ['tunnel.example', 'TUNNEL.example:443', 'other.example', 'localhost']) {
      expect((await sayFrom(server, { Host: host })).status).toBe(200);
    }
    expect((await sayFrom(server, { Host: 'third.example' })).status).toBe(403);
  });

  test('is any name is answered by a server that listens to the world', async () => {
    const server = await startTestServer({ HOST: '0.0.0.0' });
    expect((await exchange(server, '/', { headers: { Host: 'agent.example.com' } })).status).toBe(200);
    expect(server.logs.join('')).toContain('listening beyond this machine');
  });

  test('matters to probes as little as their Origin', async () => {
    const server = await startTestServer();
    for (const path of ['/healthz', '/readyz']) {
      expect((await exchange(server, path, { headers: { Host: '10.1.2.3:8000' } })).status).toBe(200);
    }
  });
});

function sayFrom(server: TestServer, headers: Record<string, string>) {
  return exchange(server, '/send/me', {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain', ...headers },
    body: 'count to two',
  });
}

async function liveSessions(server: TestServer): Promise<unknown> {
  return JSON.parse((await exchange(server, '/readyz')).text).sessions;
}
