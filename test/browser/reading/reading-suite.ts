import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { afterTest, startTestServer } from '../../http/test-server.ts';
import { type ScriptedConnection, startScriptedGemini } from '../../models/gemini/scripted-gemini.ts';
import { until } from '../../models/until.ts';
import { browserPath, launchBrowser, type OpenPageOptions, openTab, visit } from '../open-page.ts';
import { EventServer } from './event-server.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../../dist/public');
const BROWSER_MS = 120_000;

export interface ScriptedPage {
  readonly page: Page;
  /** The model. It says what the test tells it to. */
  readonly model: ScriptedConnection;
  /** Types a question, and waits until the model has it. */
  ask(text: string): Promise<void>;
  /** Types a question and answers it with these increments, and waits until the answer is complete. */
  converse(question: string, ...increments: string[]): Promise<void>;
}

let browser: Browser | undefined;

export interface ScriptedPageOptions extends Pick<OpenPageOptions, 'context' | 'expected' | 'state'> {
  /** A script that runs in the page before its own. */
  readonly initScript?: string;
  /** Called before the page is loaded. */
  readonly beforeVisit?: (page: Page) => Promise<unknown>;
  /** Puts something between the page and the server. @returns the address of the page */
  readonly connectThrough?: (serverUrl: string) => Promise<string>;
}

/** Opens the page, in the browser of the suite, with a model that the test speaks for. */
export async function openScripted(options: ScriptedPageOptions = {}): Promise<ScriptedPage> {
  const gemini = await startScriptedGemini();
  afterTest(() => gemini.close());
  const server = await startTestServer({ PUBLIC_DIR, GOOGLE_GEMINI_BASE_URL: gemini.url }, { emulator: 'none' });
  const url = (await options.connectThrough?.(server.url)) ?? server.url;
  const page = await openInSuite(url, options);
  const model = await gemini.connection(0);
  let asked = 0;
  const ask = async (text: string) => {
    await page.getByLabel('Message').fill(text);
    await page.keyboard.press('Enter');
    asked += 1;
    await until(() => model.frames.filter((frame) => 'clientContent' in frame).length >= asked);
  };
  const converse = async (question: string, ...increments: string[]) => {
    // The page shows a question with its next frame, so that the number after `ask` may be that of before.
    const turns = Number(await page.getByRole('log').getAttribute('data-turns'));
    await ask(question);
    for (const increment of increments) model.say(increment);
    model.completeTurn();
    await page
      .locator(`[role=log][data-turns="${turns + 2}"] [data-testid=agent-turn][data-state=done]`)
      .last()
      .waitFor();
    await page.getByTestId('activity').getByText('Ready').waitFor();
  };
  return { page, model, ask, converse };
}

/** Opens the page, in the browser of the suite, with a stream on which the test emits events. */
export async function openWithEvents(options: ScriptedPageOptions = {}): Promise<{ page: Page; server: EventServer }> {
  const server = new EventServer(PUBLIC_DIR);
  const url = await server.start();
  afterTest(() => server.close());
  const page = await openInSuite(url, options);
  return { page, server };
}

async function openInSuite(url: string, options: ScriptedPageOptions): Promise<Page> {
  if (!browser) throw new Error('the suite has no browser');
  const page = await openTab(browser, options);
  if (options.initScript) await page.addInitScript(options.initScript);
  await options.beforeVisit?.(page);
  await visit(page, url, options);
  return page;
}

/** Defines tests that share one browser. Without a browser they are skipped with the reason, and fail in CI. */
export function describeInBrowser(title: string, define: (it: typeof testInBrowser) => void): void {
  if ('missing' in browserPath) {
    const { missing } = browserPath;
    (process.env.CI === 'true' ? test : test.skip)(`${title}: skipped, ${missing}`, () => {
      throw new Error(missing);
    });
    return;
  }
  describe(title, () => {
    beforeAll(async () => {
      browser = await launchBrowser({});
    });
    afterAll(() => browser?.close());
    define(testInBrowser);
  });
}

function testInBrowser(title: string, run: () => Promise<void>): void {
  test(title, run, BROWSER_MS);
}
