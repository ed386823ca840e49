import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { AS_SHIPPED, afterTest, startTestServer, temporaryDirectory } from '../http/test-server.ts';
import { type ScriptedConnection, startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { startProxy } from './cuttable-proxy.ts';
import { startHttp2Proxy } from './http2-proxy.ts';
import { AUDIBLE, audibleSeconds, readLoudspeaker } from './loudspeaker-tap.ts';
import { browserPath, NETWORK_ERRORS, openPage } from './open-page.ts';
import { writeSilence, writeSpeech } from './speech-wav.ts';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
/** Configuration without a key: the agent talks at the pace of people, which leaves time to interrupt. */
const AT_SPEECH_PACE = { emulator: 'in-process' } as const;
const COUNTED =
  'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen, ' +
  'seventeen, eighteen, nineteen, twenty.';
const BROWSER_MS = 120_000;

/** What has moved on the page by itself: a score of each layout shift. */
const readShifts = (page: Page) =>
  page.evaluate<number[]>(`new Promise((resolve) => {
    const shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value)))
      .observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(shifts)));
  })`);

const startPageServer = (
  environment: Record<string, string> = {},
  options: Parameters<typeof startTestServer>[1] = {},
) => startTestServer({ PUBLIC_DIR, ...AS_SHIPPED, ...environment }, options);

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.keyboard.press('Enter');
}

/** A server, and a provider that says what the test tells it to. */
async function startScripted(
  onSetup?: (connection: ScriptedConnection, index: number) => void,
  environment: Record<string, string> = {},
) {
  const gemini = await startScriptedGemini(onSetup ? { onSetup } : {});
  afterTest(() => gemini.close());
  return {
    gemini,
    server: await startPageServer({ ...environment, GOOGLE_GEMINI_BASE_URL: gemini.url }, { emulator: 'none' }),
  };
}

const answers = (page: Page) => page.getByTestId('agent-turn').locator('.words');

async function startAudio(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start voice' }).click();
  // The microphone of a browser without a recording beeps, which is heard as speech.
  await page
    .getByTestId('activity')
    .getByText(/Listening|Hearing you/)
    .waitFor();
}

/** Recording of the microphone in a quiet room. All tests use the same file, because each file takes a browser of its own. */
let quietRoom: string;
let recordings: string;

beforeAll(async () => {
  recordings = await mkdtemp(join(tmpdir(), 'bidi-sse-test-'));
  quietRoom = join(recordings, 'silence.wav');
  await writeSilence(quietRoom, 30);
});

afterAll(() => rm(recordings, { recursive: true, force: true }));

