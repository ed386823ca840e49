import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '../browser/chromium.ts';
import { FAKE_MICROPHONE, QUIET } from '../browser/chromium-args.ts';
import type { Telling } from './page-telling.ts';
import type { OpenTalker } from './talker.ts';

/** Maximum wait until the page listens, in ms: Chromium on a busy machine over a bad network. */
const READY_MS = 30_000;

/**
 * Opens our page in Chromium, as the server serves it. Its time starts at the navigation: before the page can be used it has to load
 * and open the microphone. The page does not count audio that it drops by itself, which is lost here.
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
      // Accept a certificate that only the profile trusts.
      ignoreHTTPSErrors: url.startsWith('https:'),
      // Reduce motion, because the processor renders the moving meters.
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
    await page.getByRole('button', { name: 'Start voice' }).click();
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
 * Types a text as a user who lets the agent finish. A text that is typed during an answer interrupts it, and the page drops the rest.
 * So each text waits until the previous one is answered and played, when nothing can be interrupted.
 */
async function type(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Stop the answer' }).waitFor({ state: 'detached', timeout: 0 });
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
