import { expect } from '@jest/globals';
import { pcm16ToBytes } from '../../../src/audio/pcm.ts';
import { afterTest } from '../../http/test-server.ts';
import { type ScriptedConnection, startScriptedGemini } from '../../models/gemini/scripted-gemini.ts';
import { COLLECT_ANNOUNCEMENTS } from './announcements.ts';
import { describeWithVoice, openVoicePage, startVoice } from './voice-suite.ts';

const WORDS = ['One, ', 'two, ', 'three, ', 'four, ', 'five, ', 'six, ', 'seven, ', 'eight, ', 'nine, ', 'ten.'];

/** A second of a tone, PCM16 at 24 kHz in base64. */
const SECOND = Buffer.from(
  pcm16ToBytes(Int16Array.from({ length: 24_000 }, (_, i) => 8_000 * Math.sin(i / 10))).buffer,
).toString('base64');

/** Sends ten words, each with its second of audio, much faster than they play. */
function speakAtOnce(model: ScriptedConnection): void {
  for (const word of WORDS) {
    model.transcribe(word);
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: SECOND };
    model.send({ serverContent: { modelTurn: { parts: [{ inlineData }] } } });
  }
}

/** Opens the page with voice on, and a model that speaks at the command of the test. */
async function openScripted() {
  const gemini = await startScriptedGemini();
  afterTest(() => gemini.close());
  const environment = { GOOGLE_GEMINI_BASE_URL: gemini.url };
  const { page } = await openVoicePage({
    environment,
    server: { emulator: 'none' },
    query: '?transport=sse',
    before: COLLECT_ANNOUNCEMENTS,
  });
  await startVoice(page);
  await page.getByLabel('Message').fill('Count to ten');
  await page.keyboard.press('Enter');
  const model = gemini.connections.at(-1);
  if (!model) throw new Error('the page has not connected to the model');
  await model.received('clientContent');
  return { page, model, words: page.getByTestId('agent-turn').locator('.words') };
}

describeWithVoice('captions in a browser', (it) => {
  it('words appear when they are heard, and of an interrupted answer only those that were', async () => {
    const { page, model, words } = await openScripted();
    speakAtOnce(model);
    await words.getByText('two').waitFor();
    expect(await words.textContent()).not.toContain('five');
    const request = page.waitForRequest((sent) => sent.postData()?.includes('"interrupt"') ?? false);
    await page.keyboard.press('Escape');
    const playedMs = Number(/"played_ms":(\d+)/.exec((await request).postData() ?? '')?.[1]);
    model.send({ serverContent: { interrupted: true } });
    model.completeTurn();
    await page.getByTestId('activity').getByText('Listening').waitFor();
    const heard = (await words.textContent())?.match(/\w+/g) ?? [];
    expect(heard.length).toBeGreaterThanOrEqual(2);
    // A word that has begun may be shown.
    expect(heard.length).toBeLessThanOrEqual(Math.ceil(playedMs / 1_000) + 1);
  });

  it('a screen reader is given no words that the agent speaks or the user says in a call, and the log is live again after it', async () => {
    const { page, model, words } = await openScripted();
    const log = page.getByRole('log');
    model.send({ serverContent: { inputTranscription: { text: 'Spoken question', finished: true } } });
    speakAtOnce(model);
    model.completeTurn();
    await words.getByText('two').waitFor();
    expect(await log.getAttribute('aria-live')).toBe('off');
    const announced = await page.evaluate<string[]>('announcements');
    expect(announced.join('|')).toContain('Starting voice');
    expect(announced.join('|')).not.toMatch(/One|two|Spoken question/);
    await page.getByRole('button', { name: 'End voice' }).click();
    await page.locator('[role=log][aria-live=polite]').waitFor();
  });

  it('the whole text is shown when voice ends', async () => {
    const { page, model, words } = await openScripted();
    speakAtOnce(model);
    model.completeTurn();
    await words.getByText('two').waitFor();
    await page.getByRole('button', { name: 'End voice' }).click();
    await words.getByText('nine, ten.').waitFor();
  });
});
