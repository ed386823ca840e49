// Hunts for questions that are lost or answered twice when connections break. SCENARIO_RUNS sets the number of random conversations for each model.
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { type GeminiEmulatorOptions, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { SCENARIOS } from '../../../src/emulator/gemini/scenarios.ts';
import type { Scenario, ScenarioStep } from '../../../src/emulator/scenario.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { loadEvents } from '../../store/events.ts';
import { CONVERSATION, runnerFor, startTalk, statusesOf, type Talk } from '../talk.ts';

const closing = closesAfterEach();

const NUMBERS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
const countTo = (last: number) => {
  const counted = NUMBERS.slice(0, last).join(', ');
  return `${counted.charAt(0).toUpperCase()}${counted.slice(1)}.`;
};

/** Starts a run through the real SDK, against a strict emulator that plays a scenario. */
async function startScenario(scenario: Scenario, options: GeminiEmulatorOptions = {}, model = {}) {
  const emulator = await startGeminiEmulator({ pace: 20, strict: true, scenario, ...options });
  const store = createMemoryStore();
  const talk = startTalk(runnerFor(modelAt(emulator.url, { connectTimeoutMs: 1_000, ...model }), {}, store));
  return { emulator, store, talk };
}

/** Texts of the complete replies, in order, built from their increments. */
function listCompleteReplies(events: readonly AgentEvent[]): string[] {
  const replies: string[] = [];
  let reply = '';
  let interrupted = false;
  for (const event of events) {
    if (event.partial && event.author !== 'user') {
      reply += event.content?.parts?.[0]?.text ?? event.outputTranscription?.text ?? '';
    }
    if (event.interrupted) interrupted = true;
    if (!event.turnComplete) continue;
    if (!interrupted && reply !== '') replies.push(reply);
    reply = '';
    interrupted = false;
  }
  return replies;
}

async function converse(talk: Talk, questions: readonly number[]): Promise<void> {
  for (const [index, last] of questions.entries()) {
    talk.say(`count to ${last}`);
    await talk.until(() => listCompleteReplies(talk.events).length > index);
  }
}

describe('a conversation', () => {
  test.each([
    ['goaway-mid-turn', ['connecting', 'ready', 'reconnecting', 'resumed']],
    ['goaway-each-turn', ['connecting', 'ready', 'reconnecting', 'resumed']],
    ['internal-error-mid-turn', ['connecting', 'ready', 'reconnecting', 'resumed']],
    ['dropped-mid-turn', ['connecting', 'ready', 'reconnecting', 'resumed']],
    ['refused-handle', ['connecting', 'ready', 'reconnecting', 'reconnecting', 'reseeded']],
    ['malformed-frame', ['connecting', 'ready']],
    ['slow-drain', ['connecting', 'ready']],
    ['silent-connect', ['connecting', 'reconnecting', 'ready']],
  ] as const)('through %s has each question answered completely, once, and breaks no rule', async (name, statuses) => {
    const { emulator, talk } = await startScenario(SCENARIOS[name]);
    closing(emulator);
    closing(talk);
    await converse(talk, [5, 6, 7]);
    expect(listCompleteReplies(talk.events)).toEqual([countTo(5), countTo(6), countTo(7)]);
    expect(statusesOf(talk.events).slice(0, statuses.length)).toEqual(statuses);
    expect(emulator.violations).toEqual([]);
  });

  test.each([
    ['quota', 'model_quota'],
    ['model-not-found', 'model_not_found'],
    ['bad-request', 'model_request_refused'],
    ['closes-at-once', 'model_closed'],
  ] as const)('through %s ends with the error %s', async (name, code) => {
    const { emulator, talk } = await startScenario(SCENARIOS[name]);
    closing(emulator);
    closing(talk);
    talk.say('hello');
    await expect(talk.done).rejects.toMatchObject({ code });
    expect(emulator.violations).toEqual([]);
  });
});

/** Trouble of one connection that leaves the next connection a chance. */
const trouble: fc.Arbitrary<ScenarioStep[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<ScenarioStep[]>([]) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.oneof(
          fc.integer({ min: 1, max: 4 }).map((frame) => ({ frame })),
          fc.integer({ min: 1, max: 2 }).map((turn) => ({ turn })),
          fc.integer({ min: 1, max: 4 }).map((heard) => ({ heard })),
          fc.integer({ min: 0, max: 300 }).map((ms) => ({ ms })),
        ),
        fc.constantFrom<ScenarioStep['do'][]>(
          'drop',
          'not resumable',
          { close: 1011, reason: 'Internal error encountered.' },
          { goAway: 500 },
          { goAway: 1_500 },
          { goAway: 10_000 },
          { send: 'nonsense' },
        ),
      )
      .map(([at, action]) => [{ at, do: action }]),
  },
  { weight: 1, arbitrary: fc.constant<ScenarioStep[]>([{ at: 'setup', do: 'refuse handle' }]) },
  { weight: 1, arbitrary: fc.constant<ScenarioStep[]>([{ at: 'setup', do: { close: 1011, reason: 'Try later.' } }]) },
);

/** Three consecutive connections that fail to open end a run, and are therefore not generated. */
function isBearable(connections: readonly ScenarioStep[][]): boolean {
  return (
    !connections.slice(0, 3).every(([step]) => typeof step?.do === 'object' && step.at === 'setup') ||
    connections.length < 3
  );
}

test.each(['gemini-live-2.5-flash-preview', 'gemini-3.1-flash-live-preview'])(
  'a conversation with %s, whatever happens to its connections, has each question answered completely, once, in order, and stored',
  async (model) => {
    jest.spyOn(Math, 'random').mockImplementation(() => 0.05);
    await fc.assert(
      fc.asyncProperty(fc.array(trouble, { maxLength: 4 }).filter(isBearable), async (connections) => {
        const { emulator, store, talk } = await startScenario(connections, {}, { model });
        try {
          await converse(talk, [4, 5, 6]);
          expect(listCompleteReplies(talk.events)).toEqual([countTo(4), countTo(5), countTo(6)]);
          expect(emulator.violations).toEqual([]);
          const events = await loadEvents(store, CONVERSATION);
          const asked = events.flatMap(({ author, content }) =>
            author === 'user' ? (content?.parts?.[0]?.text ?? []) : [],
          );
          expect(asked).toEqual(['count to 4', 'count to 5', 'count to 6']);
        } finally {
          await talk.close();
          await emulator.close();
        }
      }),
      { numRuns: Number(process.env.SCENARIO_RUNS ?? 12), endOnFailure: true },
    );
    jest.restoreAllMocks();
  },
  120_000,
);
