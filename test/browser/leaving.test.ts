import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { browserPath, NETWORK_ERRORS, openPage } from './open-page.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const run = 'missing' in browserPath && process.env.CI !== 'true' ? describe.skip : describe;

run('a page that the user has left', () => {
  test.each(['sse', 'ws'])(
    'a user who goes back to a page that the browser has kept gets what was said meanwhile over %s, and continues',
    async (transport) => {
      const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
      const page = await openPage(`${server.url}/?transport=${transport}`, {
        expected: NETWORK_ERRORS,
        keepsLeftPages: true,
      });
      const answer = page.getByTestId('agent-turn').last();
      await page.getByLabel('Message').fill('Count to two');
      await page.keyboard.press('Enter');
      await answer.getByText('One, two.').waitFor();
      const userId = await page.evaluate<string>(`localStorage.getItem('bidi-sse.user-id')`);
      await page.evaluate('globalThis.isKept = true');

      await page.goto(`${server.url}/no-such-page`);
      await fetch(`${server.url}/send/${userId}`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: 'Count to three',
      });
      await page.goBack({ waitUntil: 'commit' });
      await answer.getByText('One, two, three.').waitFor();
      expect(await page.evaluate('globalThis.isKept')).toBe(true);
      await page.getByLabel('Message').fill('Count to four');
      await page.keyboard.press('Enter');
      await answer.getByText('One, two, three, four.').waitFor();
    },
  );
});
