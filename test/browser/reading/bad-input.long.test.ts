import { expect } from '@jest/globals';
import { describeInBrowser, openWithEvents } from './reading-suite.ts';

const say = (text: string) => ['message', { mime_type: 'text/plain', data: text }] as const;
const COMPLETE = ['message', { turn_complete: true, interrupted: null }] as const;
const OVERHANG = 'document.documentElement.scrollWidth - innerWidth';

describeInBrowser('bad input in a browser', (it) => {
  it('a word of 100,000 characters and an answer of megabytes leave the page usable, and the copy has all of it', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const { page, server } = await openWithEvents({ context: { permissions, viewport: { width: 360, height: 640 } } });
    server.emit(...say('w'.repeat(100_000)));
    server.emit(...COMPLETE);
    await page.locator('[role=log][data-turns="1"] [data-state=done]').waitFor();
    expect(await page.evaluate<number>(OVERHANG)).toBe(0);
    for (let i = 0; i < 20; i += 1) server.emit(...say(`Line ${i}\n\n`.repeat(12_000)));
    server.emit(...COMPLETE);
    await page.getByText('This text is longer than the page shows.').waitFor();
    await page.locator('[role=log][data-turns="2"] [data-testid=agent-turn][data-state=done]').last().waitFor();
    await page.getByRole('button', { name: 'Copy the answer' }).last().click();
    await page.getByText('Copied').waitFor();
    expect(await page.evaluate<number>('navigator.clipboard.readText().then((text) => text.length)')).toBeGreaterThan(
      2e6,
    );
    await page.getByLabel('Message').fill('Still there');
    expect(await page.getByLabel('Message').inputValue()).toBe('Still there');
  });

  it('HTML and bidi controls in names, arguments and results of tools are shown as what they are', async () => {
    const { page, server } = await openWithEvents();
    const html = '<img src=x onerror=window.hit=1>\u202Egnp.exe';
    server.emit('tool_call', { id: 'c1', name: `draw\u202E`, args: { [html]: html }, where: 'server' });
    server.emit('tool_result', { id: 'c1', name: 'draw', result: { html, deep: [[html]], long: 'y'.repeat(100_000) } });
    server.emit(...say('Look: `a\u202Eb` and \u202Ereversed\n\n```js\nif (admin\u2066) {}\n```'));
    server.emit(...COMPLETE);
    const card = page.getByTestId('tool');
    await card.locator('summary').click();
    await card.locator('dd').last().waitFor();
    expect(await card.textContent()).toContain('<img src=x onerror=window.hit=1>⟨U+202E⟩gnp.exe');
    expect((await card.textContent())?.length).toBeLessThan(30_000);
    expect(await card.locator('img').count()).toBe(0);
    const words = await page.locator('.words').textContent();
    expect(words).toContain('a⟨U+202E⟩b');
    expect(words).toContain('admin⟨U+2066⟩');
    expect(await page.locator('[role=log]').textContent()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(await page.evaluate<number>(OVERHANG)).toBe(0);
  });
});
