import { describe, expect, test } from '@jest/globals';
import { createEventFactory } from '../../src/agent/run/event-factory.ts';
import type { LiveRunner, RunLiveParams } from '../../src/agent/run/runner.ts';
import { findFaultScope } from '../../src/isolation/fault-scope.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { until } from '../models/until.ts';
import { awkwardValues } from '../wire/awkward-values.ts';
import { open, recordingLogger, say, send, sessionsOf, TestReader } from './live.ts';

const closing = closesAfterEach();
const createEvent = createEventFactory();
const card = { appName: 'app', agent: 'echo', model: 'none', audioOnly: false, inputRate: 16_000, outputRate: 24_000 };

type Misbehaviour = (params: RunLiveParams) => unknown;

/** Creates a runner that repeats each message, except `fail`: for this message it does what the test says, and yields the result. */
function createRunner(misbehave: Misbehaviour): LiveRunner {
  return {
    card,
    async *runLive(params) {
      const { liveRequestQueue } = params;
      for (let request = await liveRequestQueue.get(); request; request = await liveRequestQueue.get()) {
        const [{ text = '' } = {}] = request.content?.parts ?? [];
        if (text === 'fail') yield (await misbehave(params)) as never;
        const content = { role: 'model', parts: [{ text: `You said: ${text}` }] };
        yield createEvent({ author: 'echo', content, partial: true });
        yield createEvent({ author: 'echo', turnComplete: true });
      }
    },
  };
}

/** Opens the sessions of two users with one runner. */
async function talk(runner: LiveRunner) {
  const { logger, lines } = recordingLogger();
  const sessions = closing(sessionsOf(runner, { logger }));
  const [ann, bob] = [await open(sessions), await open(sessions, { userId: 'bob' })];
  return { ann, bob, annReader: await TestReader.attach(ann), bobReader: await TestReader.attach(bob), lines };
}

/** Expects that the run of one user fails, that both conversations continue, and that every reader can read the whole log. */
async function expectContained(misbehave: Misbehaviour): Promise<void> {
  const { ann, bob, annReader, bobReader } = await talk(createRunner(misbehave));
  await send(ann, [say('fail')]);
  const { failure } = await annReader.until((message) => message.failure);
  expect(failure).toMatchObject({ code: 'agent_failed' });
  await send(bob, [say('hello')]);
  expect(await bobReader.turn(1)).toBe('You said: hello');
  await send(ann, [say('still there?')]);
  await annReader.until(({ event }) => event?.content?.parts?.[0]?.text === 'You said: still there?');
  expect(JSON.stringify(annReader.messages)).toBeDefined();
}

describe('a run fails alone, and the next message starts another,', () => {
  test.each(awkwardValues())('if its runner throws %s', async (_name, value) => {
    await expectContained(() => {
      throw value;
    });
  });

  const events: [string, unknown][] = [
    ...awkwardValues(),
    [
      'an event with circular arguments of a call',
      withParts([{ functionCall: { id: 'c', name: 'n', args: circular() } }]),
    ],
    ['an event with a bigint', { ...createEvent({ author: 'echo' }), usageMetadata: { totalTokenCount: 1n } }],
    ['an event whose parts are no list', { ...createEvent({ author: 'echo' }), content: { parts: 5 } }],
    ['an event with a part that is null', withParts([null])],
    ['an event with a text that is no text', withParts([{ text: 5 }])],
    ['an event with audio that is no text', withParts([{ inlineData: { mimeType: 'audio/pcm', data: 5 } }])],
    ['an event without an author', { ...createEvent({ author: 'echo' }), author: undefined }],
    ['an event with a transcript without a text', { ...createEvent({ author: 'echo' }), inputTranscription: {} }],
  ];
  test.each(events)('if its runner yields %s', async (_name, value) => {
    await expectContained(() => value);
  });

  test('if its code throws in a timer, and its late errors are logged once', async () => {
    const scopes: ReturnType<typeof findFaultScope>[] = [];
    const { ann, annReader, lines } = await talk(
      createRunner(
        ({ abortSignal }) =>
          new Promise((_, reject) => {
            setTimeout(() => scopes.push(findFaultScope()), 1);
            abortSignal?.addEventListener('abort', () => reject(new Error('aborted')));
          }),
      ),
    );
    await send(ann, [say('fail')]);
    const scope = await until(() => scopes[0]);
    // As the handlers of the process do.
    scope.report(new Error('thrown in a timer'));
    scope.report(new Error('thrown again'));
    scope.report(new Error('and again'));
    await annReader.until(({ failure }) => failure?.code === 'agent_failed');
    await send(ann, [say('still there?')]);
    await annReader.until(({ event }) => event?.content?.parts?.[0]?.text === 'You said: still there?');
    expect(annReader.messages.filter(({ failure }) => failure)).toHaveLength(1);
    expect(lines.filter(({ level }) => level !== 'info').map(({ message }) => message)).toEqual([
      'run failed',
      'a run failed after its end',
    ]);
  });

  test.each<[string, LiveRunner['runLive']]>([
    ['throws when it is called', () => failWith(new Error('no run'))],
    ['returns nothing', () => undefined as never],
    ['returns a list', () => [createEvent({ author: 'echo' })] as never],
    ['returns an iterator that is none', () => ({ [Symbol.asyncIterator]: () => 5 }) as never],
  ])('if runLive %s', async (_what, runLive) => {
    const sessions = closing(sessionsOf({ card, runLive }));
    const reader = await TestReader.attach(await open(sessions));
    await reader.until(({ failure, event }) => failure?.code === 'agent_failed' || event);
  });
});

function withParts(parts: unknown[]): unknown {
  return { ...createEvent({ author: 'echo' }), content: { role: 'model', parts } };
}

function circular(): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}

function failWith(error: unknown): never {
  throw error;
}
