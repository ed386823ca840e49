import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import * as z from 'zod';
import { Agent, tool, toolResult } from '../../../src/index.ts';
import { afterTest, type TestServer } from '../../http/test-server.ts';
import {
  type ScriptedConnection,
  type ScriptedGemini,
  startScriptedGemini,
} from '../../models/gemini/scripted-gemini.ts';
import { PNG } from '../reading/pictures.ts';
import { describeWithVoice, openVoicePage } from '../voice/voice-suite.ts';
import { PageAudit } from './page-audit.ts';
import { ENGLISH, GERMAN, type PageWords } from './page-words.ts';

const CONTEXT = { reducedMotion: 'reduce', colorScheme: 'light' } as const;
const MODEL = 'gemini-live-2.5-flash-preview';
/** A token that the server admits. */
const TOKEN = 'ann-0123456789abcdef';
const ANSWER = [
  '## Counting\n\nUse **wc** or `len`. See [the manual](https://x.example/m).\n\n1. Read\n2. Split:\n   - at spaces\n3. Count\n\n- [x] done\n\n',
  '```python\ndef count(s):\n    return len(s.split()) # a line that is much longer than the screen of a phone\n```\n\n',
  '| Mode | Speed | Cost | Quality | Place |\n|:--|--:|--|--|--|\n| text | 12 ms | none | good | here |\n\n> Quoted\n\n---\n',
  '![A chart](https://x.example/chart.png)',
];
const createSource = (index: number) => ({
  web: {
    uri: `https://a.example/${index}`,
    title: `Source ${index} with a title that is longer than its line`,
    domain: 'a.example',
  },
});
const GROUNDING = { webSearchQueries: ['northern lights'], groundingChunks: [1, 2, 3, 4, 5, 6].map(createSource) };
/** Silence of 20 s: the agent speaks without a sound. */
const SPEECH = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: Buffer.alloc(48_000 * 20).toString('base64') } };

/** A tool that asks, and shows a picture. The argument is longer than a line of a phone. */
const AGENT_WITH_TOOLS = new Agent({
  name: 'agent_with_tools',
  model: MODEL,
  tools: [
    tool({
      name: 'order_ticket',
      description: 'Orders a ticket.',
      parameters: z.object({ from: z.string(), to: z.string() }),
      requireConfirmation: true,
      execute: () => toolResult({ response: { seat: '14A' }, images: [{ mimeType: 'image/png', data: PNG }] }),
    }),
  ],
});
const TRIP = { from: 'the landing place at the end of Lake Street', to: 'Donaudampfschifffahrtsgesellschaftssteg' };

/** Limit of a test that examines many states, in ms: a busy machine takes half a minute. */
const LIMIT_MS = 120_000;

/** A visit of the page in one language. */
interface Visit {
  readonly page: Page;
  readonly server: TestServer;
  readonly gemini: ScriptedGemini;
  readonly words: PageWords;
  readonly audit: PageAudit;
  press(name: string): Promise<void>;
}

async function startVisit(words: PageWords, agent?: Agent): Promise<Visit> {
  const gemini = await startScriptedGemini();
  afterTest(() => gemini.close());
  const { page, server } = await openVoicePage({
    server: { emulator: 'none', ...(agent ? { agent } : {}) },
    environment: { GOOGLE_GEMINI_BASE_URL: gemini.url, DEMO_AGENT_MODEL: MODEL },
    context: { ...CONTEXT, locale: words.locale },
    query: '?transport=sse',
    state: 'none',
  });
  await page.getByTestId('connection').getByText(words.live).waitFor();
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  return { page, server, gemini, words, audit: await PageAudit.begin(page), press };
}

