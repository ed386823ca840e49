import { describe, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { cuttableLine } from '../../http/cuttable-line.ts';
import { AUDIBLE, audibleSeconds, readLoudspeaker } from '../loudspeaker-tap.ts';
import { NETWORK_ERRORS } from '../open-page.ts';
import { openDoorPage, quietRoom, spokenQuestion, startDoorServer, submit, browserTest as test } from './door-page.ts';

/** What the page shows: author, kind and text of each bubble. */
function bubblesOf(page: Page): Promise<string[]> {
  return page
    .locator('#bubbles p')
    .evaluateAll((list) =>
      list.map((bubble) => `${bubble.dataset.author} ${bubble.dataset.kind}: ${bubble.textContent}`),
    );
}

const untilTurns = (page: Page, count: number) =>
  page
    .locator('i[data-turn=done]')
    .nth(count - 1)
    .waitFor({ state: 'attached' });

const open = (url: string, options = {}) => openDoorPage(url, 'Connected', options);

describe("a page that speaks as ADK's bidi-demo does, unmodified,", () => {
  test('shows each answer to a typed text once, and what the camera saw is answered', async () => {
    const { url } = await startDoorServer('bidi-demo');
    const page = await open(url);
    await submit(page, 'Count to three');
    await untilTurns(page, 1);
    await page.getByRole('button', { name: 'Camera' }).click();
    await page.locator('p[data-kind=picture]').waitFor({ state: 'attached' });
    await submit(page, 'What do you see?');
    await untilTurns(page, 2);
    expect(await bubblesOf(page)).toEqual([
      'user typed: Count to three',
      'agent spoken: One, two, three.',
      'user picture: ',
      'user typed: What do you see?',
      expect.stringMatching(/^agent spoken: I received an image: JPEG, /),
    ]);
  });

  test('shows a spoken question once, and plays the answer whose words it shows', async () => {
    const { url } = await startDoorServer('bidi-demo');
    const page = await open(url, { microphone: await spokenQuestion(1.5) });
    await page.getByRole('button', { name: 'Start audio' }).click();
    await untilTurns(page, 1);
    expect(await bubblesOf(page)).toEqual([
      expect.stringMatching(/^user heard: \d(\.\d)? s of speech$/),
      expect.stringMatching(/^agent spoken: You spoke for [a-z ]+ seconds?\. This is what I heard\.$/),
    ]);
    // Two sentences and the question played back.
    expect(audibleSeconds(await readLoudspeaker(page))).toBeGreaterThan(2.5);
  });

  test('falls silent when the user speaks into the answer, and answers that', async () => {
    const { url } = await startDoorServer('bidi-demo');
    const page = await open(url, { microphone: await spokenQuestion(4) });
    await page.getByRole('button', { name: 'Start audio' }).click();
    await submit(page, 'Count to twenty');
    await page.locator('i[data-turn=interrupted]').waitFor({ state: 'attached' });
    const { blocks } = await readLoudspeaker(page);
    const end = blocks.at(-1)?.at ?? 0;
    await page.locator('p[data-kind=heard]').waitFor({ state: 'attached' });
    const heard = (await readLoudspeaker(page)).blocks.filter(({ at, level }) => at > end + 0.5 && level > AUDIBLE);
    const answerBegins = heard[0]?.at ?? Number.POSITIVE_INFINITY;
    // The rest of the count would take seconds; the user was still speaking.
    expect(answerBegins - end).toBeGreaterThan(0.3);
    await untilTurns(page, 2);
    const [, counted = '', words, answer] = await bubblesOf(page);
    expect(counted).toMatch(/^agent spoken: One, /);
    expect(counted).not.toContain('twenty');
    expect(words).toMatch(/^user heard: /);
    expect(answer).toMatch(/^agent spoken: You spoke for /);
  });

  test('reconnects to its conversation after a loss, and after its switches were used', async () => {
    const server = await startDoorServer('bidi-demo');
    const line = await cuttableLine(server);
    const page = await open(line.url, { microphone: await quietRoom(), expected: NETWORK_ERRORS });
    await submit(page, 'Count to two');
    await untilTurns(page, 1);
    line.cut();
    await page.getByTestId('status').getByText('Disconnected').waitFor();
    await page.getByTestId('status').getByText('Connected', { exact: true }).waitFor();
    await submit(page, 'What did I say?');
    await untilTurns(page, 2);
    await page.getByLabel('Affective dialog').check();
    await page.getByTestId('status').getByText('Disconnected').waitFor();
    await page.getByTestId('status').getByText('Connected', { exact: true }).waitFor();
    await page.locator('#console li').getByText('invalid_run_config').waitFor();
    await submit(page, 'Thank you');
    await untilTurns(page, 3);
    expect(await bubblesOf(page)).toEqual([
      'user typed: Count to two',
      'agent spoken: One, two.',
      'user typed: What did I say?',
      'agent spoken: You said: Count to two',
      'user typed: Thank you',
      'agent spoken: You are welcome.',
    ]);
  });
});
