import { DEVICES, PLANT } from './devices.mjs';

/** Views of the page. A narrow one is a phone's, made narrower after the scene was reached. */
export const VIEWS = {
  desktop: { viewport: { width: 1120, height: 760 } },
  animation: { viewport: { width: 820, height: 600 } },
  phone: { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true },
};
const NARROW = { width: 320, height: 640 };

/** A page in a browser profile of its own, the model that a scene speaks for, and what scenes do with both. */
export class Stage {
  #gemini;
  #page;

  constructor(page, gemini) {
    this.#page = page;
    this.#gemini = gemini;
  }

  get page() {
    return this.#page;
  }

  /** The same user in another tab. */
  inTab(page) {
    return new Stage(page, this.#gemini);
  }

  /** The latest connection to the scripted model. */
  get model() {
    return this.#gemini.connections.at(-1);
  }

  async ask(text) {
    const { page } = this;
    const sent = this.#countQuestions();
    await page.locator('textarea').fill(text);
    // Enter would also do, but a phone's user presses the button.
    await page.locator('button.send').click();
    await waitUntil('a question', () => this.#countQuestions() > sent);
  }

  #countQuestions() {
    return this.#gemini.connections.flatMap(({ frames }) => frames).filter((frame) => 'clientContent' in frame).length;
  }

  /** Answers the question, and waits until the answer is complete. */
  async answer(text) {
    this.model.say(text);
    this.model.completeTurn();
    await this.isDoing('ready');
    await this.page.locator('[data-testid=agent-turn][data-state=done]').last().waitFor();
  }

  /** Waits until the page shows this activity. */
  async isDoing(activity) {
    await this.page.locator(`[data-testid=activity][data-activity="${activity}"]`).waitFor();
  }

  async startVoice() {
    await this.page.locator('.pill.audio').click();
    await this.page.locator('.call:is([data-activity=listening], [data-activity=push-to-talk])').waitFor();
  }

  /** Has the user speak at this loudness, 0 to 1, until the next call. */
  async speak(loudness) {
    await this.page.evaluate((value) => globalThis.setVoice(value), loudness);
  }

  /** Has the agent speak these words, with a tone of some seconds in place of their sound. */
  speakAsAgent(text, tone) {
    this.model.transcribe(text);
    this.model.send({
      serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: tone } }] } },
    });
  }

  /** Attaches the picture of the plant to the message. */
  async attachPlant() {
    const buffer = await this.#paintPlant();
    await this.page.locator('input[type=file]').setInputFiles({ name: 'plant.png', mimeType: 'image/png', buffer });
    await this.page.locator('.attachment').waitFor();
  }

  async #paintPlant() {
    const painter = await this.page
      .context()
      .browser()
      .newPage({ viewport: { width: 640, height: 480 } });
    await painter.setContent(`<body style="margin:0">${PLANT}`);
    const picture = await painter.screenshot();
    await painter.close();
    return picture;
  }
}

/** Opens the page and waits until it is connected, or asks for a sign-in. */
export async function openStage(browser, { url, gemini, view, locale = 'en-GB' }) {
  const context = await browser.newContext({
    ...VIEWS[view],
    deviceScaleFactor: 1,
    locale,
    timezoneId: 'UTC',
    colorScheme: 'light',
  });
  await context.addInitScript(DEVICES);
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.connection:is([data-phase=live], [data-phase=signed-out])').waitFor();
  return new Stage(page, gemini);
}

/** Photographs what the page shows in each theme, and narrow where wanted. @returns file name and PNG of each picture */
export async function photograph({ page }, name, view, { themes = ['light', 'dark'], narrow = false }) {
  const pictures = [];
  const shoot = async (label) => {
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
      const png = await page.screenshot({ animations: 'disabled' });
      pictures.push({ file: `${name}-${label}-${colorScheme}.png`, png });
    }
  };
  await shoot(view);
  if (!narrow) return pictures;
  await page.setViewportSize(NARROW);
  await shoot('narrow');
  return pictures;
}

async function waitUntil(what, condition) {
  for (let attempt = 0; attempt < 3_000; attempt += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}`);
}