/** Asks about a picture, and has the model begin to answer with a tool call and Markdown. */
async function askAboutPicture({ page, gemini, words }: Visit): Promise<ScriptedConnection> {
  const model = await gemini.connection(0);
  const png = await page.evaluate<number[]>(`(async () => {
    const canvas = new OffscreenCanvas(400, 300);
    canvas.getContext('2d').fillRect(0, 0, 400, 300);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  })()`);
  const picture = { name: 'black.png', mimeType: 'image/png', buffer: Buffer.from(png) };
  await page.locator('input[type=file]').setInputFiles(picture);
  await page.getByRole('img', { name: words.attachedPicture }).waitFor();
  await page.getByLabel(words.message, { exact: true }).fill('What is this?');
  return model;
}

/** Has the model call the tool that asks. */
async function askForTicket({ page, gemini, words }: Visit, id: string): Promise<ScriptedConnection> {
  const model = await gemini.connection(0);
  await page.getByLabel(words.message, { exact: true }).fill('Order a ticket');
  await page.getByLabel(words.message, { exact: true }).press('Enter');
  model.send({ toolCall: { functionCalls: [{ id, name: 'order_ticket', args: TRIP }] } });
  await page.getByRole('button', { name: words.allow, exact: true }).waitFor();
  return model;
}

/** Has the model answer, but for the end of its turn. */
async function answer({ page, words }: Visit, model: ScriptedConnection): Promise<void> {
  await page.getByLabel(words.message, { exact: true }).press('Enter');
  await model.received('clientContent');
  const call = { id: 'c1', name: 'current_time', args: { time_zone: 'Europe/Oslo' } };
  model.send({ toolCall: { functionCalls: [call] } });
  await page.getByTestId('tool').locator('summary').click();
  await model.received('toolResponse');
  for (const text of ANSWER) model.say(text);
  await page.getByTestId('agent-turn').getByText('Quoted').waitFor();
}

async function completeAnswer({ page, words }: Visit, model: ScriptedConnection): Promise<void> {
  model.send({ serverContent: { groundingMetadata: GROUNDING } });
  model.completeTurn();
  await page.locator('[data-testid=agent-turn][data-state=done]').waitFor();
  await page.getByText(words.moreSources).click();
}

