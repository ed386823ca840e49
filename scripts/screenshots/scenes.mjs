// The states of the page: which server each needs, and how it is reached.
import * as answers from './answers.mjs';
import { createTone } from './devices.mjs';
import { listConversations, refuseList } from './listed.mjs';

/** Long enough for all pictures of a scene. */
const SPEECH = createTone(60, 0.22);
const WORDS = createTone(1, 0.22);

const converse = async (stage) => {
  await stage.ask(answers.QUESTION);
  await stage.answer(answers.MARKDOWN_ANSWER);
};

const askByVoice = async (stage) => {
  await stage.startVoice();
  stage.model.send({ serverContent: { inputTranscription: { text: answers.SPOKEN_QUESTION } } });
  await stage.page.getByText(answers.SPOKEN_QUESTION).waitFor();
};

const openDialog = async ({ page }, button) => {
  await page.locator('.top button').nth(button).click();
  await page.locator('dialog[open]').waitFor();
};

/** Opens the list of conversations, the first of which is the open one. */
const openList = async (stage, more) => {
  await converse(stage);
  await listConversations(stage.page, more);
  await stage.page.locator('.top button').first().click();
  await stage.page.locator('.conversation-row').first().waitFor();
};

/** Chooses a conversation of the list by its number. */
const chooseListed = async ({ page }, number) => {
  const row = page.locator('.conversation-row').nth(number);
  await row.locator('a').focus();
  return row;
};

const showCamera = async (stage) => {
  await stage.startVoice();
  await stage.page.locator('.call-controls button').nth(1).click();
  await stage.page.locator('video.preview').waitFor();
  // Pictures are sent to the agent, so the preview has one.
  await stage.page.waitForFunction(() => document.querySelector('video.preview').readyState >= 2);
};

/**
 * Scenes by name. `server`: `offline` answers as without a key; `scripted` has a model that the scene speaks for; `push-to-talk` is such a one
 * whose agent waits for a button; `closed` asks for a token; `mortal` is scripted and ends within the scene.
 */
