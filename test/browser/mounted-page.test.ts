import { describe, expect, test } from '@jest/globals';
import { startExpressApp } from '../library/start-express-app.ts';
import { browserPath, openPage } from './open-page.ts';

const BROWSER_MS = 120_000;
/** The page first tries a random user id; and Chromium reports every refusal. */
const REFUSALS = /status of 40[13]|HTTP Authentication failed|WebSocket connection to/;

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`the page in another app: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('the page below /talk in an app with its own sign-in', () => {
    test(
      'talks as the user of the app over a WebSocket, has no sign-out, and asks for no token when the sign-in has ended',
      async () => {
        const { url } = await startExpressApp();
        const page = await openPage(url, { state: 'none', expected: REFUSALS });
        await page.getByLabel('Your name').fill('ann');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByTestId('connection').getByText('Live').waitFor();
        expect(new URL(page.url()).pathname).toBe('/talk/');

        await page.locator('[data-testid=connection][data-rung=ws]').waitFor();
        await page.getByLabel('Message').fill('Count to two');
        await page.keyboard.press('Enter');
        await page.locator('[data-testid=agent-turn][data-state=done]').first().waitFor();
        expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);

        await page.reload();
        await page.getByText('Count to two').waitFor();

        await page.evaluate("fetch('/sign-out', { method: 'POST' })");
        await page.evaluate("dispatchEvent(new Event('online'))");
        await page.getByRole('heading', { name: 'Sign in again' }).waitFor();
        expect(await page.getByLabel('Access token').count()).toBe(0);
        await page.getByRole('button', { name: 'Reload' }).click();
        await page.getByLabel('Your name').waitFor();
      },
      BROWSER_MS,
    );
  });
}
