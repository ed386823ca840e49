import { describe, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { cuttableLine } from '../../http/cuttable-line.ts';
import { audibleSeconds, readLoudspeaker } from '../loudspeaker-tap.ts';
import { NETWORK_ERRORS } from '../open-page.ts';
import { openDoorPage, spokenQuestion, startDoorServer, submit, browserTest as test } from './door-page.ts';

const paragraphsOf = (page: Page) => page.locator('#messages p').allTextContents();
const untilAnswer = (page: Page) => page.locator('p[data-state=done]').first().waitFor();
const open = (url: string, options = {}) => openDoorPage(url, 'Connection opened', options);

describe("a page that speaks as ADK's WebSocket sample does, unmodified,", () => {
  test('shows each answer to a typed text once', async () => {
    const { url } = await startDoorServer('websocket-sample');
    const page = await open(url);
    await submit(page, 'Count to three');
    await untilAnswer(page);
    expect(await paragraphsOf(page)).toEqual(['> Count to three', 'One, two, three.']);
  });

  test('plays the answer to a spoken question, and shows its words once, on the second of two WebSockets', async () => {
    const { url } = await startDoorServer('websocket-sample');
    const page = await open(url, { microphone: await spokenQuestion(1.5) });
    await page.getByRole('button', { name: 'Start audio' }).click();
    await untilAnswer(page);
    expect(await paragraphsOf(page)).toEqual([
      expect.stringMatching(/^You spoke for [a-z ]+ seconds?\. This is what I heard\.$/),
    ]);
    expect(audibleSeconds(await readLoudspeaker(page))).toBeGreaterThan(2.5);
  });

  test('continues the conversation after it has lost its connection', async () => {
    const server = await startDoorServer('websocket-sample');
    const line = await cuttableLine(server);
    const page = await open(line.url, { expected: NETWORK_ERRORS });
    await submit(page, 'Count to two');
    await untilAnswer(page);
    line.cut();
    await page.getByTestId('status').getByText('Connection closed').waitFor();
    await page.getByTestId('status').getByText('Connection opened').waitFor();
    await submit(page, 'What did I say?');
    await untilAnswer(page);
    // The page forgets what it showed; the agent does not.
    expect(await paragraphsOf(page)).toEqual(['> What did I say?', 'You said: Count to two']);
  });
});
