import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { browserPath, openPage } from './open-page.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const run = 'missing' in browserPath && process.env.CI !== 'true' ? describe.skip : describe;
/** The theme at every frame of a page, from its first one. */
const RECORD_FRAMES = `
  globalThis.frames = [];
  const record = () => {
    if (document.body) frames.push(document.documentElement.dataset.theme + ' ' + getComputedStyle(document.body).backgroundColor);
    requestAnimationFrame(record);
  };
  record();
`;

const readFrames = (page: Page) => page.evaluate<string[]>('[...new Set(frames)]');
const toRgb = (hex: string) => `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(', ')})`;

run('settings', () => {
  test('theme, language and name are applied at once, kept over a reload without a flash, and reach another tab', async () => {
    const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
    const page = await openPage(server.url, { context: { colorScheme: 'light' } });
    const other = await page.context().newPage();
    await other.goto(server.url);
    await page.getByRole('button', { name: 'Settings' }).click();
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await dialog.getByRole('radio', { name: 'Dark' }).check();
    await dialog.getByLabel('Your name').fill('Ann');
    await page.keyboard.press('Tab');
    await dialog.getByLabel('Language', { exact: true }).selectOption('Deutsch');
    await page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
    await other.getByRole('button', { name: 'Einstellungen' }).waitFor();
    expect(await other.getAttribute('html', 'data-theme')).toBe('dark');
    // The dialog returns the focus.
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Einstellungen');

    await page.addInitScript(RECORD_FRAMES);
    await page.reload();
    await page.getByLabel('Nachricht').waitFor();
    // What browsers show around the page has the colour of the page.
    const around = await page.getAttribute('meta[name=theme-color]', 'content');
    expect(await readFrames(page)).toEqual([`dark ${toRgb(String(around))}`]);
    await page.getByRole('button', { name: 'Einstellungen' }).click();
    expect(await page.getByLabel('Ihr Name').inputValue()).toBe('Ann');
    await page.keyboard.press('Escape');
    await page.getByLabel('Nachricht').fill('Hallo');
    await page.keyboard.press('Enter');
    await page.getByTestId('user-turn').getByText('Ann').waitFor();
  });

  test('a voice is chosen among those of the model, and one that the agent refuses is forgotten with a notice', async () => {
    const server = await startTestServer({
      PUBLIC_DIR,
      ...AS_SHIPPED,
      DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
    });
    const page = await openPage(server.url, { expected: /(status of|response code:) 400/ });
    await page.keyboard.press('Escape');
    await page.getByText('Talk with the agent').click();
    // Outside of text fields, single keys are shortcuts.
    await page.keyboard.press('Tab');
    await page.keyboard.press(',');
    await page.getByLabel('Voice').selectOption('Puck');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByTestId('connection').getByText('Live').waitFor();
    await page.getByLabel('Message').fill('Hello, is it you?');
    await page.keyboard.press('Enter');
    await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();

    await page.evaluate(`localStorage.setItem('bidi-sse.settings', '{"voice":"nobody"}')`);
    await page.reload();
    await page.getByText('The agent does not accept your voice or language.').waitFor();
    await page.getByTestId('connection').getByText('Live').waitFor();
    expect(await page.evaluate(`localStorage.getItem('bidi-sse.settings')`)).toContain('"voice":""');
  });

  test('the shortcuts are listed by a key, do nothing while the user writes, and can be switched off', async () => {
    const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
    const page = await openPage(server.url);
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await page.getByLabel('Message').pressSequentially('?');
    expect([await page.getByLabel('Message').inputValue(), await list.count()]).toEqual(['?', 0]);
    await page.getByRole('button', { name: 'Settings' }).focus();
    await page.keyboard.press('?');
    await list.getByText('Stop the answer').waitFor();
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA');
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('switch', { name: 'Single-key shortcuts' }).click();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('?');
    expect(await list.count()).toBe(0);
  });
});
