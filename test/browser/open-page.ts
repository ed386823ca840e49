import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterTest } from '../http/test-server.ts';
import { type Chromium, findChromium } from './chromium.ts';
import { FAKE_MICROPHONE, QUIET } from './chromium-args.ts';
import { LOUDSPEAKER_TAP } from './loudspeaker-tap.ts';

/** For tests that break the network. */
export const NETWORK_ERRORS = /Failed to load resource|net::|WebSocket connection to/;

/** The recorder is a ScriptProcessor; and a WebSocket that is given up for another connection before it is open says so itself. */
const UNAVOIDABLE = /ScriptProcessorNode is deprecated|WebSocket is closed before the connection is established/;

export const browserPath: Chromium = findChromium();

export interface OpenPageOptions {
  readonly context?: BrowserContextOptions;
  /** A WAV file that is spoken into the microphone, once; without one it beeps. `none`: the browser refuses it. */
  readonly microphone?: string;
  readonly args?: readonly string[];
  /** What the browser may say on its console: this test provokes it. */
  readonly expected?: RegExp;
}

/** Opens the page in a browser of its own, with a new profile. The test fails if the page logs an error or breaks its policy. */
export async function openPage(url: string, options: OpenPageOptions = {}): Promise<Page> {
  const browser = await launch(options);
  const page = await (await browser.newContext(options.context)).newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    const text = message.text();
    if (options.expected?.test(text) || UNAVOIDABLE.test(text)) return;
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${text}`);
  });
  await page.addInitScript(LOUDSPEAKER_TAP);
  await page.addInitScript(`
    addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective));
  `);
  afterTest(async () => {
    await browser.close();
    if (complaints.length > 0) throw new Error(`the page complained:\n${complaints.join('\n')}`);
  });
  await page.goto(url);
  await page.getByTestId('connection').getByText('Live').waitFor();
  return page;
}

function launch({ microphone, args = [] }: OpenPageOptions): Promise<Browser> {
  if ('missing' in browserPath) throw new Error(browserPath.missing);
  const devices = microphone === 'none' ? [] : [...FAKE_MICROPHONE];
  if (microphone && microphone !== 'none') devices.push(`--use-file-for-fake-audio-capture=${microphone}%noloop`);
  return chromium.launch({ executablePath: browserPath.path, args: [...QUIET, ...devices, ...args] });
}
