// The same conversation with a model of each family, through the real SDK, against the strict emulator.
import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import * as z from 'zod';
import type { RunConfig } from '../../../src/agent/run-config.ts';
import { tool } from '../../../src/agent/tool.ts';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import type { Scenario } from '../../../src/emulator/scenario.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import { findFamily } from '../../../src/models/gemini/model-names.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { concurrentTest as test } from '../../concurrent-test.ts';
import { join, room, speech } from '../../emulator/microphone.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { startCuttableProxy } from '../../models/cuttable-proxy.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { CONVERSATION, runnerFor, startTalk } from '../talk.ts';

const closing = closesAfterEach();
// No jitter: each attempt to connect waits for the minimum.
beforeAll(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterAll(() => {
  jest.restoreAllMocks();
});

const PIXEL = Buffer.from('\x89PNG\r\n\x1a\nIHDR', 'latin1').toString('base64');

interface Circumstances {
  readonly scenario?: Scenario;
  readonly runConfig?: RunConfig;
}

async function open(name: string, { scenario = [], runConfig = {} }: Circumstances = {}) {
  let rolls = 0;
  const dice = tool({
    name: 'dice',
    description: 'Rolls.',
    parameters: z.object({ sides: z.number().optional() }),
    execute: () => {
      rolls += 1;
      return { result: `six of ${rolls}` };
    },
  });
  const emulator = closing(await startGeminiEmulator({ pace: 20, strict: true, scenario }));
  const runner = runnerFor(modelAt(emulator.url, { model: name }), { tools: [dice] });
  const conversation = runner.conversations.open(CONVERSATION);
  const talk = closing(startTalk(runner, runConfig));
  await talk.until(({ status }) => status?.upstream === 'ready');
  const saidFrom = (from: number) => wordsOf(talk.events.slice(from));
  /** Waits until the model has said something that fits, beyond the events so far. */
  const hears = async (from: number, fits: RegExp) => {
    await talk.until(() => fits.test(saidFrom(from)) && isComplete(talk.events.slice(from)));
    return saidFrom(from);
  };
  const stored = () => conversation.events;
  return { emulator, talk, hears, saidFrom, stored, rolls: () => rolls };
}

/** All that the agent said, from its increments. */
function wordsOf(events: readonly AgentEvent[]): string {
  return events
    .filter(({ partial, author }) => partial && author !== 'user')
    .map((event) => event.outputTranscription?.text ?? event.content?.parts?.[0]?.text ?? '')
    .join('');
}

/** Whether the last thing that was said is the end of a turn. */
function isComplete(events: readonly AgentEvent[]): boolean {
  return events.findLast(({ partial, turnComplete }) => partial || turnComplete)?.turnComplete === true;
}

const FAMILIES = Object.values(GEMINI_FAMILIES).map(({ name, example }) => [name, example] as const);

test.each(FAMILIES)(
  'a conversation with a model of the family %s answers text, speech that simply ends, a question about a picture, and with a tool, and can be interrupted',
  async (_family, name) => {
    const { emulator, talk, hears, stored, rolls } = await open(name);
    let from = talk.events.length;
    talk.say('thanks');
    expect(await hears(from, /welcome/)).toBe('You are welcome.');

    from = talk.events.length;
    const samples = join(room(0.4), speech(1));
    for (let at = 0; at < samples.length; at += 1_600) {
      const data = Buffer.from(samples.slice(at, at + 1_600).buffer).toString('base64');
      talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data });
    }
    talk.queue.sendAudioStreamEnd();
    expect(await hears(from, /You spoke for/)).toContain('second');
    expect(talk.events.some(({ interimInputTranscription }) => interimInputTranscription)).toBe(
      findFamily(name).interimTranscripts,
    );
    const isHeard = ({ author, partial }: AgentEvent) => author === 'user' && !partial;
    expect(talk.events.slice(from).filter(isHeard)).toHaveLength(1);
    expect(stored().filter(({ interimInputTranscription }) => interimInputTranscription)).toEqual([]);

    from = talk.events.length;
    talk.queue.sendRealtime({ mime_type: 'image/png', data: PIXEL });
    talk.say('what is this');
    await hears(from, /I received an image/);

    from = talk.events.length;
    talk.say('roll the dice {"sides":6}');
    await hears(from, /six of 1/);
    expect(rolls()).toBe(1);

    from = talk.events.length;
    talk.say('count to thirty');
    await talk.until(() => talk.events.slice(from).some(({ partial }) => partial));
    talk.queue.send({ interrupt: {} });
    await talk.until(() => talk.events.slice(from).some(({ interrupted }) => interrupted));
    from = talk.events.length;
    talk.say('thanks');
    expect(await hears(from, /welcome/)).toContain('You are welcome.');
    expect(emulator.violations).toEqual([]);
  },
);