export const SCENES = {
  'first-screen': { server: 'offline', narrow: true, german: true, reach: async () => undefined },
  conversation: { server: 'scripted', narrow: true, reach: converse },
  'tool-card': {
    server: 'scripted',
    async reach(stage) {
      await stage.ask('When is the next ferry to the island?');
      const args = { from: 'Lake Street', to: 'Island' };
      stage.model.send({ toolCall: { functionCalls: [{ id: 'call-1', name: 'find_ferry', args }] } });
      await stage.page.locator('[data-testid=tool][data-state=done]').waitFor();
      await stage.answer('The next ferry leaves at **16:40** and takes 25 minutes. A ticket costs 8.80 francs.');
      await stage.page.locator('.tool summary').click();
      await stage.page.locator('.tool dl').waitFor();
    },
  },
  'tool-confirmation': {
    server: 'scripted',
    narrow: true,
    german: true,
    async reach(stage) {
      await stage.ask('Please order two tickets for it.');
      const args = { from: 'Lake Street', to: 'Island', departs: '16:40', tickets: 2 };
      stage.model.send({ toolCall: { functionCalls: [{ id: 'call-1', name: 'order_tickets', args }] } });
      await stage.page.locator('.tool-confirm').waitFor();
    },
  },
  'tool-streaming': {
    server: 'scripted',
    async reach(stage) {
      await stage.ask('Watch the ferry for me.');
      stage.model.send({
        toolCall: { functionCalls: [{ id: 'call-1', name: 'watch_ferry', args: { ferry: '16:40' } }] },
      });
      await stage.page.locator('.tool-result', { hasText: 'pier' }).waitFor();
      await stage.answer('I watch it, and tell you when it leaves.');
    },
  },
  'tool-picture': {
    server: 'scripted',
    async reach(stage) {
      await stage.ask('What does the island look like?');
      const call = { id: 'call-1', name: 'show_island', args: {} };
      stage.model.send({ toolCall: { functionCalls: [call] } });
      await stage.page.locator('.tool-pictures img').waitFor();
      await stage.answer('That is the island from the pier: pines on the slope, and the old boathouse below.');
    },
  },
  picture: {
    server: 'scripted',
    async reach(stage) {
      await stage.attachPlant();
      await stage.ask(answers.PLANT_QUESTION);
      await stage.answer(answers.PLANT_ANSWER);
      await stage.attachPlant();
    },
  },
  sources: {
    server: 'scripted',
    async reach(stage) {
      await stage.ask('Will it rain in Zurich this week?');
      stage.model.send({ serverContent: { groundingMetadata: answers.GROUNDING } });
      await stage.answer(answers.WEATHER_ANSWER);
      await stage.page.getByTestId('sources').waitFor();
    },
  },
  notice: {
    server: 'mortal',
    async reach(stage, { endServer }) {
      await converse(stage);
      endServer();
      await stage.page.locator('.notice').waitFor();
      await stage.page.locator('.connection[data-phase=offline]').waitFor();
    },
  },
  'sign-in': { server: 'closed', german: true, reach: ({ page }) => page.locator('#token').waitFor() },
  settings: { server: 'scripted', german: true, reach: (stage) => openDialog(stage, 4) },
  shortcuts: {
    server: 'scripted',
    async reach(stage) {
      await openDialog(stage, 4);
      await stage.page.locator('.dialog-foot button').click();
      await stage.page.locator('dialog .shortcuts').waitFor();
    },
  },
  export: {
    server: 'scripted',
    async reach(stage) {
      await converse(stage);
      await openDialog(stage, 2);
    },
  },
  conversations: { server: 'scripted', narrow: true, german: true, reach: (stage) => openList(stage) },
  'conversations-menu': {
    server: 'scripted',
    async reach(stage) {
      await openList(stage);
      const row = await chooseListed(stage, 3);
      await row.locator('button').click();
      await stage.page.locator('.row-menu').waitFor();
    },
  },
  'conversations-changed': {
    server: 'scripted',
    async reach(stage) {
      await openList(stage);
      await chooseListed(stage, 1);
      await stage.page.keyboard.press('Delete');
      await chooseListed(stage, 4);
      await stage.page.keyboard.press('F2');
      await stage.page.locator('.conversation-title-field').waitFor();
    },
  },
  'conversations-memory': {
    server: 'scripted',
    reach: (stage) => openList(stage, { volatile: true }),
  },
  'conversations-problem': {
    server: 'scripted',
    async reach(stage) {
      await openList(stage);
      await refuseList(stage.page);
      await stage.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await stage.page.getByTestId('list-problem').waitFor();
    },
  },
  'end-call': {
    server: 'scripted',
    german: true,
    async reach(stage) {
      await openList(stage);
      await stage.page.keyboard.press('Escape');
      await stage.startVoice();
      await stage.page.locator('.top button').first().click();
      await (await chooseListed(stage, 1)).locator('a').click();
      await stage.page.locator('.dialog-choice').waitFor();
    },
  },
  inspector: {
    server: 'scripted',
    async reach(stage) {
      await converse(stage);
      await stage.page.locator('.top button').nth(3).click();
      await stage.page.locator('.message-row', { hasText: 'user_message' }).click();
      await stage.page.locator('.message-detail').waitFor();
    },
  },
  'call-listening': { server: 'scripted', german: true, reach: (stage) => stage.startVoice() },
  'call-hearing': {
    server: 'scripted',
    async reach(stage) {
      await stage.startVoice();
      await stage.speak(0.22);
      await stage.isDoing('hearing');
    },
  },
  'call-thinking': {
    server: 'scripted',
    async reach(stage) {
      await askByVoice(stage);
      await stage.ask('And by ferry?');
      await stage.isDoing('thinking');
    },
  },
  'call-speaking': {
    server: 'scripted',
    narrow: true,
    async reach(stage) {
      await askByVoice(stage);
      const [begun, rest] = answers.SPOKEN_ANSWER;
      stage.speakAsAgent(begun, WORDS);
      stage.speakAsAgent(rest, SPEECH);
      await stage.isDoing('speaking');
      // Captions follow the voice, so the whole first sentence is shown when it was heard.
      await stage.page.getByText(begun).waitFor();
    },
  },
  'call-push-to-talk': { server: 'push-to-talk', reach: (stage) => stage.startVoice() },
  'call-camera': { server: 'scripted', reach: showCamera },
  'two-tabs': {
    server: 'scripted',
    async reach(stage, { openTab }) {
      await converse(stage);
      const other = await openTab();
      await other.startVoice();
      await stage.page.bringToFront();
      await stage.page.getByTestId('notice-tabs').waitFor();
    },
  },
};
