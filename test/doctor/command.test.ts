import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { runCli } from '../cli/command.ts';
import { hostileProxy } from '../client/hostile-proxy.ts';
import { afterTest, startTestServer } from '../http/test-server.ts';

/** An address at which anything answers but our server. */
async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
}
const answering = (handle: RequestListener) => listen(createServer(handle));
const answer = (status: number, headers: Record<string, string>, body = '') =>
  answering((_request, response) => response.writeHead(status, headers).end(body));
const HTML = { 'Content-Type': 'text/html' };

describe('bidi-sse doctor says in a sentence why it cannot examine, and ends with 1:', () => {
  test.each<[string, (url: string) => readonly string[] | Promise<readonly string[]>, RegExp]>([
    ['no address', () => [], /^bidi-sse: which server\? Say its address: npx bidi-sse doctor http/],
    ['no whole address', () => ['nonsense'], /"nonsense" is no address: say it whole/],
    ['an address without its scheme', () => ['localhost:8000'], /say http:\/\/localhost:8000 or https/],
    ['another scheme', () => ['ftp://host'], /no address of a web server/],
    ['two addresses', (url) => [url, 'more'], /one address at a time: "more"/],
    [
      'seconds that are none',
      (url) => [url, '--seconds', 'many'],
      /--seconds takes a number from 1 to 3600, not "many"/,
    ],
    ['a header that is none', (url) => [url, '--header', 'hello'], /--header takes 'Name: value', without control/],
    [
      'a header that cannot be sent',
      (url) => [url, '--header', 'A: €'],
      /--header takes 'Name: value', without control/,
    ],
    ['a name in the address that is none', () => ['http://%zz:b@localhost:1'], /a % that begins no %XX/],
    [
      'a server that talks to the terminal',
      async () => [
        await answer(
          503,
          {},
          '{"code":"x\\u001b[2J","error":"\\u001b]0;you\\u0007 \\u009b31m","hint":"h","retry":true}',
        ),
      ],
      /^[^\p{Cc}]*The server refuses: [^\p{Cc}]*\n$/u,
    ],
    [
      'a server that says nonsense of itself',
      async () => [
        await answer(
          200,
          {},
          '{"events":[{"id":"a","event":"session","data":{"limits":null,"server":{}}}],"cursor":"1"}',
        ),
      ],
      /is no bidi-sse server/,
    ],
    ['an option that it does not have', () => ['--bogus'], /'--bogus'/],
    ['a port that no browser opens', () => ['http://localhost:1'], /No browser opens the port of localhost:1,/],
    ['a host that does not exist', () => ['http://no-such-host.invalid'], /There is no host no-such-host\.invalid/],
    [
      'a path that is not the server’s',
      (url) => [`${url}/deeper`],
      /has no \/poll there: the address has a path too many/,
    ],
    ['http in the place of https', (url) => [url.replace('http:', 'https:')], /does not speak TLS: use http:\/\//],
    [
      'a page',
      async () => [await answer(200, HTML, '<h1>Welcome</h1>')],
      /is no bidi-sse server \(status 200, text\/html\)/,
    ],
    ['a page that is not there', async () => [await answer(404, HTML)], /is no bidi-sse server \(status 404/],
    [
      'JSON of something else',
      async () => [await answer(200, {}, '{"events":[],"cursor":"1"}')],
      /is no bidi-sse server/,
    ],
    [
      'a captive portal',
      async () => [await answer(302, { Location: 'http://portal.example/login' })],
      /sent on to http:\/\/portal\.example\/login: a page to log in/,
    ],
    [
      'a server that wants a log-in',
      async () => [await answer(401, HTML)],
      /wants to know who is there \(status 401.*--header/,
    ],
    ['a proxy without a server', async () => [await answer(502, HTML)], /nobody behind it does \(status 502/],
    [
      'a server that breaks off',
      async () => [await listen(createTcpServer((socket) => socket.destroy()))],
      /breaks it off without an answer/,
    ],
  ])('%s', async (_what, args, said) => {
    const { url } = await startTestServer();
    const command = await runCli(['doctor', ...(await args(url))]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(said);
    expect(command.stderr).not.toMatch(/^\s+at /m);
    expect(command.stderr.trim().split('\n')).toHaveLength(1);
  });

  test.each<[string, string, Record<string, string>]>([
    ['in the address of another scheme', 'ftp://user:SECRET@host/', {}],
    ['in an address that is none', 'http://u:SECRET@host:99999999', {}],
    ['in an address with a password alone', 'http://:SECRET@localhost:1', {}],
    ['of a proxy whose address is none', 'http://localhost:2', { http_proxy: 'http://u:SECRET@host:99999' }],
    ['of a proxy that speaks SOCKS', 'http://localhost:2', { http_proxy: 'socks5://u:SECRET@localhost:1080' }],
  ])('a password %s is not printed', async (_where, url, env) => {
    const command = await runCli(['doctor', url], { env });
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/^bidi-sse: /);
    expect(command.stdout + command.stderr).not.toContain('SECRET');
  });

  test('a server that is gone before the end', async () => {
    const server = await startTestServer();
    const command = await runCli(['doctor', server.url, '--seconds', '8']);
    await command.until(/WebSocket/);
    await server.close();
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/answered at first and does not any more/);
  });

  test('a port at which nobody listens', async () => {
    const server = createServer();
    const url = await listen(server);
    server.close();
    await once(server, 'close');
    const command = await runCli(['doctor', url]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/^bidi-sse: Nobody listens at 127\.0\.0\.1:\d+: start the server there/);
  });

  test('https in the place of http', async () => {
    const url = await answering((request, response) =>
      response.writeHead(301, { Location: `https://${request.headers.host}${request.url}` }).end(),
    );
    const command = await runCli(['doctor', `${url}/app/`]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toContain(`use ${url.replace('http:', 'https:')}/app\n`);
  });

  test('a server that does not answer for that name', async () => {
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
    expect(command.stderr).toMatch(/refuses: .*"other\.example" \(status 403, host_not_allowed\)\..*ALLOWED_HOSTS/);
  });

  test('a proxy at which nobody listens', async () => {
    const command = await runCli(['doctor', 'http://voice.example'], { env: { HTTP_PROXY: 'http://127.0.0.1:9' } });
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/through the proxy http:\/\/127\.0\.0\.1:9: nobody listens there/);
  });
});

describe('bidi-sse doctor', () => {
  test('--help tells its options and exit codes, and bidi-sse --help tells of it', async () => {
    const [own, all] = [await runCli(['doctor', '--help']), await runCli(['--help'])];
    expect(await own.exitCode()).toBe(0);
    for (const word of ['--seconds', '--header', 'HTTP_PROXY', 'Ends with 0']) expect(own.stdout).toContain(word);
    await all.exitCode();
    expect(all.stdout).toContain('doctor URL');
  });

  test('of a server with nothing before it: ends with 0, and leaves no session behind', async () => {
    const { url, logs } = await startTestServer();
    const command = await runCli(['doctor', `${url}/`, '--seconds', '1']);
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).toMatch(/What this network does\n {2}Nothing that a conversation would notice\./);
    expect(command.stdout).toMatch(/WebSocket {2}first event after/);
    const told = logs.map((line) => JSON.parse(line)).filter(({ userId }) => userId?.startsWith('doctor-'));
    expect(told.map(({ msg }) => msg)).toEqual(['live session opened', 'live session ended']);
  });

  test('of a network that keeps streams back, and WebSockets: ends with 2, and says so', async () => {
    const url = await hostileProxy(await startTestServer(), ({ url = '' }) =>
      url.startsWith('/events/') ? 'buffer' : 'pass',
    );
    const command = await runCli(['doctor', url, '--seconds', '1']);
    expect(await command.exitCode()).toBe(2);
    expect(command.stdout).toContain('It keeps the answer of a stream to itself');
    expect(command.stdout).toContain('It lets WebSockets hang');
    expect(command.stderr).toContain('watching connections for 1 s');
  });

  test('--header and the name of an address go with every request, WebSockets too', async () => {
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

  test('behind a proxy that the environment names: goes through it as a browser would, and says so', async () => {
    const { port } = await startTestServer({ ALLOWED_HOSTS: 'voice.example' });
    const seen = new Set<string>();
    const proxy = createServer((request, response) => {
      // With the whole address, not through a tunnel.
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

  test('NO_PROXY exempts a host: goes there straight', async () => {
    const { url } = await startTestServer();
    const env = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'example.com,127.0.0.1' };
    const command = await runCli(['doctor', url, '--seconds', '1'], { env });
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).not.toContain('proxy');
  });

  test('at SIGINT ends at once', async () => {
    const { url } = await startTestServer();
    const command = await runCli(['doctor', url, '--seconds', '600']);
    await command.until(/WebSocket {2}first/);
    command.kill('SIGINT');
    expect(await command.exitCode()).not.toBe(0);
  });
});