/** Waits until the loudspeaker gives something that it did not before. */
async function untilHeard(page: Page): Promise<void> {
  const before = audibleSeconds(await readLoudspeaker(page));
  while (audibleSeconds(await readLoudspeaker(page)) < before + 0.5) await page.waitForTimeout(20);
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const testWithOpenssl = hasOpenssl || process.env.CI === 'true' ? test : test.skip;

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`page in a browser: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('page in a browser', () => {
    test(
      'a typed question gets a written answer with the tool call that produced it',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url);
        await ask(page, 'What time is it now?');
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        expect(await answers(page).allTextContents()).toEqual([expect.stringMatching(/^It is \d+:\d\d/)]);
        const tool = page.getByTestId('tool');
        expect(await tool.getAttribute('data-state')).toBe('done');
        await tool.locator('summary').click();
        expect(await tool.locator('dd').last().textContent()).toContain('"time":');
        expect(await page.getByTestId('user-turn').getAttribute('data-state')).toBe('done');
        expect(await page.getByTestId('activity').textContent()).toBe('Ready');
      },
      BROWSER_MS,
    );

    test(
      'no script runs that is written into the HTML of the page',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url, { expected: /Content Security Policy|^policy: / });
        const refused = await page.evaluate<string>(`new Promise((resolve) => {
          addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
          document.body.insertAdjacentHTML('beforeend', '<button onclick="globalThis.ran = true"></button>');
          document.body.lastElementChild.click();
        })`);
        expect(refused).toBe('script-src-attr');
        expect(await page.evaluate('globalThis.ran')).toBeUndefined();
      },
      BROWSER_MS,
    );

    test(
      'Enter sends the message, Shift+Enter and the Enter of an input method do not',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url);
        const field = page.getByLabel('Message');
        await field.fill('two');
        await page.keyboard.press('Shift+Enter');
        await page.keyboard.type('lines');
        await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true });
        await field.dispatchEvent('keydown', { key: 'Enter', keyCode: 229 });
        expect(await page.getByTestId('user-turn').count()).toBe(0);
        await page.keyboard.press('Enter');
        expect(await page.getByTestId('user-turn').locator('.words').textContent()).toBe('two\nlines');
        expect(await field.inputValue()).toBe('');
      },
      BROWSER_MS,
    );

    test(
      'before audio is started, the words of a model that only speaks are shown, nothing is played and no speech is downloaded',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url, { microphone: 'none' });
        const addresses: string[] = [];
        page.on('request', (request) => addresses.push(request.url()));
        page.on('websocket', (socket) => addresses.push(socket.url()));
        await page.reload();
        await ask(page, 'Count to three');
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        await page.getByText('This agent speaks. Start voice to listen.').waitFor();
        expect(await answers(page).allTextContents()).toEqual(['One, two, three.']);
        const down = addresses.filter((address) => /\/(events|poll|ws)\//.test(address));
        expect(down.length).toBeGreaterThan(0);
        expect(down.filter((address) => !address.includes('audio=none'))).toEqual([]);
        expect((await readLoudspeaker(page)).blocks).toEqual([]);
      },
      BROWSER_MS,
    );

    test(
      'a spoken question gets a transcript and an audible answer',
      async () => {
        const server = await startPageServer({}, AT_SPEECH_PACE);
        const microphone = join(await temporaryDirectory(), 'question.wav');
        await writeSpeech(microphone, 'what time is it', { beforeS: 1.5, afterS: 20 });
        const page = await openPage(server.url, { microphone });
        await startAudio(page);
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        await page.getByTestId('activity').getByText('Listening').waitFor();

        expect(await page.getByTestId('user-turn').textContent()).toMatch(/\d(\.\d)? s of speech/);
        expect((await answers(page).allTextContents()).join('')).toMatch(
          /^You spoke for .* seconds?\. This is what I heard\./,
        );
        const heard = await readLoudspeaker(page);
        // Two sentences and the question played back.
        expect(audibleSeconds(heard)).toBeGreaterThan(2.5);
        expect(Math.max(...heard.blocks.map(({ level }) => level))).toBeGreaterThan(0.05);
        // Speech has gaps; noise and a stuck sample have none.
        const first = heard.blocks.findIndex(({ level }) => level > AUDIBLE);
        const last = heard.blocks.findLastIndex(({ level }) => level > AUDIBLE);
        const quiet = heard.blocks.slice(first, last).filter(({ level }) => level < AUDIBLE).length;
        expect(quiet / (last - first)).toBeGreaterThan(0.03);
      },
      BROWSER_MS,
    );

    test(
      'a message typed while audio is on gets a spoken answer',
      async () => {
        const server = await startPageServer({}, AT_SPEECH_PACE);
        const page = await openPage(server.url, { microphone: quietRoom });
        await startAudio(page);
        await page.getByRole('button', { name: 'Mute the microphone' }).click();
        await ask(page, 'Count to three');
        await page.getByTestId('activity').getByText('Speaking').waitFor();
        await page.getByTestId('activity').getByText('Microphone off').waitFor();
        expect(await answers(page).allTextContents()).toEqual(['One, two, three.']);
        expect(audibleSeconds(await readLoudspeaker(page))).toBeGreaterThan(0.7);
      },
      BROWSER_MS,
    );

    test.each(['button', 'Escape', 'typed text'])(
      'an answer interrupted by %s falls silent and is marked',
      async (by) => {
        const server = await startPageServer({}, AT_SPEECH_PACE);
        const page = await openPage(server.url, { microphone: quietRoom });
        await startAudio(page);
        await page.getByRole('button', { name: 'Mute the microphone' }).click();
        await ask(page, 'Count to twenty');
        await untilHeard(page);
        if (by === 'button') await page.getByRole('button', { name: 'Stop the answer' }).click();
        else if (by === 'Escape') await page.keyboard.press('Escape');
        else await ask(page, 'Thank you');
        const { blocks } = await readLoudspeaker(page);
        const interruptedAt = by === 'button' ? (await readLoudspeaker(page)).clickedAt : (blocks.at(-1)?.at ?? 0);
        await page.locator('[data-testid=agent-turn][data-state=interrupted]').waitFor();
        await page.waitForTimeout(2_500);

        const counted = await answers(page).first().textContent();
        expect(COUNTED.startsWith(counted ?? '-')).toBe(true);
        expect(counted?.length).toBeLessThan(COUNTED.length);
        if (by === 'typed text') {
          await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
          expect(await answers(page).last().textContent()).toBe('You are welcome.');
          return;
        }
        const heard = await readLoudspeaker(page);
        const after = heard.blocks.filter(({ at, level }) => at > interruptedAt && level > AUDIBLE);
        // The answer would go on for several seconds. `bench/` measures the delay, which is 30 ms or so.
        expect((after.at(-1)?.at ?? interruptedAt) - interruptedAt).toBeLessThan(1.5);
        await page.getByTestId('activity').getByText('Microphone off').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'the agent falls silent and the turn is marked when the user speaks into the answer',
      async () => {
        const server = await startPageServer({}, AT_SPEECH_PACE);
        const microphone = join(await temporaryDirectory(), 'interruption.wav');
        await writeSpeech(microphone, 'what time is it', { beforeS: 4, afterS: 20 });
        const page = await openPage(server.url, { microphone });
        await startAudio(page);
        await ask(page, 'Count to twenty');
        await untilHeard(page);
        await page.locator('[data-testid=agent-turn][data-state=interrupted]').waitFor();
        expect(COUNTED.startsWith((await answers(page).first().textContent()) ?? '-')).toBe(true);
        await page.getByTestId('user-turn').getByText('s of speech').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'an answer over a stream that is cut repeatedly arrives complete and in order',
      async () => {
        const server = await startPageServer({}, AT_SPEECH_PACE);
        const proxy = await startProxy(server.url);
        const page = await openPage(proxy.url, { expected: NETWORK_ERRORS });
        await ask(page, 'Count to twenty');
        for (const word of ['two', 'six', 'twelve']) {
          await answers(page).getByText(word).waitFor();
          const before = proxy.streams.length;
          proxy.cut();
          while (proxy.streams.length === before) await page.waitForTimeout(20);
        }
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        expect(await answers(page).allTextContents()).toEqual([COUNTED]);
      },
      BROWSER_MS,
    );

    test.each([
      ['auto', 'ws'],
      ['sse', 'stream'],
      ['poll', 'poll'],
      ['ws', 'ws'],
    ])(
      'with ?transport=%s the page talks by %s, shows it and keeps the conversation',
      async (transport, rung) => {
        const server = await startPageServer();
        const page = await openPage(`${server.url}/?transport=${transport}`);
        await ask(page, 'Count to three');
        await answers(page).getByText('One, two, three.').waitFor();
        await page.locator(`[data-testid=connection][data-rung=${rung}]`).waitFor();
        await ask(page, 'What did I say?');
        await answers(page).getByText('You said: Count to three').waitFor();
      },
      BROWSER_MS,
    );

    testWithOpenssl(
      'over HTTP/2 (needs openssl) messages are sent in parallel and understood in order',
      async () => {
        const server = await startPageServer();
        const proxy = await startHttp2Proxy(server.url);
        const context = { ignoreHTTPSErrors: true };
        const page = await openPage(`${proxy.url}/?transport=sse`, { context });
        await ask(page, 'Count to two');
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        proxy.holdPosts();
        for (const text of ['one', 'two', 'three', 'What did I say?']) await ask(page, text);
        while (proxy.heldPosts < 3) await page.waitForTimeout(20);
        proxy.releasePosts();
        await answers(page).getByText('You said: three').waitFor();
        expect(await page.getByTestId('user-turn').locator('.words').allTextContents()).toEqual([
          ...['Count to two', 'one', 'two', 'three', 'What did I say?'],
        ]);
      },
      BROWSER_MS,
    );

    test(
      'after a period of 502 the page recovers by itself and nothing is lost or sent twice',
      async () => {
        const server = await startPageServer({}, AT_SPEECH_PACE);
        const proxy = await startProxy(server.url);
        const page = await openPage(proxy.url, { expected: NETWORK_ERRORS });
        await ask(page, 'Count to twenty');
        await answers(page).getByText('three').waitFor();
        proxy.setDown(true);
        proxy.cut();
        await page.getByTestId('notice-connection').getByText('502 Bad Gateway').waitFor();
        await ask(page, 'Thank you');
        proxy.setDown(false);
        await page.getByTestId('connection').getByText('Live').waitFor();
        await page.getByText('You are welcome.').waitFor();
        await page.getByTestId('notice-connection').waitFor({ state: 'detached' });
        expect(await page.getByTestId('user-turn').allTextContents()).toEqual([
          expect.stringContaining('Count to twenty'),
          expect.stringContaining('Thank you'),
        ]);
      },
      BROWSER_MS,
    );

    test(
      'after a reload the page shows the conversation and continues it',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url);
        await ask(page, 'Count to three');
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        await page.reload();
        await answers(page).getByText('One, two, three.').waitFor();
        await ask(page, 'What did I say?');
        await answers(page).getByText('You said: Count to three').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'an attached picture is sent as a small JPEG before the question',
      async () => {
        const server = await startPageServer();
        const page = await openPage(`${server.url}/?transport=sse`);
        const sent: string[] = [];
        page.on('request', (request) => {
          // Acknowledgements hold nothing.
          if (request.postData()?.includes('items')) sent.push(request.postData() ?? '');
        });
        const png = await page.evaluate<number[]>(`(async () => {
        const canvas = new OffscreenCanvas(2000, 1000);
        canvas.getContext('2d').fillRect(0, 0, 2000, 1000);
        return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
      })()`);
        await page
          .locator('input[type=file]')
          .setInputFiles({ name: 'black.png', mimeType: 'image/png', buffer: Buffer.from(png) });
        await page.getByRole('img', { name: 'Attached picture black.png' }).waitFor();
        await ask(page, 'What is this?');
        await answers(page).getByText('I received an image: JPEG').waitFor();
        const [image, text] = JSON.parse(sent[0] ?? '').items;
        expect(text).toEqual({ mime_type: 'text/plain', data: 'What is this?' });
        expect(image.mime_type).toBe('image/jpeg');
        expect(await page.getByRole('img', { name: 'The picture you sent' }).getAttribute('width')).toBe('768');
      },
      BROWSER_MS,
    );

    test(
      'search queries and links of sources are shown below their answer, and their HTML is not interpreted',
      async () => {
        const { gemini, server } = await startScripted();
        const page = await openPage(server.url, { context: { viewport: { width: 360, height: 640 } } });
        const peer = await gemini.connection(0);
        await ask(page, 'Northern lights?');
        await peer.received('clientContent');
        const chunk = (uri: string, title: string, domain?: string) => ({ web: { uri, title, domain } });
        peer.say('From September to March.');
        peer.send({
          serverContent: {
            groundingMetadata: {
              webSearchQueries: ['northern lights', '<img src=x onerror=alert(1)>'],
              searchEntryPoint: { renderedContent: '<p id="theirs">Search</p>' },
              groundingChunks: [
                chunk('https://a.example/1', `<b>${'Long'.repeat(30)}</b>`, 'a.example'),
                chunk('javascript:alert(1)', 'Bad'),
                ...[2, 3, 4, 5, 6].map((n) => chunk(`https://a.example/${n}`, `Source ${n}`)),
              ],
            },
          },
        });
        peer.completeTurn();
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        const sources = page.getByTestId('sources');
        await sources.getByText('Searched for').waitFor();
        expect(await sources.locator('q').allTextContents()).toEqual([
          'northern lights',
          '<img src=x onerror=alert(1)>',
        ]);
        expect(await page.locator('#theirs, .sources b, .sources img').count()).toBe(0);
        expect(await sources.getByRole('link').count()).toBe(4);
        await sources.getByText('2 more sources').click();
        const links = await sources.getByRole('link').all();
        expect(await Promise.all(links.map((link) => link.getAttribute('href')))).toEqual(
          [1, 2, 3, 4, 5, 6].map((n) => `https://a.example/${n}`),
        );
        for (const link of links) {
          expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
          expect(await link.getAttribute('target')).toBe('_blank');
          const box = await link.boundingBox();
          expect(box && box.height >= 24 && box.x + box.width <= 360).toBe(true);
        }
        await sources.getByRole('link', { name: 'Source 2 (opens in a new tab)' }).waitFor();
        expect(await sources.getByText('a.example', { exact: true }).isVisible()).toBe(true);
        expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      },
      BROWSER_MS,
    );

    test(
      'a withheld answer is reported and leaves the previous answer unchanged',
      async () => {
        const { gemini, server } = await startScripted();
        const page = await openPage(server.url);
        const peer = await gemini.connection(0);
        await ask(page, 'Hello');
        await peer.received('clientContent');
        peer.say('Hello.');
        peer.completeTurn();
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        await ask(page, 'Something bad');
        peer.send({ serverContent: { turnComplete: true, turnCompleteReason: 'PROHIBITED_INPUT_CONTENT' } });
        await page.getByRole('alert').getByText('The model withheld its answer').waitFor();
        await page.getByTestId('activity').getByText('Ready').waitFor();
        expect(await page.locator('[data-testid=agent-turn][data-state=interrupted]').count()).toBe(0);
      },
      BROWSER_MS,
    );

    test(
      'a model that reconnects for more than a second is reported until it is back',
      async () => {
        const { gemini, server } = await startScripted((connection, index) => {
          if (index === 0) connection.completeSetup();
        });
        const page = await openPage(server.url);
        const activity = page.getByTestId('activity');
        await activity.getByText('Ready').waitFor();
        (await gemini.connection(0)).drop();
        await activity.getByText('Reconnecting to the model…').waitFor();
        expect(await activity.getAttribute('role')).toBe('status');
        (await gemini.connection(1)).completeSetup();
        await activity.getByText('Ready').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'on a phone all notes above the message field fit while a speaking model reconnects',
      async () => {
        const { gemini, server } = await startScripted((connection, index) => {
          if (index === 0) connection.completeSetup();
        });
        const page = await openPage(server.url, { context: { viewport: { width: 360, height: 640 } } });
        const peer = await gemini.connection(0);
        await ask(page, 'Hello');
        await peer.received('clientContent');
        peer.send({ usageMetadata: { promptTokenCount: 100, responseTokenCount: 34, totalTokenCount: 134 } });
        peer.completeTurn();
        await page.getByText('134 tokens').waitFor();
        peer.drop();
        await page.getByTestId('activity').getByText('Reconnecting to the model…').waitFor();
        for (const words of [page.getByText('134 tokens'), page.getByText('This agent speaks.')]) {
          const box = await words.boundingBox();
          expect(box && box.x + box.width).toBeLessThanOrEqual(360);
          // Two lines at most.
          expect(box?.height).toBeLessThan(60);
        }
      },
      BROWSER_MS,
    );

    test(
      'a file that is not a picture is refused with an explanation',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url);
        const file = { name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
        await page.locator('input[type=file]').setInputFiles(file);
        await page.getByRole('alert').getByText('This picture cannot be read.').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'after a refused microphone the page explains how to allow it and continues in text',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url, { microphone: 'none' });
        await page.getByRole('button', { name: 'Start voice' }).click();
        await page
          .getByRole('alert')
          .getByText(/microphone is blocked|No microphone was found/)
          .waitFor();
        await ask(page, 'Count to two');
        await answers(page).getByText('One, two.').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'on an insecure address the page works in text and explains why voice does not, and copies and settings work',
      async () => {
        const server = await startPageServer({ ALLOWED_HOSTS: 'insecure.test' });
        const page = await openPage(`http://insecure.test:${server.port}/`, {
          args: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'],
          // Headers that browsers ignore there, and say so.
          expected: /Cross-Origin-Opener-Policy|Origin-Agent-Cluster/,
        });
        await page.getByRole('button', { name: 'Start voice' }).click();
        await page.getByText('Voice needs a secure address.').waitFor();
        await ask(page, 'Count to two');
        await answers(page).getByText('One, two.').waitFor();
        await page.getByRole('button', { name: 'Copy the answer' }).click();
        await page.getByText('Copied').waitFor();
        // There are no devices to choose from, and no error.
        await page.getByRole('button', { name: 'Settings' }).click();
        await page.getByRole('dialog').getByLabel('Volume of the agent').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'the page works behind a proxy that serves it under a path',
      async () => {
        const server = await startPageServer();
        const proxy = await startProxy(server.url, '/tools/talk/');
        const page = await openPage(proxy.url);
        await ask(page, 'Count to two');
        await answers(page).getByText('One, two.').waitFor();
        await startAudio(page);
      },
      BROWSER_MS,
    );

    test(
      'a new conversation starts empty and without memory',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url);
        await ask(page, 'Count to two');
        await answers(page).getByText('One, two.').waitFor();
        await page.getByRole('button', { name: 'New conversation' }).click();
        await page.getByText('Talk with the agent').waitFor();
        await ask(page, 'What did I say?');
        await answers(page).getByText('You said nothing before.').waitFor();
      },
      BROWSER_MS,
    );

    test(
      'at a width of 360 px nothing moves while the page connects, and nothing overflows in any state',
      async () => {
        const server = await startPageServer({}, AT_SPEECH_PACE);
        const page = await openPage(server.url, {
          context: { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true },
        });
        // How to connect a model arrives last.
        await page.getByTestId('demo').getByRole('link', { name: 'Get a key' }).waitFor();
        expect(await readShifts(page)).toEqual([]);
        const overhang = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect(await overhang()).toBe(0);
        await ask(page, `What time is it? ${'verylongword'.repeat(20)}`);
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        expect(await overhang()).toBe(0);
        await startAudio(page);
        expect(await overhang()).toBe(0);
        for (const button of await page.getByRole('button').all()) {
          const box = await button.boundingBox();
          expect(box && box.x >= 0 && box.x + box.width <= 360).toBe(true);
        }
      },
      BROWSER_MS,
    );

    test(
      'every control has a name and can be reached by keyboard',
      async () => {
        const server = await startPageServer();
        const page = await openPage(server.url);
        await ask(page, 'What time is it now?');
        await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
        await startAudio(page);
        const snapshot = await page.locator('body').ariaSnapshot();
        const controls = snapshot.split('\n').filter((line) => /- (button|textbox|meter|log|heading|img)\b/.test(line));
        expect(controls.length).toBeGreaterThan(8);
        for (const control of controls) expect(control).toMatch(/- \w+ "[^"]+"/);

        const reached = new Set<string>();
        await page.getByLabel('Message').focus();
        for (let i = 0; i < 25; i++) {
          reached.add(
            await page.evaluate<string>('document.activeElement.ariaLabel || document.activeElement.textContent'),
          );
          expect(await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')).toBeTruthy();
          await page.keyboard.press('Tab');
        }
        for (const name of [
          'Message',
          'Attach a picture',
          'Mute the microphone',
          'End voice',
          'New conversation',
          'Conversation',
        ]) {
          expect([...reached]).toContain(name);
        }
      },
      BROWSER_MS,
    );
  });
}
