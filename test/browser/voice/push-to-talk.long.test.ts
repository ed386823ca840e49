import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Agent } from '../../../src/index.ts';
import { afterTest } from '../../http/test-server.ts';
import { type ScriptedConnection, startScriptedGemini } from '../../models/gemini/scripted-gemini.ts';
import { until } from '../../models/until.ts';
import { describeWithVoice, openVoicePage } from './voice-suite.ts';

const MODEL = 'gemini-live-2.5-flash-preview';
const AGENT = new Agent({
  name: 'agent_with_push_to_talk',
  model: MODEL,
  runConfig: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
});
/** Silence of 20 s: the agent speaks without a sound. */
const SPEECH = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: Buffer.alloc(48_000 * 20).toString('base64') } };

/** What the model has received of the microphone, in order. Audio that follows audio is counted once. */
function listHeard(model: ScriptedConnection): string[] {
  const kinds = model.frames.flatMap(({ realtimeInput }) => Object.keys(realtimeInput ?? {}));
  return kinds.filter((kind, index) => kind !== 'audio' || kinds[index - 1] !== 'audio');
}

const SPOKEN = ['activityStart', 'audio', 'activityEnd'];
const listSpoken = (times: number) => Array.from({ length: times }, () => SPOKEN).flat();

/** Opens the page with an agent that waits for push-to-talk, and starts voice. */
async function startCall(): Promise<{ page: Page; model: ScriptedConnection }> {
  const gemini = await startScriptedGemini();
  afterTest(() => gemini.close());
  const { page } = await openVoicePage({
    server: { emulator: 'none', agent: AGENT },
    environment: { GOOGLE_GEMINI_BASE_URL: gemini.url, DEMO_AGENT_MODEL: MODEL },
  });
  await page.getByRole('button', { name: 'Start voice' }).click();
  await page.getByTestId('activity').getByText('Ready').waitFor();
  // With voice the model is connected anew, to speak.
  return { page, model: await gemini.connection(1) };
}

describeWithVoice('push-to-talk in a browser', (it) => {
  it('the model is sent audio only while the button or the space bar is held, between the signs of its beginning and its end', async () => {
    const { page, model } = await startCall();
    const button = page.locator('.talk');
    const { keyboard, mouse } = page;
    let times = 0;
    /** Holds by one way until the model hears, and lets go. */
    const talk = async (hold: () => Promise<void>, release: () => Promise<void>) => {
      await hold();
      await page.getByRole('button', { name: 'Let go to send' }).waitFor();
      await until(() => listHeard(model).length === times * 3 + 2);
      await release();
      await page.getByRole('button', { name: 'Hold to talk' }).waitFor();
      times += 1;
      await until(() => listHeard(model).length === times * 3);
    };

    // The microphone is open, and none of it is sent.
    expect(await page.evaluate('document.activeElement.className')).toBe('talk');
    await talk(
      () => keyboard.down('Space'),
      () => keyboard.up('Space'),
    );
    await button.hover();
    await talk(
      () => mouse.down(),
      () => mouse.up(),
    );
    // Beside the button the pointer is still held.
    await talk(
      () => mouse.down(),
      async () => {
        await mouse.move(10, 300);
        expect(await page.getByRole('button', { name: 'Let go to send' }).count()).toBe(1);
        await mouse.up();
      },
    );
    // A key that is held clicks a button again and again.
    await talk(
      async () => {
        await keyboard.down('Enter');
        await keyboard.down('Enter');
        await keyboard.up('Enter');
      },
      () => keyboard.press('Enter'),
    );
    // A window that loses the focus is not told of the release.
    await talk(
      () => keyboard.down('Space'),
      () => page.evaluate(`dispatchEvent(new Event('blur'))`),
    );
    await keyboard.up('Space');
    expect(listHeard(model)).toEqual(listSpoken(times));

    await page.getByLabel('Message').fill('two');
    await page.getByLabel('Message').press('Space');
    expect(await page.getByLabel('Message').inputValue()).toBe('two ');
    expect(await page.getByRole('button', { name: 'Hold to talk' }).getAttribute('aria-pressed')).toBe('false');
    // The agent hears nobody anyway: there is nothing to mute, and no button that would tell it.
    await button.focus();
    await keyboard.press('m');
    await talk(
      () => keyboard.down('Space'),
      () => keyboard.up('Space'),
    );
    expect(listHeard(model)).toEqual(listSpoken(times));

    model.send({ serverContent: { modelTurn: { parts: [SPEECH] } } });
    await page.getByTestId('activity').getByText('Speaking').waitFor();
    await talk(
      () => keyboard.down('Space'),
      () => keyboard.up('Space'),
    );
    expect(await page.getByTestId('activity').getByText('Speaking').count()).toBe(0);
  });
});
