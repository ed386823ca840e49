import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { temporaryDirectory } from '../../http/test-server.ts';
import { describeWithVoice, openVoicePage, PUBLIC_DIR, startVoice } from './voice-suite.ts';

/** Runs before the page: `tracks` gets every track of a microphone, and `prompts` what answers each withheld prompt. */
const WATCH_MICROPHONE = `
  globalThis.tracks = [];
  globalThis.prompts = [];
  const devices = navigator.mediaDevices;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    if (globalThis.withholdPrompt) await new Promise((resolve) => prompts.push(resolve));
    if (globalThis.refusal) throw new DOMException(...globalThis.refusal);
    const stream = await getUserMedia(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
`;

/** Message and name of an error of the browser, and what the page makes of it. */
const REFUSALS = [
  [
    ['Permission denied by system', 'NotAllowedError'],
    'The operating system does not let the browser use the microphone.',
  ],
  [['Permission denied', 'NotAllowedError'], 'The microphone is blocked.'],
  [['Requested device not found', 'NotFoundError'], 'No microphone was found.'],
  [['Could not start audio source', 'NotReadableError'], 'The microphone is in use by another program.'],
] as const;

/** Starts that take too long: what the page meets, how long to wait, in ms, and what the page says then. */
const ENDLESS = [
  {
    what: 'a prompt that nobody answers',
    before: 'globalThis.withholdPrompt = true;',
    wait: 61_000,
    expected: 'The browser’s question about the microphone was not answered.',
  },
  {
    what: 'sound that the browser does not start',
    before: 'AudioContext.prototype.resume = () => new Promise(() => undefined);',
    wait: 6_000,
    expected: 'The browser has not started the sound.',
  },
  {
    what: 'an audio module that never arrives',
    before: 'AudioWorklet.prototype.addModule = () => new Promise(() => undefined);',
    wait: 16_000,
    expected: 'The audio modules of this page have not arrived.',
  },
];

/** @param before runs in the page before its own script */
const open = (before: string, publicDir = PUBLIC_DIR) =>
  openVoicePage({
    before: WATCH_MICROPHONE + before,
    environment: { PUBLIC_DIR: publicDir },
    prepare: (page) => page.clock.install(),
  });
const start = (page: Page) => page.getByRole('button', { name: 'Start voice' }).click();
const stop = (page: Page) => page.getByRole('button', { name: 'End voice' }).click();
const notice = (page: Page) => page.getByTestId('notice-microphone').textContent();
const untilStarted = (page: Page) => page.getByRole('button', { name: 'Start voice' }).waitFor();
/** Not `waitForFunction` with a text: the content policy of the page forbids to evaluate one, once the first look has found something running. */
const untilReleased = (page: Page) =>
  page.waitForFunction(() => {
    const { tracks } = globalThis as unknown as { readonly tracks: readonly { readonly readyState: string }[] };
    return tracks.length > 0 && tracks.every(({ readyState }) => readyState === 'ended');
  });

describeWithVoice('start of voice in a browser', (it) => {
  it('a start is cancelled while the browser asks, and a microphone that is allowed afterwards is released', async () => {
    const { page } = await open('globalThis.withholdPrompt = true;');
    await start(page);
    await stop(page);
    await page.getByTestId('activity').getByText('Ready').waitFor();
    await page.evaluate('withholdPrompt = false; prompts[0]()');
    await untilReleased(page);
    await untilStarted(page);
    // The next start works.
    await startVoice(page);
  });

  for (const { what, before, wait, expected } of ENDLESS) {
    it(`${what} ends the start after its time limit, and the microphone is released`, async () => {
      const { page } = await open(before);
      await start(page);
      await page.getByRole('button', { name: 'End voice' }).waitFor();
      await page.clock.fastForward(wait);
      expect(await notice(page)).toContain(expected);
      await page.evaluate('withholdPrompt = false; for (const answer of prompts) answer()');
      await untilReleased(page);
      await untilStarted(page);
    });
  }

  it('audio modules that the server does not have, and a server that is gone, are each reported as such', async () => {
    const publicDir = await temporaryDirectory();
    await cp(PUBLIC_DIR, publicDir, { recursive: true });
    await rm(join(publicDir, 'capture-worklet.js'));
    const { page, server } = await open('', publicDir);
    await start(page);
    await page.getByTestId('notice-microphone').getByText('The server does not have the audio modules').waitFor();
    expect(await notice(page)).toContain('404');
    await untilReleased(page);

    await server.close();
    await start(page);
    await page.getByTestId('notice-microphone').getByText('The server cannot be reached').waitFor();
    await untilReleased(page);
  });

  it('each refusal of the microphone is reported with its cause, and the start is tried again from the notice', async () => {
    const { page } = await open('');
    for (const [refusal, text] of REFUSALS) {
      await page.evaluate(`refusal = ${JSON.stringify(refusal)}`);
      await start(page);
      await page.getByTestId('notice-microphone').getByText(text).waitFor();
    }
    await page.evaluate('refusal = undefined');
    await page.getByTestId('notice-microphone').getByRole('button', { name: 'Try again' }).click();
    await page.getByTestId('activity').getByText('Listening').waitFor();
    await page.getByTestId('notice-microphone').waitFor({ state: 'detached' });
  });
});
