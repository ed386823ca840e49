import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { afterTest, startTestServer } from '../http/test-server.ts';
import { QUIET } from './chromium-args.ts';
import { browserPath } from './open-page.ts';

const TOKEN = 'me-0123456789abcdef';
const BROWSER_MS = 120_000;
const SDK = join(import.meta.dirname, '../../src/client/index.ts');

/** What a page reports of a conversation with the SDK. */
interface Report {
  readonly sent: unknown;
  readonly text: string;
  readonly rung: string;
  readonly rejection: { readonly code?: string } | undefined;
}

/** Runs in the page: one question through the SDK, from another origin than the server's. */
const TALK = `async (options) => {
  const { createClient } = await import('/sdk.js');
  const client = createClient({ userId: 'me', isAudio: false, ...options });
  let text = '';
  const answered = new Promise((resolve) => {
    client.on('message', (message) => {
      if ('turn_complete' in message) resolve();
      else text += message.data;
    });
    client.on('rejected', resolve);
  });
  const sent = await client.send('count to two');
  await answered;
  const report = { sent, text, rung: client.statistics.rung, rejection: client.rejection };
  client.close();
  return report;
}`;

/** Starts a server for a page of its own, without the routes of ours. @returns the port */
async function startPageServer(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [SDK],
    bundle: true,
    write: false,
    format: 'esm',
    logLevel: 'silent',
  });
  const pages = createServer(({ url }, response) => {
    const isScript = url === '/sdk.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? outputFiles[0]?.text : '<!doctype html><link rel="icon" href="data:,">');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    pages.closeAllConnections();
    pages.close();
  });
  return (pages.address() as AddressInfo).port; // a TCP server that listens has one
}

/** Opens a page of another origin, and a server with AUTH=token that allows this origin. @param host host name of the page */
async function openForeignPage(host: 'localhost' | '127.0.0.1'): Promise<{ page: Page; url: string }> {
  if ('missing' in browserPath) throw new Error(browserPath.missing);
  const origin = `http://${host}:${await startPageServer()}`;
  const { url } = await startTestServer({ AUTH: 'token', AUTH_TOKENS: `me:${TOKEN}`, ALLOWED_ORIGINS: origin });
  const browser = await chromium.launch({ executablePath: browserPath.path, args: [...QUIET] });
  afterTest(() => browser.close());
  const page = await browser.newPage();
  await page.goto(origin);
  return { page, url };
}

const talk = (page: Page, options: object): Promise<Report> =>
  page.evaluate<Report>(`(${TALK})(${JSON.stringify(options)})`);

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`SDK in a page of another origin: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('SDK in a page of another origin', () => {
    test.each([
      ['sse', 'stream'],
      ['poll', 'poll'],
      ['ws', 'ws'],
    ])(
      'over %s, a page of another site talks with a token',
      async (transport, rung) => {
        const { page, url } = await openForeignPage('localhost');
        const report = await talk(page, { url, transport, token: TOKEN });
        expect(report).toMatchObject({ sent: { sent: true }, text: 'One, two.', rung });
        const wrong = await talk(page, { url, transport, token: 'wrong-0123456789abcdef' });
        expect(wrong).toMatchObject({ sent: { sent: false }, rejection: { code: 'unauthorized' } });
      },
      BROWSER_MS,
    );

    test.each([
      ['sse', 'stream'],
      ['poll', 'poll'],
      ['ws', 'ws'],
    ])(
      'over %s, a page of another origin of the same site that has signed in talks with credentials: include',
      async (transport, rung) => {
        const { page, url } = await openForeignPage('127.0.0.1');
        const signIn = { method: 'POST', credentials: 'include', headers: { Authorization: `Bearer ${TOKEN}` } };
        const status = await page.evaluate<number>(
          `fetch('${url}/sign-in', ${JSON.stringify(signIn)}).then(({ status }) => status)`,
        );
        expect(status).toBe(200);
        const report = await talk(page, { url, transport, credentials: 'include' });
        expect(report).toMatchObject({ sent: { sent: true }, text: 'One, two.', rung });
        if (transport === 'ws') return;
        const without = await talk(page, { url, transport });
        expect(without).toMatchObject({ sent: { sent: false }, rejection: { code: 'unauthorized' } });
      },
      BROWSER_MS,
    );
  });
}
