import type { Attack } from '../attack.ts';
import type { Answer } from '../client/raw-connection.ts';
import type { Target } from '../target.ts';
import { exchange } from './exchange.ts';

const SMUGGLED = 'GET /healthz?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
const MARK = 'SMUGGLED-TEXT';

/** Attacks with the form of requests: parsers, hosts, origins, paths. */
export const httpAttacks: readonly Attack[] = [
  {
    name: 'request-smuggling',
    does: 'sends requests whose length a proxy and the server may read differently',
    stoppedBy: 'a strict parser: 400 and the end of the connection',
    async run(target) {
      await target.openSession('mallory');
      for (const [what, request] of smugglingShapes()) {
        const answers = await exchange(target, request);
        if (answers.length > 1) target.complain(`${what}: a second request was answered`);
        if (answers[0]?.status === 200 && !what.startsWith('valid')) target.complain(`${what}: was accepted`);
      }
    },
  },
  {
    name: 'odd-paths',
    does: 'asks for paths with dots, encoded slashes, NULs, broken escapes, absolute and authority forms',
    stoppedBy: 'paths are matched as they are and decoded once; files only below the folder of the page',
    async run(target) {
      for (const path of oddPaths()) {
        if (target.over) return;
        const [answer] = await exchange(target, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
        if (answer?.body.includes('"devDependencies"') || answer?.body.includes('root:')) {
          target.complain(`${path.slice(0, 80)}: a file outside of the page was served`);
        }
        if (answer && answer.status >= 400) expectJsonError(target, path, answer);
      }
    },
  },
  {
    name: 'header-floods',
    does: 'sends 2,000 headers, headers of 1 MB, and 64 KB of target, on 200 connections',
    stoppedBy: '16 KiB for the headers of a request: 431, and the connection is closed',
    async run(target) {
      const many = Array.from({ length: 2_000 }, (_, index) => `X-${index}: ${index}\r\n`).join('');
      await target.inLanes(10, target.times(200), async (index) => {
        const shapes = [
          many,
          `X-Long: ${'x'.repeat(1_000_000)}\r\n`,
          `Cookie: ${'a=b; '.repeat(200_000)}\r\n`,
          'X: \r\n'.repeat(50_000),
        ];
        const path = index % 5 === 4 ? `/poll/mallory?${'a=b&'.repeat(16_000)}` : '/poll/mallory?wait=0';
        await exchange(
          target,
          `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${shapes[index % shapes.length]}\r\n`,
          target.address(index % 50),
        );
      });
    },
  },
  {
    name: 'odd-requests',
    does: 'sends other methods, versions, Expect, Upgrade and TE, ranges and conditions that make no sense',
    stoppedBy: 'each gets its status: 400, 405, 412, 416, 417, 426, 505',
    async run(target) {
      const lines = [
        'TRACE / HTTP/1.1',
        'CONNECT localhost:22 HTTP/1.1',
        'OPTIONS * HTTP/1.1',
        'PRI * HTTP/2.0',
        'DELETE /events/mallory HTTP/1.1',
        'GET / HTTP/9.9',
        'GET /events/mallory HTTP/1.0',
        'HEAD /events/mallory HTTP/1.1',
        'HEAD /poll/mallory?wait=0 HTTP/1.1',
        'POST /events/mallory HTTP/1.1',
        'GET /send/mallory HTTP/1.1',
        'get / HTTP/1.1',
        'GET  / HTTP/1.1',
        'GET /\u0000 HTTP/1.1',
        '\u0016\u0003\u0001\u0002\u0000',
        'PROPFIND / HTTP/1.1',
        'M-SEARCH * HTTP/1.1',
      ];
      const headers = [
        '',
        'Expect: 100-continue\r\nContent-Length: 5\r\n',
        'Upgrade: h2c\r\nConnection: Upgrade\r\n',
        `Range: bytes=${'0-0,'.repeat(2_000)}0-0\r\n`,
        'If-Match: "x"\r\n',
        'TE: trailers\r\nTrailer: Host\r\n',
      ];
      for (const line of lines) {
        for (const header of headers) {
          if (target.over) return;
          await exchange(target, `${line}\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n`);
        }
      }
    },
  },
];

function smugglingShapes(): [string, string][] {
  const post = (headers: string, body: string) =>
    `POST /send/mallory HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n${headers}\r\n${body}`;
  return [
    ['both lengths', post('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['two lengths', post('Content-Length: 5\r\nContent-Length: 60\r\n', `hello${SMUGGLED}`)],
    ['a list of lengths', post('Content-Length: 5, 5\r\n', `hello${SMUGGLED}`)],
    ['gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n', `5\r\n${MARK.slice(0, 5)}\r\n0\r\n\r\n`)],
    ['chunked, identity', post('Transfer-Encoding: chunked, identity\r\n', `5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`)],
    ['xchunked', post('Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n', `hello${SMUGGLED}`)],
    ['a space before the colon', post('Transfer-Encoding : chunked\r\nContent-Length: 5\r\n', `hello${SMUGGLED}`)],
    ['a folded header', post('Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['a tab before chunked', post('Transfer-Encoding: \tchunked\r\nContent-Length: 6\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['a sign in the length', post('Content-Length: +5\r\n', `hello${SMUGGLED}`)],
    ['a negative length', post('Content-Length: -5\r\n', 'hello')],
    ['a hexadecimal length', post('Content-Length: 0x5\r\n', 'hello')],
    ['a length beyond 2^64', post('Content-Length: 18446744073709551621\r\n', 'hello')],
    ['a chunk size beyond 2^64', post('Transfer-Encoding: chunked\r\n', 'FFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n')],
    ['a chunk size with a sign', post('Transfer-Encoding: chunked\r\n', `-5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`)],
    ['a chunk that ends in LF', post('Transfer-Encoding: chunked\r\n', `5\nhello\n0\n\n${SMUGGLED}`)],
    ['a bare CR in a header', post('X: a\rContent-Length: 5\r\nContent-Length: 0\r\n', `hello${SMUGGLED}`)],
    ['lines that end in LF', post('', '').replaceAll('\r\n', '\n') + SMUGGLED],
    ['a NUL in a header', post('X: a\u0000b\r\nContent-Length: 5\r\n', 'hello')],
  ];
}

function oddPaths(): readonly string[] {
  return [
    ...[
      '/static/../package.json',
      '/static/..%2fpackage.json',
      '/static/%2e%2e/%2e%2e/package.json',
      '/static/..\\..\\package.json',
      '/static/....//package.json',
    ],
    ...[
      '/static/%00',
      '/static/page.js%00.map',
      '/static//etc/passwd',
      '/static/%2fetc%2fpasswd',
      '//etc/passwd',
      '/static/.env',
      '/static/%E0%A4%A',
      '/static/%',
    ],
    ...[
      '/events/%',
      '/events/%ff',
      '/events/%00',
      '/events/..',
      '/events/a%2fb',
      '/events/a/b/c',
      '/events/-a',
      '/events/%2e%2e',
      '/events//',
      '/EVENTS/%C0%AE',
      '/poll/mallory/%0d%0aX:1?wait=0',
    ],
    ...[
      'http://[::1',
      'http://[::1/events/a',
      'https://attacker.example/poll/mallory?wait=0',
      'http://localhost:99999/poll/mallory?wait=0',
      'http://a@b/poll/x?wait=0',
      'ftp://localhost/',
    ],
    ...[
      '/poll/mallory?wait=1e9',
      '/poll/mallory?wait=-1',
      '/poll/mallory?wait=NaN',
      '/poll/mallory?wait=0x5',
      `/poll/mallory?wait=0&since=${'9'.repeat(8_000)}`,
      '/poll/mallory?wait=0&since=%00',
    ],
    ...[
      '/poll/mallory?wait=0&client=%',
      '/poll/mallory?wait=0&wait=25',
      '/poll/mallory?%77ait=0',
      '/poll/mallory?wait=0&voice=__proto__',
      '/poll/mallory?wait=0&agent=constructor',
      '?',
      '/?',
      '/#',
      '/poll/mallory?wait=0#x',
      '*',
    ],
    `/poll/${'a'.repeat(129)}?wait=0`,
    `/${'a/'.repeat(4_000)}`,
    `/events/${'%61'.repeat(4_000)}`,
  ];
}

function expectJsonError(target: Target, what: string, { head, body, status }: Answer): void {
  // Node itself answers what it cannot parse, before the server sees a request.
  if (status === 400 && body === '') return;
  if (!/content-type: application\/json/i.test(head) || !/"code":"\w+"/.test(body)) {
    target.complain(`${what.slice(0, 60)}: the answer ${status} is not an error of the catalogue`);
  }
}
