import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '../../models/until.ts';
import { NETWORK_ERRORS } from '../open-page.ts';
import { describeInBrowser, openWithEvents } from './reading-suite.ts';

const say = (text: string) => ['message', { mime_type: 'text/plain', data: text }] as const;
const COMPLETE = ['message', { turn_complete: true, interrupted: null }] as const;

/** Script that formats answers. */
const SCRIPT = '**/static/answer-content-*.js';

const measureTurn = (page: Page) =>
  page.evaluate<number>(`document.querySelector('[data-row]').getBoundingClientRect().height`);

describeInBrowser('an answer without its formatting in a browser', (it) => {
  it('an answer is plain text until the script that formats it has arrived, and keeps its words and its height then', async () => {
    let deliver = () => {};
    const beforeVisit = (page: Page) =>
      page.route(SCRIPT, async (route) => {
        await new Promise<void>((resolve) => {
          deliver = resolve;
        });
        await route.continue();
      });
    const { page, server } = await openWithEvents({ beforeVisit });
    const turn = page.getByTestId('agent-turn');
    server.emit(...say('First paragraph,\nin two lines.\n\n\nSecond, '));
    await turn.getByText('Second,').waitFor();
    server.emit(...say('**bold**, \u202edesrever paragraph.'));
    server.emit(...COMPLETE);
    await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
    const plain = ['First paragraph,\nin two lines.', 'Second, **bold**, desrever paragraph.'];
    expect(await turn.locator('p').allTextContents()).toEqual(plain);
    const height = await measureTurn(page);
    deliver();
    await turn.locator('strong', { hasText: 'bold' }).waitFor();
    expect(await turn.locator('p').allTextContents()).toEqual(plain.map((text) => text.replaceAll('**', '')));
    await turn.getByRole('button', { name: 'Copy the answer' }).waitFor({ state: 'attached' });
    expect(await measureTurn(page)).toBe(height);
  });

  it('answers are formatted with the next answer after the script could not be loaded', async () => {
    let isAway = true;
    let failures = 0;
    const beforeVisit = (page: Page) => {
      page.on('requestfailed', () => {
        failures += 1;
      });
      return page.route(SCRIPT, (route) => (isAway ? route.abort('connectionreset') : route.continue()));
    };
    const { page, server } = await openWithEvents({ beforeVisit, expected: NETWORK_ERRORS });
    await until(() => failures === 1);
    server.emit(...say('One **bold** word.'));
    server.emit(...COMPLETE);
    await page.getByTestId('agent-turn').getByText('One **bold** word.').waitFor();
    await until(() => failures === 2);
    isAway = false;
    server.emit(...say('Another one.'));
    server.emit(...COMPLETE);
    await page.getByTestId('agent-turn').locator('strong', { hasText: 'bold' }).waitFor();
    await page.getByTestId('agent-turn').getByText('Another one.').waitFor();
  });
});