test.each(FAMILIES)(
  'a conversation with a model of the family %s answers once, and runs the tool once, if the connection is lost when the result arrives',
  async (_family, name) => {
    // The first message is a question, after which there is a handle. The second is the question for the tool, the third the result.
    const { emulator, talk, hears, saidFrom, rolls } = await open(name, {
      scenario: [[{ at: { heard: 3 }, do: 'drop' }]],
    });
    talk.say('thanks');
    await hears(0, /welcome/);
    await talk.until(({ liveSessionResumptionUpdate }) => liveSessionResumptionUpdate);
    const from = talk.events.length;
    talk.say('roll the dice {"sides":6}');
    await hears(from, /six of 1/);
    talk.say('thanks');
    await hears(from, /welcome/);
    expect(saidFrom(from).match(/six of/g)).toHaveLength(1);
    expect(talk.events.filter(({ status }) => status?.upstream === 'stalled')).toEqual([]);
    expect(rolls()).toBe(1);
    expect(emulator.violations).toEqual([]);
  },
);

test.each(FAMILIES)(
  'a conversation with a model of the family %s answers on a fresh connection if the model falls silent',
  async (_family, name) => {
    const { talk, hears } = await open(name, {
      scenario: [[{ at: { heard: 1 }, do: 'silence' }]],
      // A busy machine takes part of the wait for the answer on the fresh connection.
      runConfig: { watchdog: { firstOutputMs: 3_000 } },
    });
    const from = talk.events.length;
    talk.say('thanks');
    await hears(from, /welcome/);
    expect(talk.events.some(({ status }) => status?.upstream === 'stalled')).toBe(true);
  },
);

test.each(FAMILIES)(
  'a conversation with a model of the family %s answers once if the connection is lost while the tool runs, whose call is cancelled and made again',
  async (_family, name) => {
    const emulator = closing(await startGeminiEmulator({ pace: 20, strict: true }));
    const proxy = closing(await startCuttableProxy(emulator.url));
    const calls: AbortSignal[] = [];
    const dice = tool({
      name: 'dice',
      description: 'Rolls.',
      execute: (_args, { signal }) => {
        calls.push(signal);
        if (calls.length > 1) return 'six';
        proxy.cut();
        return new Promise(() => undefined);
      },
    });
    const runner = runnerFor(modelAt(proxy.url, { model: name }), { tools: [dice] });
    const talk = closing(startTalk(runner));
    talk.say('thanks');
    await talk.until(({ liveSessionResumptionUpdate }) => liveSessionResumptionUpdate);
    await talk.turn(1);
    const from = talk.events.length;
    talk.say('roll the dice');
    await talk.until(() => wordsOf(talk.events.slice(from)).includes('six') && isComplete(talk.events));
    talk.say('count to two');
    await talk.until(() => wordsOf(talk.events.slice(from)).includes('two') && isComplete(talk.events));
    expect(wordsOf(talk.events.slice(from))).toMatch(/^(?:One moment\.)*The tool answered: sixOne, two\.$/);
    expect(calls.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(talk.events.filter(({ toolCancellation }) => toolCancellation)).toHaveLength(1);
    expect(emulator.violations).toEqual([]);
  },
);
