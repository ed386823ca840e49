import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { chromium, type Page } from 'playwright-core';
import { AS_SHIPPED, startTestServer, temporaryDirectory } from '../http/test-server.ts';
import { FAKE_MICROPHONE, QUIET } from './chromium-args.ts';
import { browserPath, openPage, openTabIn, visit } from './open-page.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const run = 'missing' in browserPath && process.env.CI !== 'true' ? describe.skip : describe;
/** The value of a content setting of Chromium that blocks. */
const BLOCK = 2;
const TOKEN = 'ann-0123456789abcdef';

/** Opens a page without an address in a browser whose user has forbidden all cookies and site data. */
async function openForbidding(): Promise<Page> {
  if ('missing' in browserPath) throw new Error(browserPath.missing);
  const profile = await temporaryDirectory();
  await mkdir(join(profile, 'Default'));
  const preferences = { profile: { default_content_setting_values: { cookies: BLOCK } } };
  await writeFile(join(profile, 'Default/Preferences'), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath.path,
    args: [...QUIET, ...FAKE_MICROPHONE],
    locale: 'en-GB',
  });
  return openTabIn(context, { expected: /status of 401/ });
}

/** Asks a question, and waits for its answer. */
async function converse(page: Page, question: string, answer: string): Promise<void> {
  await page.getByLabel('Message').fill(question);
  await page.keyboard.press('Enter');
  await page.getByTestId('agent-turn').last().getByText(answer).waitFor();
}

/** Changes the theme. The page must say that the browser does not keep that. */
async function changeUnkeptSetting(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  await page.getByText('This browser keeps no settings.').waitFor();
  expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
  await page.keyboard.press('Escape');
}

run('a browser that stores nothing', () => {
  test('with all site data forbidden the page talks, writes and starts anew, and says what is not kept', async () => {
    const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
    const page = await openForbidding();
    await visit(page, server.url);
    expect(
      await page.evaluate(`(() => { try { return localStorage.length; } catch ({ name }) { return name; } })()`),
    ).toBe('SecurityError');
    await converse(page, 'Count to two', 'One, two.');
    await changeUnkeptSetting(page);
    await page.getByRole('button', { name: 'Start voice' }).click();
    await page
      .getByTestId('activity')
      .getByText(/Listening|Hearing you/)
      .waitFor();
    await page.getByRole('button', { name: 'End voice' }).click();
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByTestId('agent-turn').waitFor({ state: 'detached' });
    await converse(page, 'What did I say?', 'You said nothing before.');

    const guarded = await startTestServer({ PUBLIC_DIR, AUTH: 'token', AUTH_TOKENS: `ann:${TOKEN}` });
    await page.goto(guarded.url);
    await page.getByLabel('Access token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByText('The browser did not keep the sign-in. Allow cookies for this page and try again.').waitFor();
  }, 60_000);

  test('with a full storage the page goes on, and says what is not kept', async () => {
    const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
    const page = await openPage(server.url);
    await page.evaluate(`for (const storage of [localStorage, sessionStorage]) {
      for (let size = 2 ** 22; size >= 1; size /= 2) {
        try { for (let count = 0; ; count += 1) storage.setItem(size + '.' + count, 'x'.repeat(size)); } catch {}
      }
    }`);
    await changeUnkeptSetting(page);
    await page.getByLabel('Message').fill('a draft');
    await converse(page, 'Count to two', 'One, two.');
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByTestId('agent-turn').waitFor({ state: 'detached' });
    await converse(page, 'What did I say?', 'You said nothing before.');
  }, 60_000);
});
