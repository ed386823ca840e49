// Makes docs/screenshot-*.png from the real page, the real server and the offline agent. After `npm run build`:
//   node scripts/screenshots.mjs
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from '../test/browser/chromium.ts';
import { writeSpeech } from '../test/browser/speech-wav.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = process.env.DIST_DIR ?? join(ROOT, 'dist');
const DOCS = join(ROOT, 'docs');

const DESKTOP = { viewport: { width: 1120, height: 760 }, deviceScaleFactor: 2 };
const PHONE = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const found = findChromium();
if ('missing' in found) throw new Error(found.missing);
const scratch = await mkdtemp(join(tmpdir(), 'bidi-sse-screenshots-'));
const microphone = join(scratch, 'question.wav');
await writeSpeech(microphone, 'what time is it', { beforeS: 1, afterS: 60 });
await mkdir(DOCS, { recursive: true });

const { url, server } = await startServer();
const browser = await chromium.launch({
  executablePath: found.path,
  args: [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${microphone}%noloop`,
  ],
});
try {
  await photograph('light', { ...DESKTOP, colorScheme: 'light' }, talk);
  await photograph('dark', { ...DESKTOP, colorScheme: 'dark' }, talk);
  await photograph('phone', { ...PHONE, colorScheme: 'light' }, talk);
} finally {
  await browser.close();
  server.kill();
  await rm(scratch, { recursive: true, force: true });
}

/** A bit of everything: a tool, an interruption, a spoken question, and a spoken answer that is being given. */
async function talk(page) {
  await ask(page, 'What time is it now?');
  await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
  await ask(page, 'Count to thirty');
  await page.getByText('seven,').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Interrupted').waitFor();
  await page.getByRole('button', { name: 'Start voice' }).click();
  await page.getByText('This is what I heard.').waitFor();
  await page.getByTestId('activity').getByText('Listening').waitFor();
  await ask(page, 'Count to twenty');
  await page.getByTestId('agent-turn').last().getByText('six,').waitFor();
  await page.waitForFunction(() => document.querySelector('[data-testid=agent-level]').value > 0.75);
}

async function photograph(name, context, scene) {
  const page = await (await browser.newContext(context)).newPage();
  await page.goto(url);
  await page.getByTestId('connection').getByText('Live').waitFor();
  await scene(page);
  const path = join(DOCS, `screenshot-${name}.png`);
  await page.screenshot({ path });
  console.log(path);
  await page.context().close();
}

async function ask(page, text) {
  await page.getByLabel('Message').fill(text);
  await page.keyboard.press('Enter');
}

/** The server as `npm start` has it without a key, on a free port. */
async function startServer() {
  const server = spawn(process.execPath, [join(DIST, 'cli.js')], {
    cwd: scratch,
    env: { PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'silent', PUBLIC_DIR: process.env.PUBLIC_DIR ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let greeting = '';
  for await (const piece of server.stdout) {
    greeting += piece;
    const address = /http:\/\/\S+/.exec(greeting)?.[0];
    if (address) return { url: address, server };
  }
  throw new Error('the server did not start');
}
