import { expect } from '@jest/globals';
import { describeInBrowser, openScripted } from './reading-suite.ts';

const ANSWER = [
  '## Counting\n\nUse **wc** or `len`. See [the manual](https://x.example/m).\n\n',
  '1. Read\n2. Split:\n   - at spaces\n3. Count\n\n',
  '```python\ndef count(s):\n    return len(s.split())\n```\n\n',
  '| Mode | Speed |\n|:--|--:|\n| text | 12 ms |\n\n',
  '> Quoted\n\n- [x] done\n\n---\n![A chart](https://x.example/chart.png)',
];

describeInBrowser('Markdown in a browser', (it) => {
  it('an answer in Markdown is formatted while it streams, and its code can be copied', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const { page, model, ask } = await openScripted({
      context: { permissions, viewport: { width: 360, height: 640 } },
    });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await ask('How?');
    const turn = page.getByTestId('agent-turn');
    model.say('Some **bo');
    await turn.locator('strong', { hasText: 'bo' }).waitFor();
    model.say('ld** words.\n\n');
    for (const increment of ANSWER) model.say(increment);
    model.completeTurn();
    await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
    for (const [selector, text] of [
      ['h3', 'Counting'],
      ['ol > li', 'Count'],
      ['ol ul li', 'at spaces'],
      ['td[data-align=right]', '12 ms'],
      ['blockquote', 'Quoted'],
      ['li.task input:checked', ''],
    ] as const) {
      await turn.locator(selector, { hasText: text }).last().waitFor();
    }
    const link = turn.getByRole('link', { name: 'the manual' });
    expect([await link.getAttribute('target'), await link.getAttribute('rel')]).toEqual([
      '_blank',
      'noopener noreferrer',
    ]);
    expect(await turn.getByRole('link', { name: 'A chart' }).getAttribute('href')).toBe('https://x.example/chart.png');
    await turn.getByRole('button', { name: 'Copy the code' }).click();
    await turn.getByText('Copied').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toBe('def count(s):\n    return len(s.split())');
    expect(requests.filter((address) => address.includes('x.example'))).toEqual([]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  });

  it('HTML, scripts and links that run code are shown as text', async () => {
    const { page, converse } = await openScripted();
    const hostile =
      '<img src=x onerror="window.hit=1"> <script>window.hit=1</script> <svg/onload=window.hit=1>\n\n' +
      '[a](javascript:window.hit=1) [b](data:text/html,<script>1</script>) <a href="javascript:1">c</a>\n\n' +
      '```"><img src=x onerror=window.hit=1>\n</code></pre><script>window.hit=1</script>\n```';
    await converse('Attack', hostile);
    const turn = page.getByTestId('agent-turn');
    expect(await turn.locator('img, script, svg:not(.icon), a, iframe').count()).toBe(0);
    expect(await turn.textContent()).toContain('<script>window.hit=1</script>');
    expect(await page.evaluate('window.hit')).toBeUndefined();
  });
});
