import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { startTestServer, type TestServer } from '../http/test-server.ts';
import { browserPath, openPage } from './open-page.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const ANN = 'ann-0123456789abcdef';
const BOB = 'bob-0123456789abcdef';
const BROWSER_MS = 120_000;
/** Chromium reports every refusal to the console. */
const REFUSALS = /status of 40[13]|HTTP Authentication failed/;

const startGuarded = () =>
  startTestServer({ PUBLIC_DIR, AUTH: 'token', AUTH_TOKENS: `ann:${ANN},bob:${BOB},*:${'any-0123456789abcdef'}` });

/** Opens the page in a browser that has not signed in. */
const openSignIn = (url: string, options: Parameters<typeof openPage>[1] = {}) =>
  openPage(url, { state: 'Signed out', expected: REFUSALS, ...options });

/** Signs in by keyboard alone: the field has the focus. */
async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Access token').waitFor();
  await page.keyboard.type(token);
  await page.keyboard.press('Enter');
}

const untilLive = (page: Page) => page.getByTestId('connection').getByText('Live').waitFor();

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.keyboard.press('Enter');
}

const untilAnswered = (page: Page, count: number) =>
  page
    .locator('[data-testid=agent-turn][data-state=done]')
    .nth(count - 1)
    .waitFor();

/** Everything that the page's scripts can read and that outlives a request. */
const readTraces = (page: Page) =>
  page.evaluate<string>(
    `JSON.stringify([location.href, document.cookie, { ...localStorage }, { ...sessionStorage }, performance.getEntries().map(({ name }) => name)])`,
  );

