import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { browserPath, launchBrowser, NETWORK_ERRORS, openTab, visit } from './open-page.ts';

const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const BROWSER_MS = 120_000;
const MANY = 10_000;
const PAGE = 1_000;
/** Place of the open conversation among them. */
const OPEN = 300;
const LIST = /\/sessions\/[^/]+(\?|$)/;

/** Asks a question, and waits for its answer. */
async function converse(page: Page, question: string, answer: string): Promise<void> {
  await page.getByLabel('Message').fill(question);
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=agent-turn][data-state=done]').last().getByText(answer).waitFor();
}

const questions = (page: Page) => page.getByTestId('user-turn').locator('.bubble').allTextContents();
const titles = (page: Page) => page.locator('.conversation-title').allTextContents();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const openList = (page: Page) => press(page, 'Conversations');
const link = (page: Page, name: string) => page.getByRole('link', { name });

async function untilTitles(page: Page, ...expected: string[]): Promise<void> {
  // jest's time limit is the only one.
  while (JSON.stringify(await titles(page)) !== JSON.stringify(expected)) await page.waitForTimeout(20);
}

/** Answers requests for the list in the place of the server: with many conversations, a thousand a page. */
async function listMany(page: Page): Promise<void> {
  const now = Date.now() / 1_000;
  await page.route(LIST, (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
    const sessions = Array.from({ length: PAGE }, (_, index) => ({
      id: from + index === OPEN ? 'default' : `many-${from + index}`,
      title: `Conversation ${from + index}`,
      lastUpdateTime: now - (from + index) * 600,
    }));
    return route.fulfill({ json: from + PAGE < MANY ? { sessions, next: String(from + PAGE) } : { sessions } });
  });
}

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`the list of conversations in a browser: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('the list of conversations in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser({});
    }, BROWSER_MS);
    afterAll(() => browser.close());

    async function openPage(context: BrowserContextOptions = {}) {
      const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
      const page = await openTab(browser, { expected: NETWORK_ERRORS, context });
      await visit(page, server.url);
      return { page, server };
    }

    test(
      'opens conversations with their drafts, by the list, the back button and the address, and another tab stays where it is',
      async () => {
        const { page, server } = await openPage();
        await converse(page, 'count to two', 'One, two.');
        const first = page.url();
        expect(first).toMatch(/#conversation=default$/);
        await press(page, 'New conversation');
        await page.getByTestId('user-turn').waitFor({ state: 'detached' });
        expect(page.url()).toBe(`${server.url}/`);
        await converse(page, 'count to three', 'One, two, three.');
        await page.getByLabel('Message').fill('half a thou');
        await openList(page);
        await untilTitles(page, 'count to three', 'count to two');
        await page.getByText('This server keeps conversations only until it is restarted.').waitFor();
        expect(await page.locator('[aria-current=page]').textContent()).toBe('count to three');
        const other = await page.context().newPage();
        await visit(other, page.url());
        await link(page, 'count to two').click();
        await page.getByTestId('agent-turn').getByText('One, two.', { exact: true }).waitFor();
        expect([page.url(), await questions(page)]).toEqual([first, ['count to two']]);
        expect(await page.getByLabel('Message').inputValue()).toBe('');
        expect(await page.locator('[aria-current=page]').textContent()).toBe('count to two');
        await page.goBack();
        await page.getByTestId('agent-turn').getByText('One, two, three.').waitFor();
        expect(await page.getByLabel('Message').inputValue()).toBe('half a thou');
        expect(await questions(other)).toEqual(['count to three']);
        // The address of a conversation that is not there.
        await other.goto('about:blank');
        await other.goto(`${server.url}/#conversation=gone`);
        await other.getByTestId('notice-gone').getByText('This conversation is not here.').waitFor();
        expect([other.url(), await questions(other)]).toEqual([`${server.url}/`, []]);
      },
      BROWSER_MS,
    );

    test(
      'by keyboard a conversation is renamed, deleted, kept after all and exported, and the deletion of the open one begins a new one',
      async () => {
        const { page, server } = await openPage();
        await converse(page, 'count to two', 'One, two.');
        await page.getByRole('log').focus();
        await page.keyboard.press('c');
        await untilTitles(page, 'count to two');
        await link(page, 'count to two').focus();
        await page.keyboard.press('F2');
        await page.keyboard.type('not this');
        await page.keyboard.press('Escape');
        await untilTitles(page, 'count to two');
        await page.keyboard.press('F2');
        await page.keyboard.type('Numbers');
        await page.keyboard.press('Enter');
        await untilTitles(page, 'Numbers');
        expect(await page.evaluate('document.activeElement.textContent')).toBe('Numbers');
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
        await page.keyboard.press('ArrowDown');
        // Nothing of the conversation was recorded.
        const items = await page.getByRole('menuitem').allTextContents();
        expect(items).toEqual(['Rename', 'Download as text', 'Download as JSON', 'Delete']);
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('menuitem', { name: 'Download as JSON' }).click(),
        ]);
        expect(download.suggestedFilename()).toBe('Numbers.json');
        expect(await readFile(await download.path(), 'utf8')).toContain('count to two');
        await link(page, 'Numbers').focus();
        await page.keyboard.press('Delete');
        await page.getByTestId('user-turn').waitFor({ state: 'detached' });
        await page.keyboard.press('Enter');
        await page.getByTestId('user-turn').waitFor();
        await untilTitles(page, 'Numbers');
        await link(page, 'Numbers').focus();
        await page.keyboard.press('Delete');
        await page.getByTestId('user-turn').waitFor({ state: 'detached' });
        const deleted = page.waitForResponse((response) => response.url().endsWith('/default'));
        await page.keyboard.press('Escape');
        expect((await deleted).status()).toBe(200);
        await page.locator('.conversations').waitFor({ state: 'detached' });
        const userId = await page.evaluate<string>(`localStorage.getItem('bidi-sse.user-id')`);
        expect(await (await fetch(`${server.url}/sessions/${userId}`)).json()).toEqual({
          sessions: [],
          volatile: true,
        });
      },
      BROWSER_MS,
    );

    test(
      'ten thousand conversations are loaded while the user scrolls, and a store that is down ends neither the list nor the conversation',
      async () => {
        const { page } = await openPage();
        await listMany(page);
        await openList(page);
        const area = `document.querySelector('.conversations-scroller')`;
        await link(page, `Conversation ${OPEN}`).waitFor();
        expect(Number(await page.evaluate(`${area}.scrollTop`))).toBeGreaterThan((OPEN - 50) * 44);
        await link(page, `Conversation ${OPEN}`).focus();
        while (Number(await page.evaluate(`${area}.scrollHeight`)) < MANY * 44) {
          await page.evaluate(`${area}.scrollTop = ${area}.scrollHeight`);
          await page.waitForTimeout(5);
        }
        await page.keyboard.press('End');
        await link(page, `Conversation ${MANY - 1}`).waitFor();
        expect(await page.evaluate('document.activeElement.textContent')).toBe(`Conversation ${MANY - 1}`);
        expect(await page.locator('.conversation-row').count()).toBeLessThan(60);

        await page.unroute(LIST);
        const down = { error: 'the store does not answer', code: 'store_unavailable', retry: true };
        await page.route(LIST, (route) => route.fulfill({ status: 503, json: down }));
        await converse(page, 'count to two', 'One, two.');
        const problem = page.getByTestId('list-problem');
        await problem.getByText('The conversations could not be loaded. The store does not answer.').waitFor();
        expect(await page.locator('.conversation-row').count()).toBeGreaterThan(0);
        await page.unroute(LIST);
        await problem.getByRole('button', { name: 'Try again' }).click();
        await untilTitles(page, 'count to two');
        await problem.waitFor({ state: 'detached' });
        const expired = { error: 'no credentials', code: 'unauthorized', retry: false };
        await page.route(LIST, (route) => route.fulfill({ status: 401, json: expired }));
        await openList(page);
        await openList(page);
        await page.getByLabel('Access token').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'on a phone the list is a sheet above the conversation, and during a call the page asks before it opens another one',
      async () => {
        const { page } = await openPage({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
        await converse(page, 'count to two', 'One, two.');
        await press(page, 'New conversation');
        await page.getByTestId('user-turn').waitFor({ state: 'detached' });
        await page.getByRole('button', { name: 'Start voice' }).click();
        await page.getByRole('button', { name: 'End voice' }).waitFor();
        const open = async () => {
          await openList(page);
          await page.getByRole('dialog', { name: 'Conversations' }).waitFor();
          await link(page, 'count to two').tap();
        };
        await open();
        await press(page, 'Stay in the call');
        await page.getByRole('button', { name: 'End voice' }).waitFor();
        expect(await questions(page)).toEqual([]);
        await open();
        await press(page, 'End the call');
        await page.getByTestId('agent-turn').getByText('One, two.').waitFor();
        await page.getByRole('button', { name: 'Start voice' }).waitFor();
        expect(await page.getByRole('dialog').count()).toBe(0);
      },
      BROWSER_MS,
    );
  });
}
