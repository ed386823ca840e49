import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { exchange, rawConnection } from './requests.ts';
import { expectRefusal } from './sessions.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, temporaryDirectory, waitFor } from './test-server.ts';

describe('an id', () => {
  test.each([['a'], ['7'], ['Ada.Lovelace_1815@example-site.org'], ['x'.repeat(128)], ['demo-session-8f3k']])(
    '%s is accepted as a user id and as a session id',
    async (id) => {
      const server = await startTestServer();
      const stream = await openStream(`${server.url}/events/${id}/${id}`);
      expect(await stream.untilNamed('session')).toMatchObject({ user_id: id, session_id: id });
    },
  );

  test.each([
    ['-rf'],
    ['.hidden'],
    ['_x'],
    ['x'.repeat(129)],
    ['a%20b'],
    ['a%2Fb'],
    ['..%2F..%2Fetc'],
    ['%00'],
    ['%0d%0aSet-Cookie:x'],
    ['h%C3%A4h'],
    ['a;b'],
    ['__proto__'],
  ])('%s is refused with 400 invalid_id, as a user id and as a session id', async (id) => {
    const server = await startTestServer();
    for (const path of [`/events/${id}`, `/events/me/${id}`, `/send/${id}`, `/send/me/${id}`]) {
      const method = path.startsWith('/send') ? 'POST' : 'GET';
      const answer = await exchange(server, path, { method });
      expectRefusal(answer, { status: 400, code: 'invalid_id', error: /The (user|session) id is not valid/ });
    }
  });

  test.each([['%E0%A4%A'], ['%'], ['%zz']])('%s cannot be decoded and is refused with 400 invalid_id', async (id) => {
    const server = await startTestServer();
    for (const path of [`/events/${id}`, `/send/me/${id}`]) {
      expectRefusal(await exchange(server, path, { method: 'POST' }), { status: 400, code: 'invalid_id' });
    }
  });

  test('that names a property of every object is accepted', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/constructor/toString`);
    expect(await stream.untilNamed('session')).toMatchObject({ user_id: 'constructor', session_id: 'toString' });
  });
});

describe('a request with a method that its route does not have', () => {
  test.each([
    ['POST', '/events/me', 'GET'],
    ['HEAD', '/events/me', 'GET'],
    ['DELETE', '/events/me', 'GET'],
    ['GET', '/send/me', 'POST, PUT'],
    ['PATCH', '/send/me', 'POST, PUT'],
  ])('(%s %s) is refused with 405, and Allow names %s', async (method, path, allow) => {
    const server = await startTestServer();
    const answer = await exchange(server, path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    if (method !== 'HEAD') {
      expect(JSON.parse(answer.text)).toMatchObject({
        code: 'method_not_allowed',
        error: `${method} is not allowed here; use ${allow}`,
      });
    }
  });
});

test.each([
  ['/SEND/me'],
  ['/send/me/'],
  ['/send/me/one/'],
  ['/send/me?x=/'],
  ['/send/me/one/?x'],
  ['http://localhost/send/me'],
])('the path %s leads to a route of the API', async (path) => {
  const server = await startTestServer();
  const answer = await exchange(server, path, { method: 'POST', headers: { Host: 'localhost' } });
  expectRefusal(answer, { status: 404, code: 'session_not_found' });
});

describe('a path that leads nowhere', () => {
  test.each([
    ['/nothing'],
    ['/events'],
    ['/events/'],
    ['/send'],
    ['/events/me/one/two'],
    ['/events//me'],
    ['/event/me'],
    ['/static/nothing.js'],
    ['/favicon.ico'],
  ])('(%s) is answered with 404 in JSON', async (path) => {
    const server = await startTestServer();
    const answer = await exchange(server, path);
    expectRefusal(answer, { status: 404, code: 'not_found', error: `There is nothing at ${path}` });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('is not repeated as HTML if it contains markup', async () => {
    const server = await startTestServer();
    const answer = await exchange(server, '/<script>alert(1)</script>');
    expect(answer.status).toBe(404);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });
});

describe('the page', () => {
  test('at / is the index.html of PUBLIC_DIR, with security headers that allow what the page needs', async () => {
    const server = await startTestServer();
    const answer = await exchange(server, '/');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('<title>the page</title>');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      // No rule for scripts and styles: a page in PUBLIC_DIR decides that itself, and ours does.
      'content-security-policy': "frame-ancestors 'self'",
    });
    // A server on http://localhost must not ask browsers to use https.
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
  });

  test('has its files below /static, each with its type, and a browser can revalidate them', async () => {
    const publicDir = await temporaryDirectory();
    await mkdir(join(publicDir, 'js'));
    await writeFile(join(publicDir, 'js', 'app.js'), 'export {};');
    await writeFile(join(publicDir, 'style.css'), 'p {}');
    const server = await startTestServer({ PUBLIC_DIR: publicDir });
    const script = await exchange(server, '/static/js/app.js');
    expect(script).toMatchObject({ status: 200, text: 'export {};' });
    expect(script.headers['content-type']).toMatch(/^(text|application)\/javascript/);
    expect((await exchange(server, '/static/style.css')).headers['content-type']).toMatch(/^text\/css/);
    const headers = { 'If-Modified-Since': script.headers['last-modified'] ?? '' };
    expect((await exchange(server, '/static/js/app.js', { headers })).status).toBe(304);
    expect((await exchange(server, '/static/js')).status).toBe(404);
  });

  test.each([
    ['/static/../package.json'],
    ['/static/../../../../../../etc/passwd'],
    ['/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd'],
    ['/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd'],
    ['/static/..%5c..%5cpackage.json'],
    ['/static//etc/passwd'],
    ['/static/.env'],
    ['/static/%00'],
    ['/static/%E0%A4%A'],
    ['/static/%'],
  ])('does not give access to other files: %s is answered with 404', async (path) => {
    const server = await startTestServer();
    const answer = await exchange(server, path);
    expectRefusal(answer, { status: 404, code: 'not_found' });
  });

  test('is answered with 404 if PUBLIC_DIR does not exist, which the log tells at the start, and the other routes work', async () => {
    const server = await startTestServer({ PUBLIC_DIR: join(await temporaryDirectory(), 'nothing') });
    expectRefusal(await exchange(server, '/'), { status: 404, code: 'not_found' });
    expect(server.logs.join('')).toContain('PUBLIC_DIR contains no index.html: / is answered with 404');
    await (await openStream(`${server.url}/events/me`)).untilNamed('session');
  });
});

describe('a probe', () => {
  test('of /healthz is answered with 200', async () => {
    const server = await startTestServer();
    expect(await exchange(server, '/healthz')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  });

  test('of /readyz is answered with the number of live sessions', async () => {
    const server = await startTestServer();
    expect(await exchange(server, '/readyz')).toMatchObject({ status: 200, text: '{"status":"ready","sessions":0}' });
    await (await openStream(`${server.url}/events/me`)).untilNamed('session');
    await (await openStream(`${server.url}/events/me/two`)).untilNamed('session');
    expect((await exchange(server, '/readyz')).text).toBe('{"status":"ready","sessions":2}');
  });
});

test('bytes that are not HTTP are answered with 400, and the server continues', async () => {
  const server = await startTestServer();
  const socket = await rawConnection(server);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write('\x16\x03\x01 hello, is this TLS?\r\n\r\n');
  await waitFor('the connection to end', () => socket.closed || socket.readableEnded);
  expect(received).toMatch(/^HTTP\/1\.1 400 /);
  expect((await exchange(server, '/healthz')).status).toBe(200);
});

describe('a request for a file with a condition that the file does not meet', () => {
  test.each([
    ['If-Match', '"x"', 412, 'precondition_failed'],
    ['If-Unmodified-Since', 'Mon, 01 Jan 2001 00:00:00 GMT', 412, 'precondition_failed'],
    ['Range', 'bytes=999999-', 416, 'range_not_satisfiable'],
  ] as const)('(%s: %s) is refused with %i, and no fault is logged', async (name, value, status, code) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'index.html'), '<title>page</title>');
    const server = await startTestServer({ PUBLIC_DIR: directory });
    expectRefusal(await exchange(server, '/', { headers: { [name]: value } }), { status, code });
    expect(server.logs.join('')).not.toContain('server fault');
  });
});

test('a connection is closed if it announces a body for a route that reads none, and the body does not arrive', async () => {
  const server = await startTestServer();
  const socket = await rawConnection(server);
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nab');
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  socket.resume();
  await waitFor('the cut', () => closed);
});
