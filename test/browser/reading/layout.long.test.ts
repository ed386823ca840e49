import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type CuttableProxy, startProxy } from '../cuttable-proxy.ts';
import { NETWORK_ERRORS } from '../open-page.ts';
import { PAGE_TRANSLATOR } from './page-translator.ts';
import { describeInBrowser, openScripted, openWithEvents } from './reading-suite.ts';

const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.tagName');

describeInBrowser('reading in a browser', (it) => {
  it('a long conversation scrolls in its own area, and the page stays as high as the window', async () => {
    const { page, converse } = await openScripted({ context: { viewport: { width: 900, height: 400 } } });
    for (let i = 0; i < 9; i += 1) await converse(`Question ${i}`, `Answer ${i}.\n\nSecond paragraph.`);
    const heights = await page.evaluate<number[]>('[document.documentElement.scrollHeight, innerHeight]');
    expect(heights[0]).toBe(heights[1]);
    await page.mouse.move(450, 380);
    await page.mouse.wheel(0, 5_000);
    expect(await page.evaluate<number>('scrollY')).toBe(0);
    expect(await page.getByText('Answer 8.').isVisible()).toBe(true);
  });

  it('all buttons of the header stand in one row on the narrowest screen', async () => {
    const { page } = await openScripted({ context: { viewport: { width: 320, height: 640 } } });
    const tops = await page.evaluate<number[]>(
      `[...document.querySelectorAll('.top button')].map((button) => button.getBoundingClientRect().top)`,
    );
    expect(tops.length).toBeGreaterThan(3);
    expect(new Set(tops).size).toBe(1);
  });

  it('an answer that streams under a page translator is shown whole', async () => {
    const { page, model, ask } = await openScripted({ initScript: PAGE_TRANSLATOR, state: 'none' });
    await page.locator('[data-testid=connection][data-phase=live]').waitFor();
    await ask('Count');
    for (const words of ['One, ', 'two, ', '**three**', ', four, ', 'five.']) {
      model.say(words);
      await page.getByTestId('agent-turn').getByText(words.replaceAll('*', '').toUpperCase().trim()).waitFor();
    }
    model.completeTurn();
    await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
    const words = page.getByTestId('agent-turn').locator('.words');
    expect((await words.allTextContents()).join('')).toMatch(/^ONE, TWO, (\*\*)?THREE(\*\*)?, FOUR, FIVE\.$/);
  });

  it('the header, the state and the notices show what changes under a page translator', async () => {
    const { page, server } = await openWithEvents({
      initScript: PAGE_TRANSLATOR,
      state: 'none',
      expected: NETWORK_ERRORS,
    });
    const connection = page.getByTestId('connection');
    const activity = page.getByTestId('activity');
    await connection.getByText('LIVE').waitFor();
    await activity.getByText('READY').waitFor();
    for (const [upstream, text] of [
      ['connecting', 'CONNECTING TO THE MODEL'],
      ['working', 'THINKING'],
      ['idle', 'READY'],
    ] as const) {
      server.emit('status', { upstream });
      await activity.getByText(text).waitFor();
    }
    for (const tokens of [5, 7]) {
      server.emit('usage', { total_tokens: tokens });
      await page.getByText(`${tokens} TOKENS`, { exact: true }).waitFor();
    }
    for (const [error, hint] of [
      ['the first failure', 'wait'],
      ['another failure', undefined],
      ['the last failure', 'ask again'],
    ]) {
      server.emit('failure', { code: 'upstream_error', error, ...(hint ? { hint } : {}) });
      const text = `${error}. ${hint ? `${hint}.` : ''}`.toUpperCase().trim();
      await page
        .getByTestId('notice-model')
        .locator('p', { hasText: new RegExp(`^${text}\\s*$`) })
        .waitFor();
    }
    await server.close();
    await connection.getByText('OFFLINE').waitFor();
    await activity.getByText('WAITING FOR THE SERVER').waitFor();
  });

  it('each paragraph has the direction of its own script, and a control that reverses text has no effect', async () => {
    const { page, converse } = await openScripted();
    await converse('مرحبا', 'الوقت الآن (UTC).\n\n- واحد\n\nAnd in English \u202Edesrever.\n\nPlain again.');
    const directions = await page.evaluate<string[]>(
      `['مرحبا', 'الوقت', 'English', 'desrever', 'Plain'].map((word) => {
        const node = document.querySelector('[role=log]');
        const range = document.createRange();
        const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT, (text) => text.data.includes(word) ? 1 : 3);
        const text = walker.nextNode();
        const at = text.data.indexOf(word);
        const box = (index) => (range.setStart(text, index), range.setEnd(text, index + 1), range.getBoundingClientRect().left);
        return box(at) < box(at + 1) ? 'ltr' : 'rtl';
      })`,
    );
    expect(directions).toEqual(['rtl', 'rtl', 'ltr', 'ltr', 'ltr']);
    const [left, right] = await page.evaluate<number[]>(
      `(() => {
        const turn = document.querySelector('[data-testid=agent-turn]');
        const range = document.createRange();
        const text = document.createTreeWalker(turn, NodeFilter.SHOW_TEXT, (text) => text.data.includes('الوقت') ? 1 : 3).nextNode();
        range.setStart(text, 0);
        range.setEnd(text, 1);
        const box = turn.getBoundingClientRect();
        const letter = range.getBoundingClientRect();
        return [letter.left - box.left, box.right - letter.right];
      })()`,
    );
    expect(right).toBeLessThan(left ?? 0);
    expect(await page.evaluate<string>(`getComputedStyle(document.querySelector('.markdown li')).direction`)).toBe(
      'rtl',
    );
  });

  it('thinking dots are shown only while the conversation is connected', async () => {
    let proxy: CuttableProxy | undefined;
    const connectThrough = async (url: string) => {
      proxy = await startProxy(url);
      return proxy.url;
    };
    const { page, model } = await openScripted({ connectThrough, expected: NETWORK_ERRORS });
    await page.getByLabel('Message').fill('Anyone?');
    await page.keyboard.press('Enter');
    await model.received('clientContent');
    await page.locator('.waiting').waitFor();
    proxy?.setDown(true);
    proxy?.cut();
    await page.locator('[data-testid=connection]:not([data-phase=live])').waitFor();
    await page.locator('.waiting').waitFor({ state: 'detached' });
  });

  it('the focus moves to the message field when the focused control disappears', async () => {
    const { page, model } = await openScripted();
    const card = page.getByRole('button', { name: 'Count to twenty' });
    await card.focus();
    await page.keyboard.press('Enter');
    await model.received('clientContent');
    await card.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Message');
    const restart = page.getByRole('button', { name: 'New conversation' });
    await restart.focus();
    await page.keyboard.press('Enter');
    await card.waitFor();
    expect(await focused(page)).not.toBe('BODY');
  });
});
