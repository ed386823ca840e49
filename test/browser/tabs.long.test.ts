import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { browserPath, launchBrowser, NETWORK_ERRORS, openTab, visit } from './open-page.ts';

const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const BROWSER_MS = 120_000;
/** Number of connections that a browser opens to one server over HTTP/1.1. */
const MAX_CONNECTIONS = 6;

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.keyboard.press('Enter');
}

const userTurns = (page: Page) => page.getByTestId('user-turn').locator('.bubble').allTextContents();
const lastAnswer = (page: Page) => page.locator('[data-testid=agent-turn][data-state=done]').last();
const start = (page: Page) => page.getByRole('button', { name: 'Start voice' }).click();
const listening = (page: Page) => page.getByTestId('activity').getByText(/Listening|Hearing you/);

/** Opens the conversation of a tab in another tab of the same browser. */
async function openSecondTab(first: Page): Promise<Page> {
  const second = await first.context().newPage();
  await visit(second, first.url());
  return second;
}

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`tabs in a browser: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('a page in several tabs', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser({});
    }, BROWSER_MS);
    afterAll(() => browser.close());

    async function openFirstTab(query = '') {
      const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
      const page = await openTab(browser, { expected: NETWORK_ERRORS });
      await visit(page, server.url + query);
      return { page, server };
    }

    test(
      'shows in each of them what is typed in one, and leaves the voice to the tab that has it until another takes it',
      async () => {
        const { page: first } = await openFirstTab();
        await start(first);
        await listening(first).waitFor();
        const second = await openSecondTab(first);
        await second.getByTestId('notice-tabs').getByText('Voice is on in another tab').waitFor();
        await ask(second, 'count to two');
        await lastAnswer(second).getByText('One, two.').waitFor();
        await lastAnswer(first).getByText('One, two.').waitFor();
        expect(await userTurns(first)).toEqual(await userTurns(second));
        expect(await userTurns(first)).toContain('count to two');
        await listening(first).waitFor();

        await start(second);
        await second.getByTestId('notice-tabs').getByRole('button', { name: 'Use voice here' }).click();
        await listening(second).waitFor();
        await first.getByTestId('notice-tabs').getByText('Voice is on in another tab').waitFor();
        await first.getByRole('button', { name: 'Start voice' }).waitFor();
        await second.getByRole('button', { name: 'End voice' }).click();
        await first.getByTestId('notice-tabs').waitFor({ state: 'detached' });
      },
      BROWSER_MS,
    );

    test(
      'keeps the draft, the calls and what was typed through a reload, and returns to a conversation that was left by mistake',
      async () => {
        const { page } = await openFirstTab();
        await ask(page, 'What time is it now?');
        await lastAnswer(page).waitFor();
        await page.getByLabel('Message').fill('half a thou');
        await page.reload();
        await page.getByTestId('tool').waitFor();
        expect(await userTurns(page)).toEqual(['What time is it now?']);
        expect(await page.getByLabel('Message').inputValue()).toBe('half a thou');
        await page.getByRole('button', { name: 'New conversation' }).click();
        await page.getByTestId('user-turn').waitFor({ state: 'detached' });
        await page.getByTestId('notice-new').getByRole('button', { name: 'Undo' }).click();
        await page.getByTestId('user-turn').waitFor();
        expect(await userTurns(page)).toEqual(['What time is it now?']);
      },
      BROWSER_MS,
    );

    test(
      'keeps what it shows, and says so, when the server was restarted and remembers nothing',
      async () => {
        const port = String(await freePort());
        const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED, PORT: port });
        const page = await openTab(browser, { expected: NETWORK_ERRORS });
        await visit(page, server.url);
        await ask(page, 'count to two');
        await lastAnswer(page).waitFor();
        await server.close();
        await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED, PORT: port });
        await page.getByTestId('notice-restart').getByText('does not remember').waitFor();
        expect(await userTurns(page)).toEqual(['count to two']);
      },
      BROWSER_MS,
    );

    test(
      `works in more than ${MAX_CONNECTIONS} tabs where only streams pass: hidden tabs close their streams, and catch up`,
      async () => {
        const { page: first } = await openFirstTab('/?transport=sse');
        // Playwright shows every page as visible; the tab is told what a browser would tell it.
        const setVisibility = (page: Page, state: 'hidden' | 'visible') =>
          page.evaluate(
            `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));`,
          );
        const tabs = [first];
        while (tabs.length < MAX_CONNECTIONS + 2) {
          const hidden = tabs.at(-1) ?? first;
          await setVisibility(hidden, 'hidden');
          await hidden.getByTestId('connection').getByText('Paused').waitFor();
          tabs.push(await openSecondTab(first));
        }
        const last = tabs.at(-1) ?? first;
        await ask(last, 'count to two');
        await lastAnswer(last).getByText('One, two.').waitFor();
        expect(await userTurns(first)).toEqual([]);
        await setVisibility(first, 'visible');
        await lastAnswer(first).getByText('One, two.').waitFor();
        expect(await userTurns(first)).toEqual(['count to two']);
      },
      BROWSER_MS,
    );
  });
}
