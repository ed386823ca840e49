import { readFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { PNG } from './pictures.ts';
import { describeInBrowser, openWithEvents } from './reading-suite.ts';

const say = (text: string) => ['message', { mime_type: 'text/plain', data: text }] as const;
const COMPLETE = ['message', { turn_complete: true, interrupted: null }] as const;

const CLIPBOARD = { context: { permissions: ['clipboard-read', 'clipboard-write'] } };
const readClipboard = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()');

describeInBrowser('tool calls and copies in a browser', (it) => {
  it('a tool call is a card with its running time, shows the pictures of its result, and unfolds to arguments and result', async () => {
    const { page, server } = await openWithEvents();
    const card = page.getByTestId('tool');
    server.emit('tool_call', { id: 'c1', name: 'draw', args: { subject: 'a cat' }, where: 'server' });
    await card.getByText('draw', { exact: true }).waitFor();
    await card.getByText(/^[1-9]\.\d s$/).waitFor();
    expect(await card.getAttribute('data-state')).toBe('running');
    const content = [
      { type: 'image', mimeType: 'image/png', data: PNG },
      { type: 'image', mimeType: 'image/png', data: 'AAAA' },
    ];
    server.emit('tool_result', { id: 'c1', name: 'draw', result: { content, note: 'drawn' } });
    await page.locator('[data-testid=tool][data-state=done]').waitFor();
    const turn = page.getByTestId('agent-turn');
    await turn.getByRole('img', { name: 'Picture in the result' }).waitFor();
    expect(await page.evaluate<number>(`document.querySelector('.tool-pictures img').naturalWidth`)).toBe(1);
    await turn.getByText('A picture in the result cannot be shown.').waitFor();
    await card.locator('summary').click();
    await card.locator('dd').first().getByText('"subject": "a cat"').waitFor();
    await card.locator('dd').last().getByText('"note": "drawn"').waitFor();
  });

  it('the pictures of a result are shown while its call is folded, can be enlarged by keyboard, and are counted if they are gone', async () => {
    const { page, server } = await openWithEvents();
    const images = [{ mime_type: 'image/png', data: PNG }];
    server.emit('tool_call', { id: 'c1', name: 'draw', args: {}, where: 'server' });
    server.emit('tool_result', { id: 'c1', name: 'draw', result: {}, images });
    const picture = page.getByRole('button', { name: 'Picture in the result' });
    await picture.waitFor();
    expect(await picture.getAttribute('aria-expanded')).toBe('false');
    await picture.focus();
    await page.keyboard.press('Enter');
    await page.locator('.result-picture[aria-expanded=true]').waitFor();
    await page.keyboard.press('Space');
    await page.locator('.result-picture[aria-expanded=false]').waitFor();
    const tools = [
      { id: 'c1', name: 'draw', args: {}, state: 'done', pictures: 1 },
      { id: 'c0', name: 'scan', args: {}, state: 'done', pictures: 2 },
    ];
    server.emit('reset', { reason: 'too_old', turns: [{ role: 'model', text: 'Here.', tools }], truncated: false });
    await page.getByText('2 pictures, which are not kept here').waitFor();
    await picture.waitFor();
  });

  it('a call whose results follow one another shows the latest result and its picture while it is running', async () => {
    const { page, server } = await openWithEvents();
    const card = page.getByTestId('tool');
    const images = [{ mime_type: 'image/png', data: PNG }];
    const result = (price: number, more: object) =>
      server.emit('tool_result', { id: 'c1', name: 'watch_price', result: { price }, ...more });
    server.emit('tool_call', { id: 'c1', name: 'watch_price', args: {}, where: 'server' });
    result(101, { will_continue: true });
    await card.getByText('→ price: 101').waitFor();
    result(102, { will_continue: true, images });
    await card.getByText('→ price: 102').waitFor();
    await page.getByRole('img', { name: 'Picture in the result' }).waitFor();
    expect(await card.getAttribute('data-state')).toBe('running');
    result(103, {});
    await page.locator('[data-testid=tool][data-state=done]').getByText('→ price: 103').waitFor();
  });

  it('a call that waits for the user asks for it: Allow and Don’t allow are sent, and the answer of another page is shown', async () => {
    const { page, server } = await openWithEvents();
    const card = page.getByTestId('tool');
    const call = (id: string) =>
      server.emit('tool_call', { id, name: 'pay', args: { euros: 10 }, where: 'server', confirm: true });
    call('c1');
    const question = page.getByRole('group', { name: 'pay: May the agent do this?' });
    await question.waitFor();
    // A screen reader is given the question at once, and not only when the answer is complete.
    await question.getByRole('alert').getByText('May the agent do this?').waitFor();
    await page.locator('[data-testid=agent-turn][aria-busy=false]').waitFor();
    expect(await card.getByText('waits for you').isVisible()).toBe(true);
    await card.locator('dd').getByText('"euros": 10').waitFor();
    const allow = page.waitForRequest((request) => request.postData()?.includes('tool_confirm') === true);
    await question.getByRole('button', { name: 'Allow', exact: true }).click();
    expect((await allow).postData()).toContain('{"tool_confirm":{"id":"c1","ok":true}}');
    expect(
      await question
        .getByRole('button')
        .evaluateAll((all) => all.map((each) => (each as never as { disabled: boolean }).disabled)),
    ).toEqual([true, true]);
    server.emit('tool_confirmed', { id: 'c1', ok: true });
    await page.locator('[data-testid=tool][data-state=running]').waitFor();
    await question.waitFor({ state: 'detached' });
    server.emit('tool_result', { id: 'c1', name: 'pay', result: 'paid' });

    call('c2');
    const refuse = page.waitForRequest((request) => request.postData()?.includes('"c2"') === true);
    await question.getByRole('button', { name: 'Don’t allow' }).click();
    expect((await refuse).postData()).toContain('{"tool_confirm":{"id":"c2","ok":false}}');
    server.emit('tool_confirmed', { id: 'c2', ok: false });
    server.emit('tool_result', { id: 'c2', name: 'pay', error: 'The user did not confirm the call: it did not run' });
    await page.locator('[data-testid=tool][data-state=failed]').waitFor();

    call('c3');
    await question.waitFor();
    server.emit('tool_confirmed', { id: 'c3', ok: true });
    await question.waitFor({ state: 'detached' });
  });

  it('an answer and the conversation can be copied, and the conversation downloaded as Markdown and as JSON', async () => {
    const { page, server } = await openWithEvents(CLIPBOARD);
    server.emit('input_transcript', { text: 'What time is it?', finished: true, turn: 1 });
    server.emit('tool_call', { id: 'c1', name: 'clock', args: {}, where: 'server' });
    server.emit('tool_result', { id: 'c1', name: 'clock', result: { time: '12:00' } });
    server.emit(...say('It is **noon**.'));
    server.emit(...COMPLETE);
    await page.locator('[data-testid=agent-turn][data-state=done]').hover();
    await page.getByRole('button', { name: 'Copy the answer' }).click();
    await page.getByText('Copied').waitFor();
    expect(await readClipboard(page)).toBe('It is **noon**.');

    await page.getByRole('button', { name: 'Copy or export' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Copy as Markdown' }).click();
    await dialog.getByText('Copied').waitFor();
    const markdown = await readClipboard(page);
    expect(markdown).toBe(
      '**You:** What time is it?\n\n**The agent:**\n\n```\nclock({}) → {"time":"12:00"}\n```\n\nIt is **noon**.\n',
    );
    const download = async (name: string) => {
      const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name }).click()]);
      return readFile(await file.path(), 'utf8');
    };
    expect(await download('Download Markdown')).toBe(markdown);
    expect(JSON.parse(await download('Download JSON'))).toEqual({
      turns: [
        { role: 'user', text: 'What time is it?', spoken: true, state: 'done' },
        {
          role: 'agent',
          parts: [{ tool: 'clock', args: {}, state: 'done', result: { time: '12:00' } }, { text: 'It is **noon**.' }],
          state: 'done',
        },
      ],
    });
  });
});
