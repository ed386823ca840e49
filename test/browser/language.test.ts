import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { browserPath, openPage } from './open-page.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const run = 'missing' in browserPath && process.env.CI !== 'true' ? test.skip : test;

run('a browser that prefers German gets the page and its notices in German', async () => {
  const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
  const page = await openPage(server.url, { microphone: 'none', state: 'Verbunden', context: { locale: 'de-AT' } });
  expect(await page.getAttribute('html', 'lang')).toBe('de');
  await page.getByRole('button', { name: 'Sprechen', exact: true }).click();
  await page
    .getByRole('alert')
    .getByText(/Das Mikrofon ist gesperrt|kein Mikrofon gefunden/)
    .waitFor();
  expect(await page.getByLabel('Nachricht').getAttribute('placeholder')).toBe('Nachricht schreiben');
});
