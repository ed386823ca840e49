import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { describe, expect } from '@jest/globals';
import { runCli } from '../cli/command.ts';
import { hostileProxy } from '../client/hostile-proxy.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';

/** Starts a server that is not bidi-sse, and returns its address. */
async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a listening TCP server has an AddressInfo
}
const answering = (handle: RequestListener) => listen(createServer(handle));
const answer = (status: number, headers: Record<string, string>, body = '') =>
  answering((_request, response) => response.writeHead(status, headers).end(body));
const TOKENS = { AUTH: 'token', AUTH_TOKENS: 'ann:ann-token-0123456789' };
const HTML = { 'Content-Type': 'text/html' };

describe('bidi-sse doctor that cannot examine a server', () => {
  test.each<[string, (url: string) => readonly string[] | Promise<readonly string[]>, RegExp]>([
    ['a missing address', () => [], /^bidi-sse: The address of the server is missing, as in: npx bidi-sse doctor http/],
    ['an invalid address', () => ['http://:80'], /"http:\/\/:80" is not a valid address/],
    ['another scheme', () => ['ftp://host'], /not the address of a web server/],
    ['two addresses', (url) => [url, 'more'], /Give one address only\. "more" is too many/],
    [
      'seconds that are not a number',
      (url) => [url, '--seconds', 'many'],
      /--seconds requires a number from 1 to 3600, not "many"/,
    ],
    ['a header without a value', (url) => [url, '--header', 'hello'], /--header requires 'Name: value', without/],
    [
      'a header that cannot be sent',
      (url) => [url, '--header', 'A: €'],
      /--header requires 'Name: value', without control/,
    ],
    ['an invalid user name in the address', () => ['http://%zz:b@localhost:1'], /a % that does not start %XX/],
    [
      'a server that sends control characters to the terminal',
      async () => [
        await answer(
          503,
          {},
          '{"code":"x\\u001b[2J","error":"\\u001b]0;you\\u0007 \\u009b31m","hint":"h","retry":true}',
        ),
      ],
      /^[^\p{Cc}]*The server refuses the request: [^\p{Cc}]*\n$/u,
    ],
    [
      'a server with an invalid session event',
      async () => [
        await answer(
          200,
          {},
          '{"events":[{"id":"a","event":"session","data":{"limits":null,"server":{}}}],"cursor":"1"}',
        ),
      ],
      /is not a bidi-sse server/,
    ],
    ['an unknown option', () => ['--bogus'], /There is no option --bogus\./],
    ['a port that browsers refuse', () => ['http://localhost:1'], /Browsers refuse the port of localhost:1,/],
    [
      'an unknown host',
      () => ['http://no-such-host.invalid'],
      /The host no-such-host\.invalid does not exist \(\w+\)\. Check the name/,
    ],
    [
      'a path that the server does not have',
      (url) => [`${url}/deeper`],
      /has no \/poll at this address\. The path of the address is too long/,
    ],
    ['https in place of http', (url) => [url.replace('http:', 'https:')], /does not use TLS\. Use http:\/\//],
    [
      'a page',
      async () => [await answer(200, HTML, '<h1>Welcome</h1>')],
      /is not a bidi-sse server \(status 200, text\/html\)/,
    ],
    ['a page that does not exist', async () => [await answer(404, HTML)], /is not a bidi-sse server \(status 404/],
    [
      'JSON of another program',
      async () => [await answer(200, {}, '{"events":[],"cursor":"1"}')],
      /is not a bidi-sse server/,
    ],
    [
      'a captive portal',
      async () => [await answer(302, { Location: 'http://portal.example/login' })],
      /redirected to http:\/\/portal\.example\/login, probably the login page/,
    ],
    [
      'a server that requires a login',
      async () => [await answer(401, HTML)],
      /requires authentication \(status 401.*--header/,
    ],
    ['a proxy without a server', async () => [await answer(502, HTML)], /the server behind it does not \(status 502/],
    [
      'a server that closes connections',
      async () => [await listen(createTcpServer((socket) => socket.destroy()))],
      /closes it without a response/,
    ],
  ])('names the reason in one line and exits with 1 for %s', async (_what, args, said) => {
    const { url } = await startTestServer();
    const command = await runCli(['doctor', ...(await args(url))]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(said);
    expect(command.stderr).not.toMatch(/^\s+at /m);
    expect(command.stderr.trim().split('\n')).toHaveLength(1);
  });

  test.each<[string, string, Record<string, string>]>([
    ['in the address of another scheme', 'ftp://user:SECRET@host/', {}],
    ['in an invalid address', 'http://u:SECRET@host:99999999', {}],
    ['in an address with a password alone', 'http://:SECRET@localhost:1', {}],
    ['of a proxy with an invalid address', 'http://localhost:2', { http_proxy: 'http://u:SECRET@host:99999' }],
    ['of a proxy that speaks SOCKS', 'http://localhost:2', { http_proxy: 'socks5://u:SECRET@localhost:1080' }],
  ])('does not print the password %s', async (_where, url, env) => {
    const command = await runCli(['doctor', url], { env });
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/^bidi-sse: /);
    expect(command.stdout + command.stderr).not.toContain('SECRET');
  });

  test('exits with 1 and says so if the server is stopped during the examination', async () => {
    const server = await startTestServer();
    const command = await runCli(['doctor', server.url, '--seconds', '8']);
    await command.until(/WebSocket/);
    await server.close();
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/stopped responding during the examination/);
  });

  test('says that no server listens at a port without one', async () => {
    const server = createServer();
    const url = await listen(server);
    server.close();
    await once(server, 'close');
    const command = await runCli(['doctor', url]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/^bidi-sse: No server listens at 127\.0\.0\.1:\d+\. Start the server/);
  });

  test('names the https address if the server redirects http to https', async () => {
    const url = await answering((request, response) =>
      response.writeHead(301, { Location: `https://${request.headers.host}${request.url}` }).end(),
    );
    const command = await runCli(['doctor', `${url}/app/`]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toContain(`Use ${url.replace('http:', 'https:')}/app\n`);
  });

  test('names ALLOWED_HOSTS if the server refuses the host', async () => {
    const { port } = await startTestServer({ ALLOWED_HOSTS: 'voice.example' });
    const url = await answering((request, response) => {
      const headers = { ...request.headers, host: 'other.example' };
      httpRequest({ port, path: request.url, headers }, (from) => {
        response.writeHead(from.statusCode ?? 500, from.headers);
        from.pipe(response);
      }).end();
    });
    const command = await runCli(['doctor', url]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(
      /refuses the request: .*"other\.example" \(status 403, host_not_allowed\)\..*ALLOWED_HOSTS/,
    );
  });

  test('says how to send a token if the server requires one', async () => {
    const { url } = await startTestServer(TOKENS);
    const command = await runCli(['doctor', url]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/status 401, unauthorized\)\. Set BIDI_SSE_TOKEN to a valid one, or use --token\./);
  });

  test('names the proxy if no server listens at its address', async () => {
    const command = await runCli(['doctor', 'http://voice.example'], { env: { HTTP_PROXY: 'http://127.0.0.1:9' } });
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/through the proxy http:\/\/127\.0\.0\.1:9, because no server listens there/);
  });
});

describe('bidi-sse doctor', () => {
  test('examines a server that requires a token in a session of its own of the user that the token belongs to', async () => {
    const server = await startTestServer(TOKENS);
    const header = ['--header', 'authorization: Bearer ann-token-0123456789'];
    const command = await runCli(['doctor', server.url, '--seconds', '1', ...header]);
    expect([0, 2]).toContain(await command.exitCode());
    expect(command.stdout).toContain('What that means');
    const opened = server.logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'live session opened');
    expect(opened.map(({ userId, sessionId }) => [userId, sessionId])).toEqual([
      ['ann', expect.stringMatching(/^doctor-/)],
    ]);
  });

  test('--help prints options and exit status, and bidi-sse --help names the doctor', async () => {
    const [own, all] = [await runCli(['doctor', '--help']), await runCli(['--help'])];
    expect(await own.exitCode()).toBe(0);
    for (const word of ['--seconds', '--header', 'HTTP_PROXY', 'Exit status: 0']) expect(own.stdout).toContain(word);
    await all.exitCode();
    expect(all.stdout).toContain('doctor URL');
  });

  test('exits with 0 and ends its session if nothing is in front of the server', async () => {
    const { url, logs } = await startTestServer();
    const command = await runCli(['doctor', `${url}/`, '--seconds', '1']);
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).toMatch(/What this network does\n {2}No problem was found\./);
    expect(command.stdout).toMatch(/WebSocket {2}first event after/);
    // The doctor sends requests that the server has to refuse, which the log has at the level debug (20).
    const notable = () =>
      logs
        .map((line) => JSON.parse(line))
        .filter(({ userId, level }) => userId?.startsWith('doctor-') && level > 20)
        .map(({ msg }) => msg);
    // The doctor does not wait for the server to have ended what it asked it to end.
    await waitFor('the end of the session', () => notable().length >= 2);
    expect(notable()).toEqual(['live session opened', 'live session ended']);
  });

  test('reads an address without a scheme as http', async () => {
    const { url } = await startTestServer();
    const command = await runCli(['doctor', url.replace('http://', ''), '--seconds', '1']);
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).toContain(`bidi-sse doctor   ${url}\n`);
  });

  test('exits with 2 and reports both problems if the network buffers streams and WebSockets', async () => {
    const url = await hostileProxy(await startTestServer(), ({ url = '' }) =>
      url.startsWith('/events/') ? 'buffer' : 'pass',
    );
    const command = await runCli(['doctor', url, '--seconds', '1']);
    expect(await command.exitCode()).toBe(2);
    expect(command.stdout).toContain('Event streams are buffered');
    expect(command.stdout).toContain('WebSocket connections deliver nothing');
    expect(command.stderr).toContain('watching connections for 1 s');
  });

  test('sends --header and the user name of the address with every request, WebSockets included', async () => {
    const { port } = await startTestServer();
    const without = new Set<string>();
    const front = createServer((request, response) => {
      const { method, url: path, headers } = request;
      if (headers['x-pass'] !== 'a: b' || headers.authorization !== 'Basic bWU6c2VjcmV0')
        without.add(`${method} ${path}`);
      const onward = httpRequest({ port, method, path, headers, agent: false }, (from) => {
        response.writeHead(from.statusCode ?? 500, from.headers).flushHeaders();
        from.pipe(response);
      });
      response.on('close', () => onward.destroy());
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    front.on('upgrade', ({ headers, url }, socket) => {
      if (headers['x-pass'] !== 'a: b') without.add(`WS ${url}`);
      socket.destroy();
    });
    const url = await listen(front);
    const command = await runCli([
      'doctor',
      url.replace('//', '//me:secret@'),
      '--header',
      'X-Pass: a: b',
      '--seconds',
      '1',
    ]);
    expect(await command.exitCode()).toBe(0);
    expect([...without]).toEqual([]);
    expect(command.stdout).not.toContain('secret');
  });

  test('uses the proxy that the environment names as a browser does, and names it', async () => {
    const { port } = await startTestServer({ ALLOWED_HOSTS: 'voice.example' });
    const seen = new Set<string>();
    const proxy = createServer((request, response) => {
      // The request line holds the whole address, because the request does not use a tunnel.
      const { method, url = '', headers } = request;
      const { pathname, search, host } = new URL(url);
      seen.add(`${method} ${host}/${pathname.split('/')[1]}`);
      const onward = httpRequest({ port, method, path: pathname + search, headers, agent: false }, (from) => {
        response.writeHead(from.statusCode ?? 500, from.headers).flushHeaders();
        from.pipe(response);
      });
      response.on('close', () => onward.destroy());
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    proxy.on('connect', ({ url }, socket) => {
      seen.add(`CONNECT ${url}`);
      const server = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        server.pipe(socket).pipe(server);
      });
      for (const each of [socket, server]) each.on('error', () => undefined);
      socket.on('close', () => server.destroy());
    });
    const address = await listen(proxy);
    const env = { HTTP_PROXY: address.replace('//', '//me:secret@') };
    const command = await runCli(['doctor', 'http://voice.example', '--seconds', '1'], { env });
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).toContain(`through the proxy ${address} (HTTP_PROXY)`);
    expect(command.stdout).not.toContain('secret');
    expect([...seen].sort()).toEqual([
      'CONNECT voice.example:80',
      'GET voice.example/events',
      'GET voice.example/poll',
      'POST voice.example/send',
    ]);
  });

  test('connects directly to a host that NO_PROXY names', async () => {
    const { url } = await startTestServer();
    const env = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'example.com,127.0.0.1' };
    const command = await runCli(['doctor', url, '--seconds', '1'], { env });
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).not.toContain('proxy');
  });

  test('exits at once at SIGINT', async () => {
    const { url } = await startTestServer();
    const command = await runCli(['doctor', url, '--seconds', '600']);
    await command.until(/WebSocket {2}first/);
    command.kill('SIGINT');
    expect(await command.exitCode()).not.toBe(0);
  });
});
