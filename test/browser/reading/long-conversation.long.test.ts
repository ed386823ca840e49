import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, openWithEvents } from './reading-suite.ts';

const TURNS = 10_000;
const turns = Array.from({ length: TURNS }, (_, index) => ({
  role: index % 2 === 0 ? 'user' : 'model',
  text: index % 2 === 0 ? `Question ${index}` : `Answer ${index}.${' More words.'.repeat((index * 7) % 60)}`,
}));
const say = (text: string) => ['message', { mime_type: 'text/plain', data: text }] as const;

const countRows = (page: Page) => page.locator('[data-row]').count();
/** Where a text is, from the top of the window, in pixels. */
const findTop = async (page: Page, text: string) => (await page.getByText(text).boundingBox())?.y ?? Number.NaN;

describeInBrowser('a long conversation in a browser', (it) => {
  it('of 10,000 messages a few are in the document, the view starts at the end and reaches both ends by keyboard', async () => {
    const { page, server } = await openWithEvents();
    server.emit('reset', { reason: 'too_old', turns, truncated: false });
    await page.getByText(`Answer ${TURNS - 1}.`).waitFor();
    expect(await countRows(page)).toBeLessThan(120);
    await page.getByRole('log').focus();
    await page.keyboard.press('Home');
    await page.getByText('Question 0', { exact: true }).waitFor();
    expect(await countRows(page)).toBeLessThan(120);
    expect(await page.getByRole('log').getAttribute('aria-live')).toBe('off');
    await page.keyboard.press('End');
    await page.getByText(`Answer ${TURNS - 1}.`).waitFor();
    await page.locator('[role=log][aria-live=polite]').waitFor();
  });

  it('what is read stays where it is while rows above it are measured and text arrives, until the user returns to the end', async () => {
    const { page, server } = await openWithEvents();
    server.emit('reset', { reason: 'too_old', turns, truncated: false });
    await page.getByText(`Answer ${TURNS - 1}.`).waitFor();
    await page.evaluate(`document.querySelector('[role=log]').scrollTop = 300_000`);
    await page.getByRole('button', { name: 'Latest' }).waitFor();
    const text = await page.evaluate<string>(
      `[...document.querySelectorAll('[data-testid=user-turn] .words')].find((words) => words.getBoundingClientRect().top > 150).textContent`,
    );
    const before = await findTop(page, text);
    // Steps up render and measure rows that were never in the document.
    await page.mouse.move(400, 300);
    for (const delta of [-400, -400, 800]) await page.mouse.wheel(0, delta);
    server.emit(...say('A new answer.'));
    await page.locator(`[role=log][data-turns="${TURNS + 1}"]`).waitFor();
    await expectSoon(async () => Math.abs((await findTop(page, text)) - before) <= 2);
    await page.getByRole('button', { name: 'Latest' }).click();
    await page.getByText('A new answer.').waitFor();
    server.emit(...say(' It goes on.\n\n'.repeat(40)));
    server.emit(...say('The last words.'));
    await expectSoon(() => page.getByText('The last words.').isVisible());
    expect(
      await page.evaluate<number>(`(() => {
      const log = document.querySelector('[role=log]');
      return log.scrollHeight - log.scrollTop - log.clientHeight;
    })()`),
    ).toBeLessThan(2);
  });

  it('the row with the focus stays in the document while the user scrolls away', async () => {
    const { page, server } = await openWithEvents();
    const withLink = turns.with(TURNS - 1, { role: 'model', text: '[A link](https://x.example/)' });
    server.emit('reset', { reason: 'too_old', turns: withLink, truncated: false });
    await page.getByRole('link', { name: 'A link' }).focus();
    await page.evaluate(`document.querySelector('[role=log]').scrollTop = 1_000`);
    await page
      .getByText(/^Question 1\d$/)
      .first()
      .waitFor();
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('A link');
  });
});

/** Polls a condition until it is true. jest's time limit is the only one. */
async function expectSoon(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
