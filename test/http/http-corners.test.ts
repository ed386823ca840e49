import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { rawConnection } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer, waitFor } from './test-server.ts';
import { HANDSHAKE } from './ws-client.ts';

const TEXT = 'Content-Type: text/plain';
const UPGRADE = Object.entries(HANDSHAKE).map(([name, value]) => `${name}: ${value}`);
const LONG = 'a'.repeat(20_000);

/** Requests that are refused, each with the status and the code of the JSON answer. */
const REFUSED: readonly [title: string, request: string, status: number, code: string][] = [
  ['a target that is no URL', 'GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400, 'malformed_request'],
  ['a target of another host', request('GET http://evil.example/poll/a'), 400, 'malformed_request'],
  ['a target of another scheme', request('GET ftp://localhost/poll/a'), 400, 'malformed_request'],
  ['two Host headers', request('GET /poll/a', 'Host: evil.example'), 400, 'malformed_request'],
  ['two equal Host headers', request('GET /', 'host: localhost'), 400, 'malformed_request'],
  ['two Host headers, for a probe', request('GET /readyz', 'Host: localhost'), 400, 'malformed_request'],
  [
    'two Content-Type headers',
    request('POST /send/a', TEXT, 'content-type: application/json', 'Content-Length: 0'),
    400,
    'malformed_request',
  ],
  [
    'two Authorization headers',
    request('GET /poll/a', 'Authorization: Bearer a', 'Authorization: Bearer b'),
    400,
    'malformed_request',
  ],
  [
    'a chunked body in HTTP/1.0',
    chunked('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0'),
    400,
    'malformed_request',
  ],
  ['no Host header', 'GET /poll/a HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
  ['the version HTTP/2.0', 'GET / HTTP/2.0\r\nHost: localhost\r\n\r\n', 400, 'malformed_request'],
  ['a compressed body', chunked('Transfer-Encoding: gzip, chunked'), 501, 'unsupported_transfer_coding'],
  [
    'a body with two codings',
    chunked('Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'),
    501,
    'unsupported_transfer_coding',
  ],
  ['a body whose last coding is not chunked', chunked('Transfer-Encoding: chunked, gzip'), 400, 'malformed_request'],
  ['both lengths', chunked('Transfer-Encoding: chunked', 'Content-Length: 3'), 400, 'malformed_request'],
  ['two lengths', request('POST /send/a', TEXT, 'Content-Length: 3', 'Content-Length: 4'), 400, 'malformed_request'],
  [
    'a large chunk extension',
    chunked('Transfer-Encoding: chunked').replace('3\r', `3;${LONG}\r`),
    400,
    'malformed_request',
  ],
  ['bare line feeds', 'GET /poll/a HTTP/1.1\nHost: localhost\n\n', 400, 'malformed_request'],
  ['a folded header', request('GET /poll/a', 'X: a', ' b'), 400, 'malformed_request'],
  ['a NUL in the target', request('GET /\0'), 400, 'malformed_request'],
  ['a NUL in a header', request('GET /', 'X: a\0b'), 400, 'malformed_request'],
  ['an unknown method', request('FOO /'), 400, 'malformed_request'],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\r\n\r\n', 400, 'malformed_request'],
  ['a target that is too long', request(`GET /${LONG}`), 431, 'headers_too_large'],
  ['many headers', request('GET /', ...Array(250).fill('A: b')), 431, 'headers_too_large'],
  ['a header that is too long', request('GET /', `X: ${LONG}`), 431, 'headers_too_large'],
  ['another expectation', request('GET /', 'Expect: 200-ok'), 417, 'expectation_failed'],
  ['a tunnel', request('CONNECT localhost:80'), 405, 'method_not_allowed'],
  ['a trace', request('TRACE /poll/a'), 405, 'method_not_allowed'],
  [
    'a handshake with a body',
    `${request('GET /ws/a?client=b', ...UPGRADE, 'Content-Length: 3')}abc`,
    400,
    'malformed_request',
  ],
  [
    'a handshake with a chunked body',
    request('GET /ws/a?client=b', ...UPGRADE, 'Transfer-Encoding: chunked'),
    400,
    'malformed_request',
  ],
];

describe('a request with', () => {
  test.each(REFUSED)('%s is refused with a JSON error', async (_title, text, status, code) => {
    const server = await startTestServer();
    const answer = await ask(server, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('\r\nContent-Type: application/json; charset=utf-8\r\n');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code });
    expect(server.logs.some((line) => line.includes('live session opened'))).toBe(false);
  });

  test.each([
    ['an absolute target of its own host', request('GET http://LOCALHOST/poll/a?wait=0')],
    ['the version HTTP/1.0', 'GET /poll/a?wait=0 HTTP/1.0\r\nHost: localhost\r\n\r\n'],
    ['an upgrade to HTTP/2', request('GET /poll/a?wait=0', 'Connection: Upgrade', 'Upgrade: h2c')],
  ])('%s is served', async (_title, text) => {
    expect(await ask(await startTestServer(), text)).toMatch(/^HTTP\/1.1 200 OK\r\n(.*\r\n)+\r\n\{"events":\[/);
  });

  test('trailers is served, and the trailers are ignored', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/a`);
    await stream.untilNamed('session');
    const text = chunked('Transfer-Encoding: chunked').replace(/\r\n$/, 'X-Trailer: 1\r\n\r\n');
    expect(await ask(server, text)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });
});

describe('a client that expects 100 Continue', () => {
  test('is not asked for a body that the gate refuses, and its connection is closed', async () => {
    const server = await startTestServer();
    const text = request(
      'POST /send/a',
      TEXT,
      'Content-Length: 3',
      'Expect: 100-continue',
      'Origin: https://evil.example',
    );
    expect(await ask(server, text)).toMatch(/^HTTP\/1.1 403 Forbidden\r\n(.*\r\n)*Connection: close\r\n/);
  });

  test('is asked for a body that may be sent', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/a`);
    await stream.untilNamed('session');
    const socket = await rawConnection(server);
    socket.write(request('POST /send/a', TEXT, 'Content-Length: 3', 'Expect: 100-continue'));
    const [asked] = await once(socket, 'data');
    expect(String(asked)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('abc');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });
});

test('bytes that are no request behind a stream close the connection, and no error comes between the events', async () => {
  const server = await startTestServer();
  const socket = await rawConnection(server);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write(request('GET /events/a'));
  await waitFor('the stream', () => received.includes('event: session'));
  socket.write('no request\r\n\r\n');
  await once(socket, 'close');
  expect(received).not.toContain('malformed_request');
});

function request(line: string, ...headers: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
}

function chunked(...headers: string[]): string {
  return `${request('POST /send/a', TEXT, ...headers)}3\r\nabc\r\n0\r\n\r\n`;
}

/** Sends bytes on a connection of their own. @returns the answer: all that arrives until it has a whole body, or the connection is closed */
async function ask(server: TestServer, text: string): Promise<string> {
  const socket = await rawConnection(server);
  let answer = '';
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.write(Buffer.from(text, 'latin1'));
  await waitFor('an answer', () => closed || isComplete(answer));
  return answer;
}

function isComplete(answer: string): boolean {
  const [, length = Number.NaN] = /\r\nContent-Length: (\d+)\r\n/.exec(answer) ?? [];
  return answer.length >= answer.indexOf('\r\n\r\n') + 4 + Number(length);
}
