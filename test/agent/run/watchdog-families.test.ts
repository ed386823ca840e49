// Each way in which a model falls silent, through the real SDK, against the strict emulator of each family.
import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import { type Tool, tool } from '../../../src/agent/tool.ts';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { SCENARIOS } from '../../../src/emulator/gemini/scenarios.ts';
import type { Scenario, ScenarioStep } from '../../../src/emulator/scenario.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { concurrentTest as test } from '../../concurrent-test.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { heard, runnerFor, startTalk, type Talk } from '../talk.ts';

const closing = closesAfterEach();
// Back-off without chance. Concurrent tests share it.
beforeAll(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterAll(() => {
  jest.restoreAllMocks();
});

const LIMITS = { firstOutputMs: 2_000, backgroundMs: 2_000, turnEndMs: 2_000 };
const FAMILIES = Object.values(GEMINI_FAMILIES).map(({ name, example }) => [name, example] as const);

/** A connection whose messages with these numbers are ignored. */
const ignore = (...numbers: number[]): ScenarioStep[] =>
  numbers.map((heard) => ({ at: { heard }, do: 'ignore' as const }));
/** A connection that answers neither its first message nor a reminder. */
const DEAF = ignore(1, 2);

async function open(name: string, scenario: Scenario, tools: readonly Tool[] = []) {
  const emulator = closing(await startGeminiEmulator({ pace: 20, strict: true, scenario }));
  const runner = runnerFor(modelAt(emulator.url, { model: name }), { tools });
  const talk = closing(startTalk(runner, { responseModalities: ['AUDIO'], watchdog: LIMITS }));
  await talk.until(({ status }) => status?.upstream === 'ready');
  return { emulator, talk };
}

const stalls = ({ events }: Talk) =>
  events.flatMap(({ status }) => (status?.upstream === 'stalled' ? [status.stall] : []));
const failures = ({ events }: Talk) => events.flatMap(({ errorCode }) => errorCode ?? []);
const isFresh = ({ status }: AgentEvent) => status?.upstream === 'reseeded';

/** Waits until a question that is asked now has been answered, behind everything that came before. */
async function settle(talk: Talk): Promise<void> {
  const from = talk.events.length;
  talk.say('count to two');
  await talk.until(
    (event) => talk.events.indexOf(event) >= from && event.turnComplete && heard(talk.events).includes('two'),
  );
}

describe.each(FAMILIES)('a model of the family %s that', (_family, name) => {
  const nudges = name.includes('3.1');

  test.each([
    ['does not answer', [DEAF], 'no_response', nudges ? 2 : 1],
    ['ends its turn with nothing', SCENARIOS['empty-turn'], 'empty_turn', 1],
    ['speaks without a sound', SCENARIOS['silent-speech'], 'silent_speech', 1],
  ] as [string, Scenario, string, number][])(
    '%s is asked once more, on a fresh connection, and answers once',
    async (_case, scenario, stall, count) => {
      const { emulator, talk } = await open(name, scenario);
      talk.say('thanks');
      await talk.until(isFresh);
      await settle(talk);
      expect(stalls(talk)).toEqual(Array(count).fill(stall));
      expect(heard(talk.events)).toBe('You are welcome.One, two.');
      expect(failures(talk)).toEqual([]);
      expect(emulator.violations).toEqual([]);
    },
  );

  test('does not complete its turn has answered: the question is not asked again', async () => {
    const { talk } = await open(name, SCENARIOS['unfinished-turn']);
    talk.say('thanks');
    await talk.until(isFresh);
    await settle(talk);
    expect(stalls(talk)).toEqual(Array(nudges ? 2 : 1).fill('unfinished_turn'));
    expect(heard(talk.events)).toBe('You are welcome.One, two.');
    expect(failures(talk)).toEqual([]);
  });

  test('rejects its answers again and again is asked the last question on a fresh connection', async () => {
    const { talk } = await open(name, SCENARIOS.rejections);
    for (const turn of [1, 2]) {
      talk.say('thanks');
      await talk.turn(turn);
    }
    talk.say('thanks');
    await talk.until(isFresh);
    await settle(talk);
    expect(stalls(talk)).toEqual(['repeated_failure']);
    expect(failures(talk)).toEqual(['RESPONSE_REJECTED', 'RESPONSE_REJECTED']);
    expect(heard(talk.events)).toBe('You are welcome.One, two.');
  });

  test('never answers fails the question after the second time, once', async () => {
    const { talk } = await open(name, [DEAF, DEAF]);
    talk.say('thanks');
    await talk.until(({ errorCode }) => errorCode === 'NO_RESPONSE');
    await settle(talk);
    expect(failures(talk)).toEqual(['NO_RESPONSE']);
    expect(heard(talk.events)).toBe('One, two.');
  });
});

test.each([
  ['a question', 'thanks', 1, 'You are welcome.'],
  ['the result of a tool', 'dice', 2, 'The tool answered: six'],
])(
  '3.1 that is silent about %s is reminded, and answers once, on the same connection',
  async (_what, question, number, answer) => {
    let rolls = 0;
    const dice = tool({ name: 'dice', description: 'Rolls.', execute: () => ['six', 'one'][rolls++] });
    const { emulator, talk } = await open(GEMINI_FAMILIES['3.1'].example, [ignore(number)], [dice]);
    talk.say(question);
    await talk.turn(1);
    await settle(talk);
    expect(stalls(talk)).toEqual([number === 1 ? 'no_response' : 'unfinished_reply']);
    expect(heard(talk.events)).toBe(`${answer}One, two.`);
    expect(rolls).toBe(number - 1);
    expect(emulator.setups).toHaveLength(1);
    expect(emulator.violations).toEqual([]);
  },
);

test('extended thinking that falls silent after its first words is asked once more, and answers once', async () => {
  const dice = tool({ name: 'dice', description: 'Rolls.', execute: () => 'six' });
  const silence: Scenario = [[{ at: { turn: 1 }, do: 'silence' }]];
  const { emulator, talk } = await open(GEMINI_FAMILIES['3.8 extended thinking'].example, silence, [dice]);
  talk.say('dice');
  await talk.until(isFresh);
  await talk.until(({ turnComplete }) => turnComplete && heard(talk.events).includes('six'));
  await settle(talk);
  expect(stalls(talk)).toEqual(['no_response']);
  expect(heard(talk.events)).toBe('One moment.One moment.The tool answered: sixOne, two.');
  expect(failures(talk)).toEqual([]);
  expect(emulator.violations).toEqual([]);
});
