import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from '../test/browser/chromium.ts';
import { QUIET } from '../test/browser/chromium-args.ts';
import { EventServer } from '../test/browser/reading/event-server.ts';
import { startChild } from './child.ts';
import { createAnswer, createLongConversation, emitEvenly, emitHour, TURNS } from './page-stream.ts';
import { median, print, range, verdict } from './report.ts';

const PUBLIC_DIR = join(import.meta.dirname, '../dist/public');
/** Largest number of rows in the document that is well. */
const MAX_ROWS = 120;
/** Duration of the long answer, in ms, and its sections. */
const ANSWER_MS = 15_000;
const ANSWER_SECTIONS = 120;
const VIEWS: Readonly<Record<string, BrowserContextOptions>> = {
  'on a desktop': { viewport: { width: 1280, height: 800 } },
  'on a phone': { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true },
};

/** Runs before the page: the layout shifts, and the time between frames. */
const RECORD = `
  globalThis.shifts = [];
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) shifts.push(value); })
    .observe({ type: 'layout-shift', buffered: true });
  globalThis.frames = [];
  let last;
  const record = (now) => {
    if (last !== undefined) frames.push(now - last);
    last = now;
    requestAnimationFrame(record);
  };
  requestAnimationFrame(record);
`;

/** Measures the page in real Chromium: how soon it is shown, and how smooth it stays in long conversations. */
export async function measurePage(visits: number): Promise<void> {
  const found = findChromium();
  if ('missing' in found) throw new Error(found.missing);
  const browser = await chromium.launch({ executablePath: found.path, args: QUIET });
  try {
    await measureVisits(browser, visits);
    await measureEmptyPage(browser);
    await measureConversations(browser);
  } finally {
    await browser.close();
  }
}

/** The first paint, and what moves until the page is connected, with the offline agent. */
async function measureVisits(browser: Browser, visits: number): Promise<void> {
  const server = await startChild(['dist/cli.js', '--port', '0'], { LOG_LEVEL: 'silent' });
  try {
    for (const [view, options] of Object.entries(VIEWS)) {
      const paints: number[] = [];
      const shifts: number[] = [];
      for (let visit = 0; visit < visits; visit += 1) {
        const page = await openPage(browser, server.address, options);
        // The note about the demo arrives last.
        await page.getByTestId('demo').waitFor();
        await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
        paints.push(await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`));
        shifts.push(await page.evaluate<number>('shifts.reduce((sum, value) => sum + value, 0)'));
        await page.context().close();
      }
      const shift = Math.max(...shifts);
      print(
        `page ${view}: first contentful paint after ${median(paints).toFixed(0)} ms${range(paints, 0)}; ` +
          `layout shift ${shift.toFixed(4)}, ${verdict(shift, 0)} 0`,
      );
    }
  } finally {
    await server.end();
  }
}

/** The frames of a page on which nothing happens: what this machine does to every page at the moment. */
async function measureEmptyPage(browser: Browser): Promise<void> {
  const page = await openPage(browser, 'data:text/html,<p>nothing happens</p>', VIEWS['on a desktop']);
  const cost = await measureCost(page, () => new Promise((resolve) => setTimeout(resolve, ANSWER_MS)));
  print(`empty page, for comparison: ${cost}`);
  await page.context().close();
}

async function measureConversations(browser: Browser): Promise<void> {
  const server = new EventServer(PUBLIC_DIR);
  const url = await server.start();
  try {
    const page = await openPage(browser, url, VIEWS['on a desktop']);
    const begin = performance.now();
    server.emit(...createLongConversation());
    await page.getByText(`Answer ${TURNS - 1}.`).waitFor();
    const shownMs = performance.now() - begin;
    print(`page with ${TURNS} messages: shown after ${shownMs.toFixed(0)} ms; ${await describeRows(page)}`);

    const answer = createAnswer(ANSWER_SECTIONS);
    const cost = await measureCost(page, async () => {
      await emitEvenly(server, answer, ANSWER_MS);
      await page.getByText(`const value = ${ANSWER_SECTIONS - 1};`).waitFor();
    });
    print(
      `page with ${TURNS} messages, while an answer of ${answer.length} increments streams in ${ANSWER_MS / 1_000} s: ` +
        `${cost}; ${await describeRows(page)}`,
    );
    await page.context().close();
    await measureHour(browser, server, url);
  } finally {
    await server.close();
  }
}

async function measureHour(browser: Browser, server: EventServer, url: string): Promise<void> {
  const page = await openPage(browser, url, VIEWS['on a desktop']);
  await page.locator('[data-phase=live]').waitFor();
  const before = await measureHeap(page);
  let events = 0;
  const cost = await measureCost(page, async () => {
    events = await emitHour(server);
    await page.getByText('Question 359').waitFor();
  });
  print(
    `page during an hour of conversation, ${events} events within a minute: ${cost}; ` +
      `${await describeRows(page)}, ${before} before`,
  );
  await page.context().close();
}

async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await page.addInitScript(RECORD);
  await page.goto(url);
  return page;
}

/**
 * Measures the frames and the main thread of a page while something happens. CPU time is that of the thread alone, so unlike the frames it does not
 * depend on how busy the machine is.
 */
async function measureCost(page: Page, run: () => Promise<void>): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const readCpuMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
  };
  await page.evaluate('frames.length = 0');
  const before = await readCpuMs();
  await run();
  const cpuMs = (await readCpuMs()) - before;
  await session.detach();
  const frames = (await page.evaluate<number[]>('frames')).toSorted((a, b) => a - b);
  const p99 = frames[Math.floor(frames.length * 0.99)] ?? Number.NaN;
  return (
    `longest frame ${frames.at(-1)?.toFixed(0)} ms, 99 % within ${p99.toFixed(0)} ms; ` +
    `${(cpuMs / frames.length).toFixed(1)} ms of CPU per frame`
  );
}

async function describeRows(page: Page): Promise<string> {
  const rows = await page.locator('[data-row]').count();
  return `rows in the document: ${rows}, ${verdict(rows, MAX_ROWS)} ${MAX_ROWS}; heap ${await measureHeap(page)}`;
}

/** Memory of the page's scripts after a garbage collection. */
async function measureHeap(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return `${(usedSize / 2 ** 20).toFixed(1)} MiB`;
}
