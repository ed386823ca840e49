import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { afterTest } from '../../http/test-server.ts';
import { type ScriptedConnection, startScriptedGemini } from '../../models/gemini/scripted-gemini.ts';
import { until } from '../../models/until.ts';
import { readLoudspeaker } from '../loudspeaker-tap.ts';
import { UNPLUGGABLE_DEVICES } from './fake-devices.ts';
import { describeWithVoice, openVoicePage, startVoice } from './voice-suite.ts';

/** Runs in the page before its own script: `setVisible()` does what a browser does when the tab is hidden or shown. */
const SCREEN_LOCKS = `
  globalThis.locks = [];
  const request = navigator.wakeLock.request.bind(navigator.wakeLock);
  navigator.wakeLock.request = async (kind) => {
    const lock = await request(kind);
    locks.push(lock);
    return lock;
  };
  globalThis.listLocks = () => locks.map(({ type, released }) => type + (released ? ' released' : ''));
  globalThis.setVisible = async (isVisible) => {
    Object.defineProperty(document, 'visibilityState', { value: isVisible ? 'visible' : 'hidden', configurable: true });
    if (!isVisible) for (const lock of locks) await lock.release();
    document.dispatchEvent(new Event('visibilitychange'));
  };
`;

async function startCall(before: string): Promise<{ page: Page; model: ScriptedConnection }> {
  const gemini = await startScriptedGemini();
  afterTest(() => gemini.close());
  const { page } = await openVoicePage({
    before,
    server: { emulator: 'none' },
    environment: { GOOGLE_GEMINI_BASE_URL: gemini.url, DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview' },
    query: '?transport=sse',
  });
  await startVoice(page);
  // With voice the model is connected anew, to speak.
  return { page, model: await gemini.connection(1) };
}

/** Names of the microphones, cameras and screens that the page records. */
const listLive = (page: Page) => page.evaluate<string[]>('listLive()');
const untilLive = (page: Page, names: readonly string[]) =>
  untilTrue(async () => (await listLive(page)).join() === names.join());

const listPictures = (model: ScriptedConnection) =>
  model.frames.flatMap(({ realtimeInput }) => (realtimeInput?.video ? [realtimeInput.video] : []));

describeWithVoice('devices of a call in a browser', (it) => {
  it('the camera and the screen are sent to the model, one picture a second at most, until the user or the browser ends it', async () => {
    const { page, model } = await startCall(UNPLUGGABLE_DEVICES);
    const camera = page.getByRole('button', { name: 'Show the camera' });
    const screen = page.getByRole('button', { name: 'Share the screen' });
    const preview = page.getByTestId('preview');
    const [microphone = ''] = await listLive(page);
    let sent = 0;
    page.on('request', (request) => {
      if (request.postData()?.includes('image/jpeg')) sent += 1;
    });
    /** Size of the next picture that the model sees, in pixels. */
    const readNext = async (): Promise<number[]> => {
      const before = listPictures(model).length;
      const { mimeType, data } = await until(() => listPictures(model)[before]);
      return page.evaluate<number[]>(`(async () => {
        const bytes = Uint8Array.from(atob('${data}'), (character) => character.charCodeAt(0));
        const { width, height } = await createImageBitmap(new Blob([bytes], { type: '${mimeType}' }));
        return [width, height];
      })()`);
    };

    const startedAt = performance.now();
    await camera.click();
    await preview.waitFor();
    expect(await camera.getAttribute('aria-pressed')).toBe('true');
    expect(Math.max(...(await readNext()))).toBe(768);
    await until(() => sent >= 3);
    expect(sent).toBeLessThanOrEqual((performance.now() - startedAt) / 1_000);

    await screen.click();
    await untilTrue(async () => (await listLive(page)).some((name) => name.startsWith('screen')));
    expect((await listLive(page)).length).toBe(2);
    expect(await camera.getAttribute('aria-pressed')).toBe('false');
    expect(Math.max(...(await readNext()))).not.toBe(768);
    // The browser has a button of its own that ends it.
    await page.evaluate(`endTracks('video')`);
    await preview.waitFor({ state: 'detached' });
    expect(await screen.getAttribute('aria-pressed')).toBe('false');
    const sentUntilEnd = sent;

    await page.evaluate(`refusal = 'NotAllowedError'`);
    await camera.click();
    const notice = page.getByTestId('notice-image');
    await notice.getByText('The agent sees nothing. Allow the camera').waitFor();
    await notice.getByRole('button', { name: 'Dismiss' }).click();
    // A user who closes the choice of the browser knows that nothing is shown.
    await screen.click();
    await page.locator('[aria-label="Share the screen"][aria-pressed=false]').waitFor();
    expect(await notice.count()).toBe(0);
    await page.evaluate('refusal = undefined');
    expect(sent).toBe(sentUntilEnd);

    await camera.click();
    await preview.waitFor();
    await camera.click();
    await preview.waitFor({ state: 'detached' });
    expect(await listLive(page)).toEqual([microphone]);
    await camera.click();
    await preview.waitFor();
    await page.getByRole('button', { name: 'End voice' }).click();
    await untilLive(page, []);
  });

  it('the chosen microphone and loudspeaker are used, replaced by the default ones while they are unplugged, and used again when they are back', async () => {
    const { page, model } = await startCall(UNPLUGGABLE_DEVICES);
    const [ordinary = ''] = await listLive(page);
    const sink = () => page.evaluate<string>('audioContext.sinkId');
    await page.getByRole('button', { name: 'Sound' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sound' });
    const microphones = dialog.getByLabel('Microphone');
    const loudspeakers = dialog.getByLabel('Loudspeaker');
    await microphones.locator('option').nth(2).waitFor({ state: 'attached' });
    expect(await microphones.locator('option').allTextContents()).toEqual([
      'Default of the system',
      'Fake Audio Input 1',
      'Fake Audio Input 2',
    ]);
    await microphones.selectOption('Fake Audio Input 2');
    await untilLive(page, ['Fake Audio Input 2']);
    await page.evaluate(`refusal = 'NotReadableError'`);
    await microphones.selectOption('Fake Audio Input 1');
    await page
      .getByTestId('notice-microphone')
      .getByText('The microphone is in use by another program. Voice continues with Fake Audio Input 2.')
      .waitFor();
    await page.evaluate('refusal = undefined');
    await microphones.selectOption('Fake Audio Input 2');
    await untilLive(page, ['Fake Audio Input 2']);
    await loudspeakers.selectOption('Fake Audio Output 1');
    await untilTrue(async () => (await sink()) !== '');
    const chosenSink = await sink();

    await page.evaluate(`unplug('Fake Audio Input 2', 'Fake Audio Output 1')`);
    await untilLive(page, [ordinary]);
    await untilTrue(async () => (await sink()) === '');
    await page
      .getByTestId('notice-microphone')
      .getByText(`The microphone was disconnected. Voice continues with ${ordinary}.`)
      .waitFor();
    await page.getByTestId('notice-speaker').getByText('The loudspeaker was disconnected.').waitFor();
    const missing = 'Not connected: the default is used';
    expect(await microphones.locator('option:checked').textContent()).toBe(missing);
    expect(await loudspeakers.locator('option:checked').textContent()).toBe(missing);
    const heard = model.texts.length;
    await until(() => model.texts.length > heard);

    await page.evaluate('unplug()');
    await untilLive(page, ['Fake Audio Input 2']);
    await untilTrue(async () => (await sink()) === chosenSink);
    expect(await microphones.locator('option:checked').textContent()).toBe('Fake Audio Input 2');

    // A tone of 440 Hz at half of the full scale.
    const tone = Int16Array.from(
      { length: 24_000 * 6 },
      (_, at) => 16_384 * Math.sin((at * 440 * 2 * Math.PI) / 24_000),
    );
    const data = Buffer.from(tone.buffer).toString('base64');
    model.send({
      serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data } }] } },
    });
    /** Waits until the loudspeaker plays at a level. */
    const untilLevel = (from: number, to: number) =>
      untilTrue(async () => {
        const { level = 0 } = (await readLoudspeaker(page)).blocks.at(-1) ?? {};
        return level > from && level < to;
      });
    await untilLevel(0.33, 0.37);
    await dialog.getByLabel('Volume of the agent').fill('50');
    await untilLevel(0.16, 0.19);

    // The last microphone is unplugged while the user talks.
    await page.keyboard.press('Escape');
    await page.evaluate(`refusal = 'NotFoundError'`);
    await page.evaluate(`unplug('Fake Audio Input 2')`);
    await page.getByRole('alert').getByText('The microphone was disconnected. Reconnect the microphone').waitFor();
    await page.getByRole('button', { name: 'Start voice' }).waitFor();
    expect(await listLive(page)).toEqual([]);
  });

  it('the screen stays on during a call, also after the tab was hidden, and no longer than the call', async () => {
    const { page } = await startCall(SCREEN_LOCKS);
    const listLocks = () => page.evaluate<string[]>('listLocks()');
    await untilTrue(async () => (await listLocks()).length === 1);
    expect(await listLocks()).toEqual(['screen']);
    await page.evaluate('setVisible(false)');
    expect(await listLocks()).toEqual(['screen released']);
    await page.evaluate('setVisible(true)');
    await untilTrue(async () => (await listLocks()).length === 2);
    expect(await listLocks()).toEqual(['screen released', 'screen']);
    await page.getByRole('button', { name: 'End voice' }).click();
    await untilTrue(async () => (await listLocks())[1] === 'screen released');
    await page.evaluate('setVisible(false).then(() => setVisible(true))');
    expect((await listLocks()).length).toBe(2);
  });
});

/** Asks the page until a condition is true. jest's time limit is the only one. */
async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
