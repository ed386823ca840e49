import { describe, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { cuttableLine } from '../../http/cuttable-line.ts';
import { audibleSeconds, readLoudspeaker } from '../loudspeaker-tap.ts';
import { NETWORK_ERRORS } from '../open-page.ts';
import { openDoorPage, spokenQuestion, startDoorServer, submit, browserTest as test } from './door-page.ts';

const paragraphsOf = (page: Page) => page.locator('#messages p').allTextContents();
const untilAnswer = (page: Page) => page.locator('p[data-state=done]').first().waitFor();

describe("a page that speaks as ADK's SSE sample does, unmodified,", () => {
  test('plays the answer to a spoken question and shows its words once, and continues after it has lost its connection', async () => {
    const line = await cuttableLine(await startDoorServer('sse-sample'));
    const microphone = await spokenQuestion(1.5);
    const expected = new RegExp(`${NETWORK_ERRORS.source}|Error sending message`);
    const page = await openDoorPage(line.url, 'Connection opened', { microphone, expected });
    await page.getByRole('button', { name: 'Start audio' }).click();
    await untilAnswer(page);
    expect(await paragraphsOf(page)).toEqual([
      expect.stringMatching(/^You spoke for [a-z ]+ seconds?\. This is what I heard\.$/),
    ]);
    expect(audibleSeconds(await readLoudspeaker(page))).toBeGreaterThan(2.5);
    line.cut();
    await page.getByTestId('status').getByText('Connection closed').waitFor();
    await page.getByTestId('status').getByText('Connection opened').waitFor();
    await submit(page, 'What did I say?');
    await untilAnswer(page);
    // The page forgets what it showed; the agent does not.
    expect(await paragraphsOf(page)).toEqual([
      '> What did I say?',
      expect.stringMatching(/^You said: \d(\.\d)? s of speech$/),
    ]);
  });
});
