import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { AS_SHIPPED, startTestServer, type TestServer, temporaryDirectory } from '../../http/test-server.ts';
import { browserPath, type OpenPageOptions, openPage } from '../open-page.ts';
import { writeSilence, writeSpeech } from '../speech-wav.ts';

/** Maximum duration of a test with a browser, in ms. */
export const BROWSER_MS = 120_000;
const PAGES = join(import.meta.dirname, 'pages');

/** Folder below `pages/`: a page that does, message for message, what a page of others does. */
export type DoorPageName = 'agentscope' | 'bidi-demo' | 'sse-sample' | 'websocket-sample';

/** Starts the server as it is shipped, at the pace of speech, with a page of others in place of its own. */
export async function startDoorServer(
  name: DoorPageName,
  environment: Record<string, string> = {},
): Promise<TestServer> {
  const folder = await temporaryDirectory();
  for (const source of [join(PAGES, name), join(PAGES, 'shared')]) {
    for (const file of await readdir(source)) await copyFile(join(source, file), join(folder, file));
  }
  return startTestServer({ ...AS_SHIPPED, PUBLIC_DIR: folder, ...environment }, { emulator: 'in-process' });
}

/** Opens the page and waits for its connection. */
export async function openDoorPage(url: string, status: string, options: OpenPageOptions = {}): Promise<Page> {
  const page = await openPage(url, { ...options, state: 'none' });
  await page.getByTestId('status').getByText(status, { exact: true }).waitFor();
  return page;
}

/** Types a message and sends it. */
export async function submit(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** A microphone into which a question is spoken once, `beforeS` seconds after it was opened. */
export async function spokenQuestion(beforeS: number): Promise<string> {
  const path = join(await temporaryDirectory(), 'question.wav');
  await writeSpeech(path, 'what time is it', { beforeS, afterS: 30 });
  return path;
}

/** A microphone in a quiet room. */
export async function quietRoom(): Promise<string> {
  const path = join(await temporaryDirectory(), 'silence.wav');
  await writeSilence(path, 60);
  return path;
}

/** `test`, or a skipped one where there is no browser. */
export function browserTest(title: string, run: () => Promise<void>): void {
  if (!('missing' in browserPath)) {
    test(title, run, BROWSER_MS);
    return;
  }
  const { missing } = browserPath;
  const skip = process.env.CI === 'true' ? test : test.skip;
  skip(`${title}: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
}
