// A tool that runs in the browser, and asks its user before: the page shows the question, and the SDK in the same tab runs the tool.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { Agent } from '../../src/agent/agent.ts';
import { clientTool } from '../../src/agent/tool.ts';
import { startTestServer } from '../http/test-server.ts';
import { pictureBytes } from '../picture.ts';
import { browserPath, launchBrowser, NETWORK_ERRORS, openTab, visit } from './open-page.ts';

const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const BROWSER_MS = 120_000;
/** Maximum number of controls between the message field and the question. */
const MAX_STEPS = 12;

const agent = new Agent({
  name: 'doorman',
  tools: [clientTool({ name: 'unlock_door', description: 'Unlocks the door.', requireConfirmation: true })],
});

/** Bundles the SDK as an app would, so that it is there before the page's own scripts. */
async function bundleSdk(): Promise<string> {
  const entry = join(import.meta.dirname, '../../src/client/index.ts');
  const options = { bundle: true, format: 'iife', globalName: 'bidiSse', write: false } as const;
  // The browser runs the script in a function, where a variable is none of the page.
  const footer = { js: 'globalThis.bidiSse = bidiSse;' };
  const { outputFiles } = await build({ ...options, footer, entryPoints: [entry] });
  return outputFiles[0]?.text ?? '';
}

/** Has a tab run the tool, in its own JavaScript. The picture is a JPEG without content. */
async function runTool(page: Page): Promise<void> {
  const bytes = JSON.stringify([...pictureBytes('image/jpeg')]);
  await page.evaluate(`(() => {
    globalThis.runs = 0;
    const userId = localStorage.getItem('bidi-sse.user-id');
    const client = bidiSse.createClient({ url: location.origin, userId, isAudio: false });
    client.tool('unlock_door', () => {
      globalThis.runs += 1;
      const images = [{ mimeType: 'image/jpeg', data: new Uint8Array(${bytes}) }];
      return bidiSse.toolResult({ response: 'open as of now', images });
    });
    return new Promise((resolve) => client.on('session', resolve));
  })()`);
}

const runsIn = (page: Page) => page.evaluate<number>('globalThis.runs');
const questionIn = (page: Page) => page.getByRole('group', { name: 'unlock_door: May the agent do this?' });
const toolIn = (page: Page, state: string) => page.locator(`[data-testid=tool][data-state=${state}]`);
const lastAnswer = (page: Page) => page.locator('[data-testid=agent-turn][data-state=done]').last();

/** Types a question, and waits until the page asks whether the tool may run. Uses the keyboard only. */
async function ask(page: Page): Promise<void> {
  await page.getByLabel('Message').focus();
  await page.keyboard.type('unlock the door');
  await page.keyboard.press('Enter');
  await questionIn(page).waitFor();
}

/** Goes back from the message field to a button of the question, as a user without a mouse does, and presses it. */
async function pressByKeyboard(page: Page, name: string): Promise<void> {
  const focused = questionIn(page).locator('button:focus').getByText(name, { exact: true });
  for (let step = 0; step < MAX_STEPS && (await focused.count()) === 0; step += 1) {
    await page.keyboard.press('Shift+Tab');
  }
  expect(await focused.count()).toBe(1);
  await page.keyboard.press('Enter');
}

const missing = 'missing' in browserPath ? browserPath.missing : undefined;
if (missing !== undefined) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`tools in a browser: skipped, ${missing}`, () => {
    throw new Error(missing);
  });
} else {
  describe('a tool in the browser that asks its user', () => {
    let browser: Browser;
    let sdk = '';
    beforeAll(async () => {
      sdk = await bundleSdk();
      browser = await launchBrowser({});
    }, BROWSER_MS);
    afterAll(() => browser.close());

    /** Two tabs of one user, of which the first has the tool. */
    async function openTabs() {
      const server = await startTestServer({ PUBLIC_DIR }, { agent });
      const first = await openTab(browser, { expected: NETWORK_ERRORS });
      await first.addInitScript(sdk);
      await visit(first, server.url);
      await runTool(first);
      const second = await first.context().newPage();
      await visit(second, first.url());
      return { server, first, second };
    }

    test(
      'runs there when the user allows it by keyboard, and both tabs show its result and its picture',
      async () => {
        const { server, first, second } = await openTabs();
        await ask(first);
        await questionIn(second).waitFor();
        expect(await runsIn(first)).toBe(0);
        await first.getByTestId('activity').getByText('Waiting for you').waitFor();
        await pressByKeyboard(first, 'Allow');
        for (const page of [first, second]) {
          await lastAnswer(page).getByText('The tool answered: open as of now').waitFor();
          await toolIn(page, 'done').waitFor();
          await questionIn(page).waitFor({ state: 'detached' });
          await page.locator('.tool-pictures').waitFor();
        }
        expect(await runsIn(first)).toBe(1);
        // The question is gone, and the place of the keyboard is not.
        expect(await first.evaluate<string>('document.activeElement.tagName')).not.toBe('BODY');
        expect(server.upstream?.violations).toEqual([]);
      },
      BROWSER_MS,
    );

    test(
      'does not run when the user refuses it in another tab: the model learns of it, and the card of every tab shows it',
      async () => {
        const { server, first, second } = await openTabs();
        await ask(first);
        await questionIn(second).waitFor();
        await second.getByLabel('Message').focus();
        await pressByKeyboard(second, 'Don’t allow');
        for (const page of [first, second]) {
          await questionIn(page).waitFor({ state: 'detached' });
          await toolIn(page, 'failed').waitFor();
          await lastAnswer(page).getByText('The tool failed: The user did not confirm').waitFor();
        }
        expect(await runsIn(first)).toBe(0);
        expect(server.upstream?.violations).toEqual([]);
      },
      BROWSER_MS,
    );

    test(
      'takes the first of two answers: the other tab, which answers at the same time, shows what was decided and no error',
      async () => {
        const { server, first, second } = await openTabs();
        await ask(first);
        await questionIn(second).waitFor();
        // At once, so that neither tab knows of the other's answer.
        const press = (page: Page, index: number) =>
          page.evaluate(`document.querySelectorAll('.tool-confirm button')[${index}]?.click()`);
        await Promise.all([press(first, 0), press(second, 1)]);
        for (const page of [first, second]) await questionIn(page).waitFor({ state: 'detached' });
        await waitForOutcome(first);
        await waitForOutcome(second);
        const states = await Promise.all(
          [first, second].map((page) => page.getByTestId('tool').getAttribute('data-state')),
        );
        expect(new Set(states).size).toBe(1);
        expect(await runsIn(first)).toBe(states[0] === 'done' ? 1 : 0);
        for (const page of [first, second]) expect(await page.getByTestId('notice-send').count()).toBe(0);
        expect(server.upstream?.violations).toEqual([]);
      },
      BROWSER_MS,
    );
  });
}

async function waitForOutcome(page: Page): Promise<void> {
  await page.locator('[data-testid=tool]:is([data-state=done], [data-state=failed])').waitFor();
}
