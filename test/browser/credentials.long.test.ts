import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { chromium, type Page } from 'playwright-core';
import { exchange } from '../http/requests.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from '../http/test-server.ts';
import { QUIET } from './chromium-args.ts';
import { browserPath } from './open-page.ts';

const TOKEN = 'ann-token-0123456789';
const ENVIRONMENT = { AUTH: 'token', AUTH_TOKENS: `ann:${TOKEN}` };
const BROWSER_MS = 120_000;

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`credentials in a browser: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('a page of an allowed origin, of the same site as the server,', () => {
    test(
      'signs in with a header of its own, and then streams and sends with the cookie that no script can read',
      async () => {
        const friend = await startForeignPage();
        const { url } = await startTestServer({ ...ENVIRONMENT, ALLOWED_ORIGINS: `http://localhost:${friend}` });
        const server = url.replace('127.0.0.1', 'localhost');
        const page = await openForeignPage(`http://localhost:${friend}/`);
        const headers = { Authorization: `Bearer ${TOKEN}`, 'X-My-App': '1' };
        expect(await postFrom(page, `${server}/send/ann`, {})).toMatchObject({ status: 401 });
        expect(await postFrom(page, `${server}/sign-in`, headers)).toMatchObject({ status: 200 });
        expect(await page.evaluate('document.cookie')).toBe('');
        expect(await readSession(page, `${server}/events/ann`, true)).toMatchObject({ user_id: 'ann' });
        expect(await postFrom(page, `${server}/send/ann`, {})).toMatchObject({ status: 200 });
        const refused = await postFrom(page, `${server}/send/ben`, {});
        expect(refused).toMatchObject({ status: 403 });
        expect(await postFrom(page, `${server}/sign-out`, {})).toMatchObject({ status: 200 });
        const signedOut = await postFrom(page, `${server}/send/ann`, {});
        expect(signedOut).toEqual({ status: 401, challenge: 'Bearer realm="bidi-sse"' });
      },
      BROWSER_MS,
    );

    test(
      'streams with a ticket, without a cookie, as an EventSource and as a WebSocket',
      async () => {
        const friend = await startForeignPage();
        const { url } = await startTestServer({ ...ENVIRONMENT, ALLOWED_ORIGINS: `http://localhost:${friend}` });
        const page = await openForeignPage(`http://localhost:${friend}/`);
        const { ticket } = (await page.evaluate(
          async ([address, token]) => {
            const headers = { Authorization: `Bearer ${token}` };
            return (await fetch(`${address}/tickets/ann`, { method: 'POST', headers })).json();
          },
          [url, TOKEN] as const,
        )) as { ticket: string };
        expect(await readSession(page, `${url}/events/ann?ticket=${ticket}`)).toMatchObject({ user_id: 'ann' });
        const frame = await page.evaluate(
          (address) =>
            new Promise((resolve, reject) => {
              const socket = new WebSocket(address);
              socket.onmessage = ({ data }) => resolve(JSON.parse(data));
              socket.onerror = reject;
            }),
          `${url.replace('http', 'ws')}/ws/ann?client=a&ticket=${ticket}`,
        );
        expect(frame).toMatchObject({ event: 'session', data: { user_id: 'ann' } });
      },
      BROWSER_MS,
    );
  });

  describe('over plain HTTP beyond localhost, where browsers send no Sec-Fetch-Site,', () => {
    test(
      'the page of the server streams, and images and no-cors requests of a foreign page have no effect',
      async () => {
        const foreign = await startForeignPage();
        const server = await startTestServer({ ALLOWED_HOSTS: 'voice.test' });
        const address = `http://voice.test:${server.port}`;
        const page = await openForeignPage(`http://evil.test:${foreign}/`);
        for (const policy of ['no-referrer', 'unsafe-url'] as const) {
          await page.evaluate(`Promise.allSettled([
            new Promise((_resolve, reject) => {
              const image = new Image();
              image.referrerPolicy = '${policy}';
              image.onerror = reject;
              image.src = '${address}/poll/me?wait=0';
            }),
            fetch('${address}/poll/me?wait=0', {
              mode: 'no-cors',
              referrerPolicy: '${policy}',
              headers: { Accept: 'text/event-stream' },
            }),
          ])`);
        }
        await waitFor('the refusals', () => countRefusals(server) === 4);
        expect(await countSessions(server)).toBe(0);
        await page.goto(`${address}/`);
        expect(await readSession(page, '/events/me')).toMatchObject({ user_id: 'me' });
      },
      BROWSER_MS,
    );
  });
}

/** Serves an empty page of another origin. @returns its port */
async function startForeignPage(): Promise<number> {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html');
    res.end('<!doctype html><title>a page</title><link rel="icon" href="data:,">');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // a TCP server that listens has one
}

async function openForeignPage(url: string): Promise<Page> {
  if ('missing' in browserPath) throw new Error(browserPath.missing);
  const args = [...QUIET, '--host-resolver-rules=MAP *.test 127.0.0.1, MAP localhost 127.0.0.1'];
  const browser = await chromium.launch({ executablePath: browserPath.path, args });
  afterTest(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}

/** POSTs with the cookies of the browser, as a page does. */
function postFrom(page: Page, url: string, headers: Record<string, string>) {
  return page.evaluate(
    async ([address, own]) => {
      const body = '{"mime_type":"text/plain","data":"hello"}';
      const response = await fetch(address, { method: 'POST', credentials: 'include', headers: own, body });
      return { status: response.status, challenge: response.headers.get('WWW-Authenticate') };
    },
    [url, headers] as const,
  );
}

/** Opens an EventSource in the page. @returns the data of its first event */
function readSession(page: Page, url: string, withCredentials = false): Promise<unknown> {
  return page.evaluate(
    ([address, include]) =>
      new Promise((resolve, reject) => {
        const source = new EventSource(address, { withCredentials: include });
        source.addEventListener('session', (event) => resolve(JSON.parse((event as MessageEvent).data)));
        source.onerror = reject;
      }),
    [url, withCredentials] as const,
  );
}

function countRefusals({ logs }: TestServer): number {
  return logs.filter((line) => line.includes('"code":"origin_not_allowed"')).length;
}

async function countSessions(server: TestServer): Promise<unknown> {
  return JSON.parse((await exchange(server, '/readyz')).text).sessions;
}
