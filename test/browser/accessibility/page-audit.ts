import { join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import type { FocusStop } from './focus-stop.ts';

/** So high that nothing is scrolled away: the contrast of what is hidden cannot be told. */
const WIDE = { width: 1000, height: 2_400 };
/** The narrowest window in which a page must work without scrolling sideways (WCAG 1.4.10). */
const NARROW = { width: 320, height: 640 };
/** The narrow window of a screen that is enlarged four times. The page may scroll in it. */
const LOW = { width: 320, height: 256 };
/** Maximum number of stops of the Tab key in one state of the page. */
const MAX_STOPS = 60;

let bundled: Promise<string> | undefined;

/** Examines the states of a page, and collects what is wrong with them. The page must follow the theme of the system, and reduce motion. */
export class PageAudit {
  readonly faults: string[] = [];
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** @param page stays in a narrow window with a light theme between the examinations */
  static async begin(page: Page): Promise<PageAudit> {
    bundled ??= bundleScript();
    // The script comes by the debugger, because the policy of the page allows no other way.
    await page.evaluate(await bundled);
    await page.setViewportSize(NARROW);
    return new PageAudit(page);
  }

  /** Checks the rules of WCAG 2.2 AA and the places of all controls: in a narrow window, and then in a wide one and in the dark theme. */
  async examine(state: string): Promise<void> {
    await this.examineNarrow(state);
    await this.#page.setViewportSize(WIDE);
    await this.#check(`${state}, wide`, 'findLayoutFaults()');
    await this.#check(`${state}, wide`, 'findViolations(false)');
    await this.#setTheme('dark');
    await this.#check(`${state}, dark`, 'findViolations(true)');
    await this.#setTheme('light');
    await this.#page.setViewportSize(NARROW);
  }

  /** Checks the rules and the places of all controls in a narrow window: for texts of another length. */
  async examineNarrow(state: string): Promise<void> {
    await this.#check(state, 'findLayoutFaults()');
    await this.#check(state, 'findFaultsOfWideText()');
    await this.#check(state, 'findViolations(false)');
  }

  /** Walks through the controls by keyboard in a low window: Tab reaches each of them, and the page shows where the focus is. */
  async walk(state: string): Promise<void> {
    await this.#page.setViewportSize(LOW);
    await this.#check(`${state}, low`, 'findLayoutFaults()');
    await this.#walk(`${state}, low`);
    await this.#page.setViewportSize(NARROW);
  }

  /** Measures the contrast of the words and symbols of a call on the colours behind them, which move with the voices. */
  async measureCall(state: string): Promise<void> {
    await this.#page.emulateMedia({ reducedMotion: 'no-preference' });
    for (const level of [0, 1]) {
      await this.#page.evaluate(`inspection.hideDrawings('.call', ${level})`);
      const screenshot = (await this.#page.screenshot()).toString('base64');
      await this.#check(`${state}, level ${level}`, `measureContrast('${screenshot}')`);
    }
    await this.#page.emulateMedia({ reducedMotion: 'reduce' });
  }

  async #walk(state: string): Promise<void> {
    const page = this.#page;
    await page.evaluate('inspection.beginWalk()');
    let left: readonly string[] = ['the first control'];
    for (let count = 0; count < MAX_STOPS && left.length > 0; count += 1) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate<FocusStop>('inspection.noteFocus()');
      this.#add(state, stop.faults);
      left = stop.left;
    }
    const unreached = left.map((control) => `Tab does not reach ${control}`);
    this.#add(state, unreached);
  }

  /** The page follows the system with its next frame. */
  async #setTheme(theme: 'dark' | 'light'): Promise<void> {
    await this.#page.emulateMedia({ colorScheme: theme });
    await this.#page.locator(`html[data-theme=${theme}]`).waitFor();
  }

  async #check(state: string, call: string): Promise<void> {
    this.#add(state, await this.#page.evaluate<string[]>(`inspection.${call}`));
  }

  #add(state: string, faults: readonly string[]): void {
    this.faults.push(...faults.map((fault) => `${state}: ${fault}`));
  }
}

async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'in-page/main.ts')],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
  });
  return outputFiles.map(({ text }) => text).join('');
}
