import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '../browser/chromium.ts';
import { FAKE_MICROPHONE, QUIET } from '../browser/chromium-args.ts';
import type { Telling } from './page-telling.ts';
import type { OpenTalker } from './talker.ts';

/** How long the page may take until it listens, ms: Chromium on a busy machine, over a bad network. */
const READY_MS = 30_000;

/**
 * Our page in Chromium, as the server serves it. Its time begins with the navigation: until it can be talked to it has loaded, and has
 * opened the microphone. What it drops of its own accord it does not count: that is lost here.
 */
export const openPageTalker: OpenTalker = async ({ url, browserArgs = [] }, _profile, _userId, ear) => {
  const found = findChromium();
  if ('missing' in found) throw new Error(found.missing);
  const tap = await bundleTap();
  const browser = await chromium.launch({
    executablePath: found.path,
    args: [...QUIET, ...FAKE_MICROPHONE, ...browserArgs],
  });
  try {
    const page = await browser.newPage({
      // A certificate that only the profile trusts.
      ignoreHTTPSErrors: url.startsWith('https:'),
      // Meters that move are painted by the processor here.
      reducedMotion: 'reduce',
    });
    let rung = 'none';
    await page.exposeFunction('tellGauntlet', (telling: Telling) => {
      if (telling.kind === 'audio') ear.audio(Buffer.from(telling.base64, 'base64'), telling.at);
      else if (telling.kind === 'words') ear.words(telling.text);
      else if (telling.kind === 'turn complete') ear.turnComplete();
      else rung = telling.rung;
    });
    await page.addInitScript(`globalThis.talkersTimeOrigin = ${performance.timeOrigin};\n${tap}`);
    let failure: Error | undefined;
    const fail = (error: Error) => {
      failure ??= error;
    };
    page.on('pageerror', fail);
    const openedAt = performance.now();
    page.setDefaultTimeout(READY_MS);
    await page.goto(url);
    await page.getByRole('button', { name: 'Start audio' }).click();
    await page.getByTestId('activity').getByText('Listening').waitFor();
    let typed = Promise.resolve();
    return {
      openedAt,
      text(text) {
        typed = typed.then(() => type(page, text)).catch(fail);
      },
      audio(pcm) {
        const base64 = Buffer.from(pcm).toString('base64');
        page.evaluate(`speakIntoMicrophone('${base64}')`).catch(fail);
      },
      get rung() {
        return rung;
      },
      async close() {
        const reason = failure;
        await browser.close();
        await typed;
        if (reason) throw new Error('the page failed', { cause: reason });
      },
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
};

/**
 * As somebody who lets the agent finish: what is typed into an answer cuts it short, and the page then drops the rest of it, as it should.
 * So each text waits until the one before is answered and all is played, which is when there is nothing to interrupt.
 */
async function type(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Interrupt', disabled: true }).waitFor({ timeout: 0 });
  await page.getByLabel('Message').fill(text);
  await page.keyboard.press('Enter');
}

async function bundleTap(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page-tap.ts')],
    bundle: true,
    write: false,
    format: 'iife',
  });
  return outputFiles.map(({ text }) => text).join('');
}