/** Writes into the page what it cannot do: a file that is no picture, and a message that the server refuses. */
async function provokeNotices({ page, words }: Visit): Promise<void> {
  const file = { name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByTestId('notice-image').waitFor();
  const refusal = { error: 'The message is too long.', code: 'body_too_large', hint: 'Send less.' };
  // Other requests may be on their way.
  await page.route('**/send/**', (route) =>
    route.request().postData()?.includes('Too much') ? route.fulfill({ status: 413, json: refusal }) : route.continue(),
  );
  await page.getByLabel(words.message, { exact: true }).fill('Too much');
  await page.getByLabel(words.message, { exact: true }).press('Enter');
  await page.getByTestId('notice-send').waitFor();
}

async function speak({ page, gemini, words }: Visit): Promise<void> {
  // With voice the model is connected anew, to speak.
  const model = await gemini.connection(1);
  model.send({ serverContent: { modelTurn: { parts: [SPEECH] } } });
  await page.getByTestId('activity').getByText(words.speaking).waitFor();
}

/** Opens the list of conversations, and examines what the user does in it. */
async function examineList(
  { page, audit, words, press }: Visit,
  examine: (state: string) => Promise<void>,
): Promise<void> {
  const now = Date.now() / 1_000;
  const sessions = [
    { id: 'default', title: 'What is this?', lastUpdateTime: now },
    {
      id: 'long',
      title: 'Donaudampfschifffahrtsgesellschaft '.repeat(3).trim(),
      lastUpdateTime: now - 90_000,
      recorded: true,
    },
    { id: 'empty', title: '', lastUpdateTime: now - 9_000_000 },
  ];
  const list = /\/sessions\/[^/]+(\?|$)/;
  await page.route(list, (route) => route.fulfill({ json: { sessions, volatile: true } }));
  await press(words.conversations);
  await page.locator('.conversation-row').first().waitFor();
  const row = page.locator('.conversation-row').nth(1);
  await row.getByRole('button', { name: words.actions }).click();
  await page.getByRole('menu').waitFor();
  await audit.examineNarrow('menu of a conversation');
  await page.keyboard.press('Enter');
  await page.locator('.conversation-title-field').waitFor();
  await audit.examineNarrow('title that is changed');
  await page.keyboard.press('Escape');
  await row.getByRole('link').focus();
  await page.keyboard.press('Delete');
  await page.locator('.conversation-deleting').waitFor();
  await audit.examineNarrow('conversation that is being deleted');
  await page.keyboard.press('Enter');
  await row.getByRole('link').waitFor();
  await page.unroute(list);
  const failure = { error: 'the store of conversations does not answer', code: 'store_unavailable', retry: true };
  await page.route(list, (route) => route.fulfill({ status: 503, json: failure }));
  // A user who returns to the tab has the list loaded again.
  await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
  await page.getByTestId('list-problem').waitFor();
  await examine('conversations, and a store that is down');
  await press(words.closeConversations);
  await page.unroute(list);
}

/** Opens the dialogs and the inspector, one after the other, and examines each. */
async function examinePanels(visit: Visit, examine: (state: string) => Promise<void>): Promise<void> {
  const { page, words, press } = visit;
  await press(words.settings);
  await examine('settings');
  await press(words.shortcuts);
  await page.getByRole('dialog', { name: words.shortcuts }).waitFor();
  await examine('shortcuts');
  await page.keyboard.press('Escape');
  await press(words.export);
  await examine('export');
  await page.keyboard.press('Escape');
  await press(words.inspector);
  await page.getByRole('option').first().click();
  await examine('inspector');
  await press(words.closeInspector);
  await examineList(visit, examine);
}

/** Whether the state of a switch can be seen where the user has chosen all colours. */
async function isSwitchShown(page: Page): Promise<boolean> {
  await page.emulateMedia({ forcedColors: 'active' });
  const field = page.getByRole('switch');
  await field.focus();
  await page.keyboard.press('Space');
  const off = await field.screenshot();
  await page.keyboard.press('Space');
  const isShown = !off.equals(await field.screenshot());
  await page.emulateMedia({ forcedColors: 'none' });
  return isShown;
}

describeWithVoice('accessibility of the page in a browser', (it) => {
  it(
    'a conversation in text keeps the rules of WCAG 2.2 AA, and by keyboard everything is reached, in both themes and on the narrowest screen',
    async () => {
      const visit = await startVisit(ENGLISH);
      const { page, audit, press } = visit;
      const examine = async (state: string) => {
        await audit.examine(state);
        await audit.walk(state);
      };
      await examine('first screen');
      const model = await askAboutPicture(visit);
      await audit.examineNarrow('attached picture');
      await answer(visit, model);
      await audit.examine('answer that arrives');
      await completeAnswer(visit, model);
      await examine('conversation');
      await page.getByRole('log').focus();
      await page.keyboard.press('Home');
      await page.getByRole('button', { name: ENGLISH.latest }).waitFor();
      await audit.examineNarrow('scrolled up');
      await provokeNotices(visit);
      await audit.examine('notices');
      await examinePanels(visit, examine);
      await press(ENGLISH.settings);
      expect(await isSwitchShown(page)).toBe(true);
      expect(audit.faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'a tool that asks its user, and a result with a picture, keep the rules of WCAG 2.2 AA, and by keyboard everything is reached',
    async () => {
      const words = ENGLISH;
      const visit = await startVisit(words, AGENT_WITH_TOOLS);
      const { page, audit, press } = visit;
      const model = await askForTicket(visit, 'c1');
      await audit.examine('tool that asks');
      await audit.walk('tool that asks');
      await press(words.refuse);
      await page.locator('[data-testid=tool][data-state=failed]').waitFor();
      await audit.examine('tool that was refused');
      model.completeTurn();
      await askForTicket(visit, 'c2');
      await audit.examineNarrow('second tool that asks');
      await press(words.allow);
      await page.locator('.tool-pictures img').waitFor();
      model.say('You have seat 14A.');
      model.completeTurn();
      await page.locator('[data-testid=agent-turn][data-state=done]').last().waitFor();
      await audit.examine('result with a picture');
      await audit.walk('result with a picture');
      await page.locator('.result-picture').click();
      await audit.examine('enlarged picture');
      expect(audit.faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'no text of a tool that asks its user is too long in German for the narrowest screen',
    async () => {
      const visit = await startVisit(GERMAN, AGENT_WITH_TOOLS);
      await askForTicket(visit, 'c1');
      await visit.audit.examineNarrow('tool that asks');
      await visit.press(GERMAN.refuse);
      await visit.page.locator('[data-testid=tool][data-state=failed]').waitFor();
      await visit.audit.examineNarrow('tool that was refused');
      expect(visit.audit.faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'a call keeps the rules of WCAG 2.2 AA, and by keyboard everything is reached, in both themes and on the narrowest screen',
    async () => {
      const visit = await startVisit(ENGLISH);
      const { page, server, audit, press } = visit;
      await press(ENGLISH.startVoice);
      await page.getByTestId('activity').getByText('Listening').waitFor();
      await audit.examine('call');
      await audit.measureCall('call');
      await press(ENGLISH.sound);
      await audit.examine('sound');
      await audit.walk('sound');
      await page.keyboard.press('Escape');
      await press(ENGLISH.camera);
      await page.getByTestId('preview').waitFor();
      await press('Mute the microphone');
      await speak(visit);
      await audit.examine('camera, muted microphone and an agent that speaks');
      await audit.measureCall('camera, muted microphone and an agent that speaks');
      await audit.walk('call');
      await server.close();
      await page.getByTestId('notice-connection').waitFor();
      await audit.examine('call without a server');
      expect(audit.faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'no text in German is too long for the narrowest screen, neither in a conversation nor in a call with push-to-talk',
    async () => {
      const runConfig = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
      const agent = new Agent({ name: 'agent_with_push_to_talk', model: MODEL, runConfig });
      const visit = await startVisit(GERMAN, agent);
      const { page, audit, press } = visit;
      const examine = (state: string) => audit.examineNarrow(state);
      await examine('first screen');
      const model = await askAboutPicture(visit);
      await answer(visit, model);
      await examine('answer that arrives');
      await completeAnswer(visit, model);
      await provokeNotices(visit);
      await examine('notices');
      for (const _ of [1, 2]) await page.getByRole('button', { name: GERMAN.dismiss }).first().click();
      await examinePanels(visit, examine);
      await press(GERMAN.startVoice);
      await page.getByRole('button', { name: GERMAN.hold }).waitFor();
      await audit.examine('push-to-talk');
      await audit.measureCall('push-to-talk');
      await press(GERMAN.camera);
      await page.getByTestId('preview').waitFor();
      await page.getByRole('button', { name: GERMAN.hold }).press('Enter');
      await page.getByRole('button', { name: GERMAN.release }).waitFor();
      await examine('talking');
      await page.getByRole('button', { name: GERMAN.release }).press('Enter');
      await speak(visit);
      await examine('speaking');
      await audit.walk('push-to-talk');
      expect(audit.faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'the sign-in and the page of a user who has signed in keep the rules of WCAG 2.2 AA',
    async () => {
      const environment = { AUTH: 'token', AUTH_TOKENS: `ann:${TOKEN}` };
      const { page } = await openVoicePage({ environment, server: {}, context: CONTEXT, state: 'none' });
      const field = page.getByLabel('Access token');
      await field.waitFor();
      const audit = await PageAudit.begin(page);
      await field.fill('two words');
      await field.press('Enter');
      await page.getByText('This is not an access token').waitFor();
      await audit.examine('sign-in');
      await audit.walk('sign-in');
      await field.fill(TOKEN);
      await field.press('Enter');
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      await audit.examine('signed in');
      expect(audit.faults).toEqual([]);
    },
    LIMIT_MS,
  );
});
