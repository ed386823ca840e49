import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { browserPath, NETWORK_ERRORS, openPage } from './open-page.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const run = 'missing' in browserPath && process.env.CI !== 'true' ? describe.skip : describe;

run('inspector', () => {
  test('it shows what was sent and received, also before it was opened, and unfolds, filters, pauses and exports it', async () => {
    const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
    const page = await openPage(server.url);
    await page.getByLabel('Message').fill('What time is it now?');
    await page.keyboard.press('Enter');
    await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
    await page.getByRole('button', { name: 'Inspector' }).click();
    const panel = page.getByRole('complementary', { name: 'Inspector' });
    const list = panel.getByRole('listbox', { name: 'Messages' });

    await panel.getByLabel('Filter').fill('tool_');
    expect(await list.getByRole('option').count()).toBe(2);
    await list.getByRole('option', { name: 'tool_call' }).click();
    const detail = panel.getByRole('region', { name: 'tool_call' });
    expect(await detail.textContent()).toContain('"current_time"');
    await list.focus();
    await page.keyboard.press('ArrowDown');
    await panel.getByRole('region', { name: 'tool_result' }).getByText('"UTC"').waitFor();

    const download = page.waitForEvent('download');
    await panel.getByRole('button', { name: 'Export as JSON lines' }).click();
    const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(['tool_call', 'tool_result']);

    await panel.getByLabel('Filter').fill('user_message');
    await panel.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('Message', { exact: true }).fill('Count to two');
    await page.keyboard.press('Enter');
    await page.locator('[data-testid=agent-turn][data-state=done]').nth(1).waitFor();
    expect(await list.getByRole('option').count()).toBe(1);
    await panel.getByRole('button', { name: 'Pause' }).click();
    await list.getByRole('option').nth(1).waitFor();
    expect(await panel.locator('.measured').textContent()).toMatch(/First words\d+ ms/);
    await page.keyboard.press('Escape');
    await panel.getByRole('button', { name: 'Close the inspector' }).click();
    await panel.waitFor({ state: 'detached' });
  }, 60_000);

  test('a page without a server says that the panel cannot be loaded, and one whose server has another version offers to reload', async () => {
    const server = await startTestServer({ PUBLIC_DIR, ...AS_SHIPPED });
    const page = await openPage(server.url, { expected: NETWORK_ERRORS });
    await page.route('**/*', (route) => route.abort());
    await page.getByRole('button', { name: 'Inspector' }).click();
    await page.getByText('This part of the page could not be loaded.').waitFor();
    await page.unroute('**/*');
    // The server is back with another version, which has other files.
    await page.route('**/panel-views-*.js', (route) => route.fulfill({ status: 404 }));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByTestId('notice-version').getByText('The server has another version now.').waitFor();
    await page.unroute('**/panel-views-*.js');
    await page.getByTestId('notice-version').getByRole('button', { name: 'Reload' }).click();
    await page.getByTestId('notice-version').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Inspector' }).click();
    await page.getByRole('complementary', { name: 'Inspector' }).waitFor();
  }, 60_000);
});
