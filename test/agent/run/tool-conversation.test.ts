// The same conversation with tools, with a model of each family, through the real SDK, against the strict emulator. What differs is read from the table of
// the families, and from nowhere else.
import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { tool } from '../../../src/agent/tool.ts';
import { toolResult } from '../../../src/agent/tool-result.ts';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { GEMINI_FAMILIES, type GeminiFamily } from '../../../src/models/gemini/family.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { concurrentTest as test } from '../../concurrent-test.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { startCuttableProxy } from '../../models/cuttable-proxy.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { until } from '../../models/until.ts';
import { picture } from '../../picture.ts';
import { runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();
beforeAll(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterAll(() => {
  jest.restoreAllMocks();
});

/** How long a model waits for a call that blocks it, in ms, in a conversation in which the model is to give up. */
const GIVE_UP_MS = 100;
const PNG = { mimeType: 'image/png', data: picture('image/png', 2_048) };

interface PendingNews {
  readonly signal: AbortSignal;
  readonly finish: (news: string) => void;
}

/** Tools of the conversation: two that answer at once, one that fails, one that takes as long as the test wants, one that asks, one that draws. */
function createTools() {
  const news: PendingNews[] = [];
  let paid = 0;
  const tools = [
    tool({ name: 'read_air', description: '', execute: () => ({ celsius: 18 }) }),
    tool({ name: 'read_water', description: '', execute: () => ({ celsius: 12 }) }),
    tool({
      name: 'read_pressure',
      description: '',
      execute: () => {
        throw new Error('no barometer');
      },
    }),
    tool({
      name: 'fetch_news',
      description: '',
      execute: (_args, { signal }) => new Promise<string>((finish) => news.push({ signal, finish })),
    }),
    tool({ name: 'pay_bill', description: '', requireConfirmation: true, execute: () => `paid ${++paid}` }),
    tool({
      name: 'draw_chart',
      description: '',
      execute: () => toolResult({ response: { title: 'Sales' }, images: [PNG] }),
    }),
  ];
  return { tools, news: (index: number) => until(() => news[index]), paid: () => paid };
}

/**
 * @param toolWaitMs how long the model waits for a call that blocks it. Default: two minutes, because a machine that is busy with other tests may need
 * more than a second for a result, a confirmation or an interruption, and a model that has given up never mentions the result
 */
async function open({ example }: GeminiFamily, toolWaitMs?: number) {
  const { tools, news, paid } = createTools();
  const patience = toolWaitMs === undefined ? {} : { toolWaitMs };
  const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true, ...patience }));
  const proxy = closing(await startCuttableProxy(emulator.url));
  const talk = closing(startTalk(runnerFor(modelAt(proxy.url, { model: example }), { tools })));
  await talk.until(({ status }) => status?.upstream === 'ready');
  /** Waits until the agent has said what fits, since an event, and has ended its turn. @returns everything that it has said since */
  const hears = async (from: number, fits: RegExp) => {
    await talk.until(() => fits.test(saidIn(talk.events.slice(from))) && isComplete(talk.events.slice(from)));
    return saidIn(talk.events.slice(from));
  };
  return { emulator, proxy, talk, hears, news, paid };
}

const saidIn = (events: readonly AgentEvent[]) =>
  events
    .filter(({ partial, author }) => partial && author !== 'user')
    .map((event) => event.outputTranscription?.text ?? event.content?.parts?.[0]?.text ?? '')
    .join('');
const isComplete = (events: readonly AgentEvent[]) =>
  events.findLast(({ partial, turnComplete }) => partial || turnComplete)?.turnComplete === true;
const callsIn = (events: readonly AgentEvent[]) =>
  events.flatMap(({ content }) => content?.parts?.flatMap(({ functionCall }) => functionCall ?? []) ?? []);
const resultsIn = (events: readonly AgentEvent[]) =>
  events.flatMap(({ content }) => content?.parts?.flatMap(({ functionResponse }) => functionResponse ?? []) ?? []);

const FAMILIES = Object.values(GEMINI_FAMILIES).map((family) => [family.name, family] as const);

test.each(FAMILIES)(
  'a model of the family %s makes two calls at once, is told of an error, of a cancelled call and of a picture, and calls only what the user has confirmed',
  async (_name, family) => {
    const { emulator, talk, hears, news, paid } = await open(family);
    let from = talk.events.length;
    talk.say('read air, read water and read pressure');
    const readings = await hears(from, /18.*12|12.*18/);
    await hears(from, /no barometer/);
    expect(readings).toMatch(/celsius/);
    expect(callsIn(talk.events.slice(from)).map(({ name }) => name)).toEqual([
      'read_air',
      'read_water',
      'read_pressure',
    ]);
    expect(resultsIn(talk.events.slice(from)).find(({ name }) => name === 'read_pressure')?.response).toEqual({
      error: 'no barometer',
    });

    from = talk.events.length;
    talk.say('fetch news');
    const { signal } = await news(0);
    talk.queue.send({ interrupt: {} });
    const { toolCancellation } = await talk.until((event) => event.toolCancellation);
    expect(toolCancellation).toEqual(callsIn(talk.events.slice(from)).map(({ id }) => id));
    expect(signal.aborted).toBe(true);
    from = talk.events.length;
    talk.say('thanks');
    await hears(from, /You are welcome\./);

    for (const ok of [false, true]) {
      from = talk.events.length;
      talk.say('pay bill');
      const { confirmToolIds: [id = ''] = [] } = await talk.until(
        (event) => talk.events.indexOf(event) >= from && event.confirmToolIds,
      );
      talk.queue.send({ tool_confirmations: [{ id, ok }] });
      await hears(from, ok ? /paid 1/ : /did not confirm/);
    }
    expect(paid()).toBe(1);

    from = talk.events.length;
    talk.say('draw chart');
    const sees = family.resultMedia.includes(PNG.mimeType);
    await hears(from, sees ? /I received an image: PNG, 2 kilobytes/ : /You cannot see it/);
    expect(resultsIn(talk.events.slice(from))).toMatchObject([{ parts: [{ inlineData: PNG }] }]);
    expect(emulator.violations).toEqual([]);
    expect(emulator.setups).toHaveLength(1);
  },
);

test.each(FAMILIES)(
  'a model of the family %s is told a result once that is late because the connection was lost',
  async (_name, family) => {
    const { emulator, proxy, talk, hears, news } = await open(family, GIVE_UP_MS);
    talk.say('thanks');
    await hears(0, /welcome/);
    await talk.until(({ liveSessionResumptionUpdate }) => liveSessionResumptionUpdate);
    let from = talk.events.length;
    talk.say('fetch news');
    const first = await news(0);
    // A model that calls asynchronously has an open exchange until it has the result. The others give up, and their exchange is over.
    const waits = family.asynchronousTools;
    if (!waits) await hears(from, /did not answer/);
    const before = talk.events.length;
    proxy.cut();
    await talk.until(
      (event) =>
        talk.events.indexOf(event) >= before &&
        ['resumed', 'reseeded', 'restarted', 'ready'].includes(event.status?.upstream ?? ''),
    );
    from = talk.events.length;
    expect(first.signal.aborted).toBe(waits);
    const { finish } = waits ? await news(1) : first;
    finish('late news');
    await hears(from, /late news/);
    talk.say('thanks');
    await hears(from, /welcome/);
    expect(saidIn(talk.events.slice(from)).match(/late news/g)).toHaveLength(1);
    expect(emulator.violations).toEqual([]);
  },
);
