import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { AS_SHIPPED, startTestServer, type TestServer, type TestServerOptions } from '../../http/test-server.ts';
import { browserPath, launchBrowser, NETWORK_ERRORS, type OpenPageOptions, openTab, visit } from '../open-page.ts';
import { writeSilence } from '../speech-wav.ts';

/** The page as it was built; `npm test` builds it before. */
export const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../../dist/public');
const BROWSER_MS = 120_000;

let browser: Browser | undefined;

export interface VoicePageOptions {
  /** A script that runs in the page before its own. */
  readonly before?: string;
  /** Variables of the server, beside those of a server as it is shipped. */
  readonly environment?: Record<string, string>;
  readonly server?: TestServerOptions;
  readonly context?: BrowserContextOptions;
  readonly state?: OpenPageOptions['state'];
  /** Query of the page's address. */
  readonly query?: string;
  /** Called before the page is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** Opens the page in the browser of the suite, whose microphone hears nothing. */
export async function openVoicePage(options: VoicePageOptions = {}): Promise<{ page: Page; server: TestServer }> {
  if (!browser) throw new Error('the suite has no browser');
  const { before, environment, server: serverOptions = { emulator: 'in-process' }, context, query = '' } = options;
  const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED, ...environment }, serverOptions);
  const page = await openTab(browser, { expected: NETWORK_ERRORS, ...(context ? { context } : {}) });
  if (before) await page.addInitScript(before);
  await options.prepare?.(page);
  await visit(page, `${server.url}/${query}`, options);
  return { page, server };
}

export async function startVoice(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start voice' }).click();
  await page.getByTestId('activity').getByText('Listening').waitFor();
}

/**
 * Defines tests that share one browser. Without a browser they are skipped with the reason, and fail in CI.
 */
export function describeWithVoice(title: string, define: (it: typeof testInBrowser) => void): void {
  if ('missing' in browserPath) {
    const { missing } = browserPath;
    (process.env.CI === 'true' ? test : test.skip)(`${title}: skipped, ${missing}`, () => {
      throw new Error(missing);
    });
    return;
  }
  describe(title, () => {
    let directory: string;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'bidi-sse-test-'));
      const microphone = join(directory, 'silence.wav');
      await writeSilence(microphone, 30);
      browser = await launchBrowser({ microphone });
    }, BROWSER_MS);
    afterAll(async () => {
      await browser?.close();
      await rm(directory, { recursive: true, force: true });
    });
    define(testInBrowser);
  });
}

/** @param limitMs limit of the test, in ms. Default: 60,000 */
function testInBrowser(title: string, run: () => Promise<void>, limitMs: number = BROWSER_MS): void {
  test(title, run, limitMs);
}