async function expectNoTrace(page: Page, server: TestServer): Promise<void> {
  expect(await readTraces(page)).not.toContain('0123456789abcdef');
  expect(server.logs.join('')).not.toContain('0123456789abcdef');
}

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`sign-in of the page in a browser: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('sign-in of the page in a browser', () => {
    test.each([
      ['auto', 'ws'],
      ['sse', 'stream'],
      ['poll', 'poll'],
      ['ws', 'ws'],
    ])(
      'over %s, a user signs in by keyboard, talks, stays signed in after a reload, and signs out',
      async (transport, rung) => {
        const server = await startGuarded();
        const page = await openSignIn(`${server.url}/?transport=${transport}`);
        await signIn(page, ANN);
        await untilLive(page);
        await ask(page, 'Count to two');
        await untilAnswered(page, 1);
        await page.locator(`[data-testid=connection][data-rung=${rung}]`).waitFor();
        await ask(page, 'Count to three');
        await untilAnswered(page, 2);
        await page.reload();
        await untilLive(page);
        await page.getByText('One, two, three.').waitFor();
        await ask(page, 'Count to four');
        await untilAnswered(page, 3);
        expect(await page.context().cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict', value: ANN }]);
        await expectNoTrace(page, server);

        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByLabel('Access token').waitFor();
        await page.getByText('One, two, three.').waitFor({ state: 'detached' });
        expect(await page.context().cookies()).toEqual([]);
        await page.reload();
        await page.getByLabel('Access token').waitFor();
        expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
      },
      BROWSER_MS,
    );

    test(
      'a wrong token is told in words beside the field, which keeps the focus, and the right one signs in',
      async () => {
        const server = await startGuarded();
        const page = await openSignIn(server.url);
        await signIn(page, 'wrong-0123456789abcdef');
        const error = page
          .getByRole('alert')
          .filter({ hasText: 'The token is not valid. Check it, or ask for a new one.' });
        await error.waitFor();
        const field = page.getByLabel('Access token');
        expect(await field.getAttribute('aria-invalid')).toBe('true');
        expect(await field.getAttribute('aria-describedby')).toBe(await error.getAttribute('id'));
        expect(await page.evaluate<string>('document.activeElement.id')).toBe('token');
        await field.fill('two words');
        await page.keyboard.press('Enter');
        await page.getByText('This is not an access token').waitFor();
        await field.fill(ANN);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await untilLive(page);
        await expectNoTrace(page, server);
      },
      BROWSER_MS,
    );

    test(
      'a sign-in that ends during a conversation is asked for again, and the message that met the refusal is sent',
      async () => {
        const server = await startGuarded();
        const page = await openSignIn(`${server.url}/?transport=sse`);
        await signIn(page, ANN);
        await untilLive(page);
        await ask(page, 'Count to two');
        await untilAnswered(page, 1);
        await page.context().clearCookies();
        await ask(page, 'Count to three');
        await page.getByRole('heading', { name: 'Sign in again' }).waitFor();
        await signIn(page, ANN);
        await page.getByText('One, two, three.').waitFor();
        expect(await page.getByTestId('user-turn').locator('.words').allTextContents()).toEqual([
          'Count to two',
          'Count to three',
        ]);
      },
      BROWSER_MS,
    );

    test(
      'a page whose browser has signed in as another user tells that, and continues as that user on request',
      async () => {
        const server = await startGuarded();
        const page = await openSignIn(`${server.url}/?transport=sse`);
        await signIn(page, ANN);
        await untilLive(page);
        await ask(page, 'Count to two');
        await untilAnswered(page, 1);
        // Another page of the same server signs in: its cookie is that of the whole browser.
        const headers = { Authorization: `Bearer ${BOB}` };
        await page.context().request.post(`${server.url}/sign-in`, { headers });
        await ask(page, 'Count to three');
        await page.getByText('You are signed in as bob.').waitFor();
        await page.getByRole('button', { name: 'Continue as bob' }).click();
        await untilLive(page);
        await page.getByText('One, two.').waitFor({ state: 'detached' });
      },
      BROWSER_MS,
    );

    test(
      'a sign-out in one tab ends the conversation of every tab, and a sign-in in one tab opens it in every tab',
      async () => {
        const server = await startGuarded();
        const page = await openSignIn(`${server.url}/?transport=sse`);
        const other = await page.context().newPage();
        await other.goto(server.url);
        await other.getByLabel('Access token').waitFor();
        await page.bringToFront();
        await signIn(page, ANN);
        await untilLive(page);
        await untilLive(other);
        await ask(page, 'Count to two');
        await other.getByText('One, two.').waitFor();
        await other.getByRole('button', { name: 'Sign out' }).click();
        await page.getByLabel('Access token').waitFor();
        await page.getByText('One, two.').waitFor({ state: 'detached' });
      },
      BROWSER_MS,
    );

    test(
      'a new conversation of a user is another session of the same user, also after a reload',
      async () => {
        const server = await startGuarded();
        const page = await openSignIn(server.url);
        await signIn(page, ANN);
        await untilLive(page);
        await ask(page, 'Count to two');
        await untilAnswered(page, 1);
        await page.getByRole('button', { name: 'New conversation' }).click();
        await untilLive(page);
        await ask(page, 'Count to three');
        await untilAnswered(page, 1);
        await page.reload();
        await page.getByText('One, two, three.').waitFor();
        await page.getByText('One, two.', { exact: true }).waitFor({ state: 'detached' });
      },
      BROWSER_MS,
    );

    test(
      'a token that belongs to every user signs in under a random user id',
      async () => {
        const server = await startGuarded();
        const page = await openSignIn(server.url);
        await signIn(page, 'any-0123456789abcdef');
        await untilLive(page);
        await ask(page, 'Count to two');
        await untilAnswered(page, 1);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByLabel('Access token').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'on a narrow dark screen the sign-in fits, its controls have names, and no browser completes the field',
      async () => {
        const server = await startGuarded();
        const viewport = { width: 320, height: 480 };
        const page = await openSignIn(server.url, { context: { viewport, colorScheme: 'dark' } });
        const snapshot = await page.locator('main:visible').ariaSnapshot();
        expect(snapshot).toContain('heading "Sign in"');
        expect(snapshot).toContain('textbox "Access token"');
        expect(snapshot).toContain('button "Sign in"');
        const field = page.getByLabel('Access token');
        expect([await field.getAttribute('type'), await field.getAttribute('autocomplete')]).toEqual([
          'password',
          'off',
        ]);
        expect(await field.getAttribute('name')).toBeNull();
        expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
        const button = await page.getByRole('button', { name: 'Sign in' }).boundingBox();
        expect(button && button.y + button.height <= 480).toBe(true);
        // The conversation behind the sign-in is no stop of the keyboard.
        const reached: string[] = [];
        for (let stop = 0; stop < 3; stop += 1) {
          reached.push(await page.evaluate<string>('document.activeElement.id || document.activeElement.textContent'));
          await page.keyboard.press('Tab');
        }
        expect(reached.slice(0, 2)).toEqual(['token', 'Sign in']);
        expect(reached[2]).not.toBe('Start voice');
      },
      BROWSER_MS,
    );

    test(
      'a server without authentication shows neither a sign-in nor a sign-out',
      async () => {
        const server = await startTestServer({ PUBLIC_DIR });
        const page = await openPage(server.url);
        expect(await page.getByLabel('Access token').count()).toBe(0);
        expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
      },
      BROWSER_MS,
    );
  });
}
