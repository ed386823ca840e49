import { describe, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { audibleSeconds, readLoudspeaker } from '../loudspeaker-tap.ts';
import { openDoorPage, quietRoom, spokenQuestion, startDoorServer, submit, browserTest as test } from './door-page.ts';

/** What the page shows: author and text of each message. */
function messagesOf(page: Page): Promise<string[]> {
  return page
    .locator('#messages p')
    .evaluateAll((list) => list.map((message) => `${message.dataset.author}: ${message.textContent}`));
}

const untilDone = (page: Page, count: number) =>
  page
    .locator('#messages p', { hasText: 'done' })
    .nth(count - 1)
    .waitFor({ state: 'attached' });
const untilStatus = (page: Page, status: string) =>
  page.getByTestId('status').getByText(status, { exact: true }).waitFor();

async function openRecording(url: string, microphone: string): Promise<Page> {
  const page = await openDoorPage(url, 'Connected', { microphone });
  await page.getByRole('button', { name: 'Voice chat' }).click();
  await untilStatus(page, 'Recording');
  return page;
}

describe("a page that speaks as AgentScope's realtime page does, unmodified,", () => {
  test('shows a spoken question and its answer once each, under the name that it gave to the agent, and plays the answer', async () => {
    const { url } = await startDoorServer('agentscope');
    const page = await openRecording(url, await spokenQuestion(1.5));
    await untilDone(page, 1);
    // The words of the user are sent when they are complete, which may be after the answer has begun.
    expect((await messagesOf(page)).sort()).toEqual([
      expect.stringMatching(/^Friday: You spoke for [a-z ]+ seconds?\. This is what I heard\.$/),
      'System: done',
      expect.stringMatching(/^You: \d(\.\d)? s of speech$/),
    ]);
    // Two sentences and the question played back.
    expect(audibleSeconds(await readLoudspeaker(page))).toBeGreaterThan(2.5);
  });

  test('shows tool calls and what the camera saw, and continues its conversation after a disconnection and a reload', async () => {
    const { url } = await startDoorServer('agentscope');
    const page = await openRecording(url, await quietRoom());
    expect(await page.locator(':checked').getAttribute('value')).toBe('gemini');
    await submit(page, 'What time is it?');
    await untilDone(page, 1);
    await page.getByRole('button', { name: 'Video' }).click();
    await untilStatus(page, 'Filming');
    await submit(page, 'What do you see?');
    await untilDone(page, 2);
    expect(await messagesOf(page)).toEqual([
      'You: What time is it?',
      'Friday: tool_use current_time',
      'Friday: tool_result current_time',
      expect.stringMatching(/^Friday: It is /),
      'System: done',
      'You: What do you see?',
      expect.stringMatching(/^Friday: I received an image: JPEG, /),
      'System: done',
    ]);
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await untilStatus(page, 'Disconnected');
    await page.reload();
    await untilStatus(page, 'Connected');
    await page.getByRole('button', { name: 'Voice chat' }).click();
    await untilStatus(page, 'Recording');
    await submit(page, 'What did I say?');
    await untilDone(page, 1);
    expect(await messagesOf(page)).toEqual([
      'You: What did I say?',
      'Friday: You said: What do you see?',
      'System: done',
    ]);
  });
});
