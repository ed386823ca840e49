// Writes docs/screenshots/: every state of the page, from the built server, without a network. `npm run screenshots`; `-- --only NAME` for the
// scenes whose names begin with NAME, `-- --out FOLDER` for another folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installPackages } from '../test/debian/install.ts';
import { startScriptedGemini } from '../test/models/gemini/scripted-gemini.ts';
import { encodeAnimation, recordConversation } from './screenshots/animation.mjs';
import { launchBrowser } from './screenshots/browser.mjs';
import { SCENES } from './screenshots/scenes.mjs';
import { startServer } from './screenshots/server.mjs';
import { openStage, photograph } from './screenshots/stage.mjs';

const ROOT = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    out: { type: 'string', default: join(ROOT, 'docs/screenshots') },
    view: { type: 'string' },
  },
});
const TOKEN = 'a-token-of-the-pictures-0123456789';
const agentFile = (name) => join(import.meta.dirname, 'screenshots', `${name}-agent.ts`);

installPrograms();
await mkdir(values.out, { recursive: true });
const gemini = await startScriptedGemini();
const scripted = {
  GOOGLE_API_KEY: 'none',
  GOOGLE_GEMINI_BASE_URL: gemini.url,
  DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
};
const starts = {
  offline: () => startServer(),
  scripted: () => startServer(scripted, ['--agent', agentFile('lake')]),
  'push-to-talk': () => startServer(scripted, ['--agent', agentFile('push-to-talk')]),
  closed: () => startServer({ AUTH: 'token', AUTH_TOKENS: `ann:${TOKEN}` }),
};
const servers = new Map();
const browser = await launchBrowser();
const pictures = [];
try {
  for (const [name, scene] of Object.entries(SCENES)) {
    if (!name.startsWith(values.only)) continue;
    for (const view of values.view ? [values.view] : ['desktop', 'phone']) {
      await play(name, scene, view);
      if (scene.german) await play(`${name}-de`, { ...scene, narrow: false, themes: ['light'], locale: 'de-DE' }, view);
    }
  }
  if ('animation'.startsWith(values.only)) await animate();
} finally {
  await browser.close();
  for (const server of servers.values()) server.close();
  await gemini.close();
}
await savePictures();

/** Writes the animation of the README. */
async function animate() {
  const { url } = await findServer('scripted');
  const stage = await openStage(browser, { url, gemini, view: 'animation' });
  await encodeAnimation(await recordConversation(stage), join(values.out, 'conversation.webp'));
  await stage.page.context().close();
}

/** Reaches a scene and photographs it. */
async function play(name, { server: kind, reach, locale, ...pictureOptions }, view) {
  const server = kind === 'mortal' ? await starts.scripted() : await findServer(kind);
  const stage = await openStage(browser, { url: server.url, gemini, view, locale });
  const openTab = async () => {
    const page = await stage.page.context().newPage();
    await page.goto(stage.page.url());
    await page.locator('.connection[data-phase=live]').waitFor();
    return stage.inTab(page);
  };
  await reach(stage, { endServer: server.close, openTab });
  pictures.push(...(await photograph(stage, name, view, pictureOptions)));
  await stage.page.context().close();
  process.stderr.write(`${name} ${view}\n`);
}

async function findServer(kind) {
  const server = servers.get(kind) ?? (await starts[kind]());
  servers.set(kind, server);
  return server;
}

/** Installs what makes the files small, from Debian. */
function installPrograms() {
  const found = spawnSync('sh', ['-c', 'command -v pngquant && command -v img2webp']);
  const reason = found.status === 0 ? undefined : installPackages(['pngquant', 'webp']);
  if (reason) throw new Error(`pngquant or img2webp is missing, and ${reason}`);
}

/** Writes the pictures, with 128 colours: a fifth of the bytes, and no difference to the eye. */
async function savePictures() {
  const isWhole = values.only === '' && values.view === undefined;
  for (const file of isWhole ? await readdir(values.out) : [])
    if (file.endsWith('.png')) await rm(join(values.out, file));
  for (const { file, png } of pictures) {
    const small = execFileSync('pngquant', ['--nofs', '--speed', '1', '--strip', '128', '-'], {
      input: png,
      maxBuffer: 1e8,
    });
    await writeFile(join(values.out, file), small);
  }
}
