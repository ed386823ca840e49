import { afterAll } from '@jest/globals';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterTest, PATIENCE_MS } from '../http/test-server.ts';
import { type Chromium, findChromium } from './chromium.ts';
import { FAKE_MICROPHONE, QUIET } from './chromium-args.ts';
import { LOUDSPEAKER_TAP } from './loudspeaker-tap.ts';

/** Console messages of tests that break the network. */
export const NETWORK_ERRORS = /Failed to load resource|net::|WebSocket connection to/;

/** The recorder is a ScriptProcessor; and a WebSocket that is given up for another connection before it is open says so itself. */
const UNAVOIDABLE = /ScriptProcessorNode is deprecated|WebSocket is closed before the connection is established/;

export const browserPath: Chromium = findChromium();

export interface OpenPageOptions {
  readonly context?: BrowserContextOptions;
  /** A WAV file that is spoken into the microphone, once; without one it beeps. `none`: the browser refuses it. */
  readonly microphone?: string;
  readonly args?: readonly string[];
  /** Whether the browser keeps a page that is left, as those of users do, and shows it again when the user goes back. Default: false. */
  readonly keepsLeftPages?: boolean;
  /** State of the connection that the page is to reach; `none`: the address is not that of the page. Default: `Live`. */
  readonly state?: 'Live' | 'Verbunden' | 'Signed out' | 'none';
  /** Console messages that the test provokes. */
  readonly expected?: RegExp;
}

/** Browsers of the suite, by what they were launched with. A launch costs more than most tests. */
const browsers = new Map<string, Promise<Browser>>();

afterAll(async () => {
  for (const browser of browsers.values()) await (await browser).close();
});

/** Opens the page with a new profile, in a browser of the suite. The test fails if the page logs an error or breaks its policy. */
export async function openPage(url: string, options: OpenPageOptions = {}): Promise<Page> {
  const { microphone, args = [], keepsLeftPages } = options;
  const key = JSON.stringify([microphone, args, keepsLeftPages]);
  const launched = browsers.get(key) ?? launchBrowser(options);
  browsers.set(key, launched);
  const page = await openTab(await launched, options);
  await visit(page, url, options);
  return page;
}

/** Opens a page without an address, with a new profile, which is closed after the test. */
export async function openTab(
  browser: Browser,
  options: Pick<OpenPageOptions, 'context' | 'expected'> = {},
): Promise<Page> {
  return openTabIn(await browser.newContext(options.context), options);
}

/** Opens a page without an address in a profile, which is closed after the test. */
export async function openTabIn(
  context: BrowserContext,
  options: Pick<OpenPageOptions, 'expected'> = {},
): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
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
    await context.close();
    if (complaints.length > 0) throw new Error(`the page complained:\n${complaints.join('\n')}`);
  });
  return page;
}

/** Goes to the page and waits for its connection. */
export async function visit(
  page: Page,
  url: string,
  { state = 'Live' }: Pick<OpenPageOptions, 'state'> = {},
): Promise<void> {
  await page.goto(url);
  if (state !== 'none') await page.getByTestId('connection').getByText(state).waitFor();
}

/** Launches a browser. Its caller closes it. */
export function launchBrowser({
  microphone,
  args = [],
  keepsLeftPages = false,
}: Pick<OpenPageOptions, 'microphone' | 'args' | 'keepsLeftPages'>): Promise<Browser> {
  if ('missing' in browserPath) throw new Error(browserPath.missing);
  const devices = microphone === 'none' ? [] : [...FAKE_MICROPHONE];
  if (microphone && microphone !== 'none') devices.push(`--use-file-for-fake-audio-capture=${microphone}%noloop`);
  return chromium.launch({
    executablePath: browserPath.path,
    args: [...QUIET, ...devices, ...args],
    ...(keepsLeftPages ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
  });
}
