import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { exchange } from './requests.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const FRIEND = 'https://app.example.com';
const STRANGER = 'https://evil.example';

describe('a request with an Origin', () => {
  test('of another host is refused with 403 on every route, has no effect, and the hint names ALLOWED_ORIGINS', async () => {
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

  test('of "null", which files and sandboxed frames have, is refused', async () => {
    const server = await startTestServer();
    const answer = await exchange(server, '/events/me', { headers: { Origin: 'null' } });
    const error = /^Pages without an origin, such as local files/;
    expectRefusal(answer, { status: 403, code: 'origin_not_allowed', error, hint: /^serve the page over http/ });
  });

  test("that equals the request's own Host is accepted, without CORS headers", async () => {
    const { server } = await openSession();
    const answer = await sayFrom(server, { Origin: `http://127.0.0.1:${server.port}` });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('of another port of the same machine is refused', async () => {
    const { server } = await openSession();
    expect((await sayFrom(server, { Origin: `http://127.0.0.1:${server.port + 1}` })).status).toBe(403);
  });

  test('is accepted if the browser calls it same-origin, because a proxy may have changed the Host', async () => {
    const { server } = await openSession();
    expect((await sayFrom(server, { Origin: FRIEND, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    for (const site of ['same-site', 'cross-site', 'none']) {
      expect((await sayFrom(server, { Origin: FRIEND, 'Sec-Fetch-Site': site })).status).toBe(403);
    }
  });

  test('in ALLOWED_ORIGINS is accepted, and every answer has CORS headers, refusals and streams included', async () => {
    const { server } = await openSession({ ALLOWED_ORIGINS: `https://other.example, ${FRIEND}` });
    const cors = {
      'access-control-allow-origin': FRIEND,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': expect.stringContaining('Retry-After'),
      vary: 'Origin',
    };
    expect(await sayFrom(server, { Origin: FRIEND })).toMatchObject({ status: 200, headers: cors });
    const nonsense = { method: 'POST', headers: { Origin: FRIEND }, body: '{' };
    expect(await exchange(server, '/send/me', nonsense)).toMatchObject({ status: 400, headers: cors });
    expect(await exchange(server, '/send/nobody', nonsense)).toMatchObject({ status: 404, headers: cors });
    const stream = await openStream(`${server.url}/events/me`, { Origin: FRIEND });
    expect(stream).toMatchObject({ status: 200, headers: cors });
    // Almost the same is another one.
    for (const origin of [`${FRIEND}:8443`, `${FRIEND}.`, 'http://app.example.com', `${FRIEND}.evil.example`]) {
      expect((await sayFrom(server, { Origin: origin })).status).toBe(403);
    }
  });

  test('in ALLOWED_ORIGINS may follow a preflight, which is answered with 204', async () => {
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
          'access-control-allow-credentials': 'true',
          vary: 'Origin, Access-Control-Request-Headers',
        },
      });
    }
  });

  test('in ALLOWED_ORIGINS may send headers of its own, up to 32', async () => {
    const server = await startTestServer({ ALLOWED_ORIGINS: FRIEND });
    const preflight = async (requested: string) => {
      const headers = { Origin: FRIEND, 'Access-Control-Request-Headers': requested };
      const answer = await exchange(server, '/send/me', { method: 'OPTIONS', headers });
      expect(answer.status).toBe(204);
      return String(answer.headers['access-control-allow-headers']).split(', ');
    };
    const own = ['Content-Type', 'Last-Event-ID', 'Authorization', 'X-Requested-With', 'X-HTTP-Method-Override'];
    expect(await preflight('')).toEqual(own);
    expect(await preflight('content-type,traceparent, x-my-app')).toEqual([...own, 'traceparent', 'x-my-app']);
    expect(await preflight(`a b,"q",<x>,*${'y'.repeat(65)},z`)).toEqual([...own, 'z']);
    const many = Array.from({ length: 300 }, (_, index) => `x-${index}`);
    expect(await preflight(many.join())).toEqual([...own, ...many.slice(0, 32)]);
  });

  test.each([
    [`${FRIEND}:443`, FRIEND],
    ['HTTPS://APP.example.com', FRIEND],
    ['http://app.example.com:80', 'http://app.example.com'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['chrome-extension://abcdef', 'chrome-extension://abcdef'],
  ])('in ALLOWED_ORIGINS as %s is accepted as browsers write it, %s', async (allowed, origin) => {
    const server = await startTestServer({ ALLOWED_ORIGINS: allowed });
    expect(await exchange(server, '/poll/me?wait=0', { headers: { Origin: origin } })).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': origin },
    });
  });

  test('equals its Host also if that names the default port', async () => {
    const server = await startTestServer({ ALLOWED_HOSTS: 'app.example.com' });
    for (const [origin, port] of [
      [FRIEND, 443],
      ['http://app.example.com', 80],
    ]) {
      const headers = { Origin: String(origin), Host: `app.example.com:${port}` };
      expect((await exchange(server, '/poll/me?wait=0', { headers })).status).toBe(200);
    }
    const headers = { Origin: FRIEND, Host: 'app.example.com:80' };
    expect((await exchange(server, '/poll/me?wait=0', { headers })).status).toBe(403);
  });
});

describe('a request of a browser with neither Origin nor Sec-Fetch-Site', () => {
  const SAFARI =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15';
  const IMAGE = 'image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';

  test.each<[string, Record<string, string>]>([
    ['an image of a foreign page', { Accept: IMAGE, Referer: `${STRANGER}/` }],
    ['an image of a foreign page without a Referer', { Accept: IMAGE }],
    ['a no-cors fetch that looks like an EventSource', { Accept: 'text/event-stream' }],
    ['a page with a similar name', { Referer: 'http://127.0.0.1.evil.example/' }],
    ['a page of another port', { Referer: 'http://127.0.0.1:1/' }],
    ['a local file', { Referer: 'file:///page.html' }],
  ])('changes nothing if it comes from %s', async (_what, headers) => {
    const { server, stream } = await openSession({ ALLOWED_ORIGINS: FRIEND });
    for (const path of [
      '/events/other',
      '/poll/other?wait=0',
      '/events/me?is_audio=true',
      '/poll/me?wait=0&is_audio=true',
    ]) {
      const answer = await exchange(server, path, { headers: { 'User-Agent': SAFARI, ...headers } });
      expectRefusal(answer, { status: 403, code: 'origin_not_allowed' });
    }
    expect(await liveSessions(server)).toBe(1);
    await sayFrom(server, {});
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test.each<[string, (port: number) => Record<string, string>]>([
    ['the Referer is a page of the same host', (port) => ({ Referer: `http://127.0.0.1:${port}/talk?x=1` })],
    ['the Referer is a page of an allowed origin', () => ({ Referer: `${FRIEND}/page` })],
    ['an EventSource reconnects', () => ({ 'Last-Event-ID': 'some-other-epoch.5' })],
    ['it has a header that needs a preflight', () => ({ 'X-Requested-With': 'a page' })],
    ['it has a token', () => ({ Authorization: 'Bearer token' })],
    ['the user has typed the address', () => ({ 'Sec-Fetch-Site': 'none' })],
  ])('is accepted if %s', async (_what, createHeaders) => {
    const server = await startTestServer({ ALLOWED_ORIGINS: FRIEND });
    const headers = { 'User-Agent': SAFARI, ...createHeaders(server.port) };
    expect(await fetchStatus(`${server.url}/events/me`, headers)).toBe(200);
  });

  test('leads to the page, as links on other sites do', async () => {
    const server = await startTestServer();
    expect((await exchange(server, '/', { headers: { 'User-Agent': SAFARI, Referer: STRANGER } })).status).toBe(200);
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

  test('is any other name is refused by a server on loopback, because of DNS rebinding', async () => {
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

  test.each(['127.1', 'LOCALHOST', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'])(
    'is a foreign name is refused by a server on HOST %s, which is loopback in another spelling',
    async (host) => {
      const server = await startTestServer({ HOST: host });
      const refusals = ['rebound.example', 'localhost.evil.example'].map((name) =>
        fetchStatus(`${server.url}/events/me`, { Host: name }),
      );
      expect(await Promise.all(refusals)).toEqual([403, 403]);
      expect(await fetchStatus(`${server.url}/poll/me?wait=0`, { Host: 'localhost' })).toBe(200);
    },
  );

  test('is a subdomain of localhost is answered by a server on loopback: no name server knows it', async () => {
    const server = await startTestServer();
    for (const host of ['app.localhost', 'a.b.localhost:8000', 'localhost.:8000']) {
      const headers = { Host: host, Origin: `http://${host}` };
      expect({ host, status: (await exchange(server, '/poll/me?wait=0', { headers })).status }).toEqual({
        host,
        status: 200,
      });
    }
    for (const host of [
      'notlocalhost',
      'app.localhost.example',
      '.localhost',
      'a b.localhost',
      '127.0.0.1.localhost.x',
    ]) {
      expect({ host, status: (await exchange(server, '/', { headers: { Host: host } })).status }).toEqual({
        host,
        status: 403,
      });
    }
  });

  test('is not in ALLOWED_HOSTS is refused by a server that listens on all addresses', async () => {
    const server = await startTestServer({
      HOST: '0.0.0.0',
      ALLOWED_HOSTS: 'app.example',
      AUTH_NONE_BEYOND_LOOPBACK: 'yes',
    });
    for (const [host, status] of [
      ['app.example', 200],
      ['127.0.0.1', 200],
      ['rebound.example', 403],
    ] as const) {
      expect((await exchange(server, '/', { headers: { Host: host } })).status).toBe(status);
    }
    const warnings = server.logs.filter((line) => JSON.parse(line).level === 40);
    expect(warnings).toEqual([expect.stringContaining('AUTH=none beyond this machine')]);
  });

  test('is any name is answered by every server if it is a probe', async () => {
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

function fetchStatus(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { headers, agent: false }, (response) => {
      response.destroy();
      resolve(response.statusCode);
    });
    sending.on('error', reject).end();
  });
}

async function liveSessions(server: TestServer): Promise<unknown> {
  return JSON.parse((await exchange(server, '/readyz')).text).sessions;
}
