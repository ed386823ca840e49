import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { LiveRunner, RunLiveParams } from '../../src/agent/runner.ts';
import { WireError } from '../../src/wire/error-catalogue.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { open, say, sessionsOf } from './live.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.useRealTimers();
});

interface ScriptedRun {
  readonly params: RunLiveParams;
  readonly read: LiveRequest[];
  finish(): void;
  fail(error: Error): void;
  over: boolean;
}

/** A Runner whose runs end when the test says so, whatever they are told. */
function scriptedRunner(): { runner: LiveRunner; runs: ScriptedRun[] } {
  const runs: ScriptedRun[] = [];
  const runner: LiveRunner = {
    card: runnerFor(modelAt('http://127.0.0.1:1')).card,
    // biome-ignore lint/correctness/useYield: it has nothing to say
    async *runLive(params) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const run: ScriptedRun = { params, read: [], over: false, finish: resolve, fail: reject };
      runs.push(run);
      try {
        await promise;
      } finally {
        run.over = true;
      }
    },
  };
  return { runner, runs };
}

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

function session() {
  const { runner, runs } = scriptedRunner();
  const sessions = closing(sessionsOf(runner));
  // The timers of a session are what these tests are about; what it waits for besides is real.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  return { sessions, runs, session: open(sessions) };
}

describe('a run that is replaced', () => {
  test('is told to stop, and the next one begins when it has ended: it reads what that one stored', async () => {
    const { session: live, runs } = session();
    await settle();
    live.change({ modality: 'AUDIO' });
    await settle();
    expect(runs).toHaveLength(1);
    expect(runs[0]?.params.abortSignal?.aborted).toBe(true);
    runs[0]?.finish();
    await settle();
    expect(runs.map(({ params }) => params.runConfig?.responseModalities)).toEqual([['TEXT'], ['AUDIO']]);
    expect(runs[1]?.params.abortSignal?.aborted).toBe(false);
  });

  test('and does not end is waited for no longer than five seconds', async () => {
    const { session: live, runs } = session();
    await settle();
    live.change({ modality: 'AUDIO' });
    await jest.advanceTimersByTimeAsync(4_900);
    expect(runs).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(200);
    expect(runs).toHaveLength(2);
  });

  test('twice in a row leaves one run, in the modality that was asked for last', async () => {
    const { session: live, runs } = session();
    await settle();
    live.change({ modality: 'AUDIO' });
    live.change({ modality: 'TEXT' });
    runs[0]?.finish();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(runs.filter(({ params }) => !params.abortSignal?.aborted)).toHaveLength(1);
    expect(runs.at(-1)?.params.runConfig?.responseModalities).toEqual(['TEXT']);
  });

  test('and fails as it ends, fails unnoticed', async () => {
    const { session: live, runs } = session();
    await settle();
    live.change({ modality: 'AUDIO' });
    runs[0]?.fail(new WireError('model_closed'));
    await settle();
    expect(live.log.head).toBe(0);
    expect(runs).toHaveLength(2);
  });

  test('hands what it has not read to the next one', async () => {
    const { session: live, runs } = session();
    await settle();
    live.send([say('one'), say('two')]);
    live.change({ modality: 'AUDIO' });
    live.send([say('three')]);
    runs[0]?.finish();
    await settle();
    expect(runs[1]?.params.liveRequestQueue.drain()).toEqual([say('one'), say('two'), say('three')]);
  });
});

describe('a session that is closed', () => {
  test('ends when its run has ended', async () => {
    const { session: live, runs } = session();
    await settle();
    live.send([{ close: true }]);
    await settle();
    expect([live.ended, live.over, runs[0]?.params.liveRequestQueue.closed]).toEqual([undefined, true, true]);
    runs[0]?.finish();
    await settle();
    expect(live.ended).toEqual({ reason: 'closed' });
  });

  test('ends after five seconds if its run does not', async () => {
    const { session: live, runs } = session();
    await settle();
    live.send([{ close: true }]);
    await jest.advanceTimersByTimeAsync(4_900);
    expect(live.ended).toBeUndefined();
    await jest.advanceTimersByTimeAsync(200);
    expect(live.ended).toEqual({ reason: 'closed' });
    expect(runs[0]?.params.abortSignal?.aborted).toBe(true);
  });

  test('ends, and says nothing of the failure of the run that was to finish', async () => {
    const { session: live, runs } = session();
    await settle();
    live.send([{ close: true }]);
    runs[0]?.fail(new WireError('model_closed'));
    await settle();
    expect(live.log.at(1)?.message).toEqual({ end: { reason: 'closed' } });
  });
});

describe('a run that ends by itself', () => {
  test('is followed by another as soon as there is something to say', async () => {
    const { session: live, runs } = session();
    await settle();
    runs[0]?.finish();
    await settle();
    expect([runs.length, live.ended, live.log.head]).toEqual([1, undefined, 0]);
    live.send([say('hello')]);
    await settle();
    expect(runs[1]?.params.liveRequestQueue.drain()).toEqual([say('hello')]);
  });
});

test('a session that is stopped takes nothing more: draining, and no run begins', async () => {
  const { sessions, session: live, runs } = session();
  await settle();
  sessions.stop();
  runs[0]?.finish();
  await settle();
  expect(() => live.send([say('hello')])).toThrow(new WireError('draining'));
  live.revive();
  live.change({ modality: 'AUDIO' });
  await jest.advanceTimersByTimeAsync(60_000);
  expect(runs).toHaveLength(1);
});

test('a session that is stopped while it waits to try again does not try again', async () => {
  const { sessions, session: live, runs } = session();
  for (const index of [0, 1]) {
    await settle();
    runs[index]?.fail(new WireError('model_closed'));
    await settle();
    live.send([say('hello')]);
  }
  await settle();
  // Now it waits for a second.
  expect(runs).toHaveLength(2);
  sessions.stop();
  await jest.advanceTimersByTimeAsync(60_000);
  expect(runs).toHaveLength(2);
});

test("a runner's resumption handle stays out of the log, and what its event says besides does not", async () => {
  const { runner } = scriptedRunner();
  const stamp = { id: 'e1', invocationId: 'e-1', author: 'bot', timestamp: 1 };
  const sessions = closing(
    sessionsOf({
      ...runner,
      async *runLive() {
        yield { ...stamp, liveSessionResumptionUpdate: { newHandle: 'a-handle', resumable: true }, turnComplete: true };
        // With nothing else it leaves no hole either.
        yield {
          ...stamp,
          liveSessionResumptionUpdate: { newHandle: 'a-handle', resumable: true },
          customMetadata: { a: 1 },
        };
      },
    }),
  );
  const { log } = open(sessions);
  await settle();
  expect(log.at(1)).toEqual({ seq: 1, turn: 1, message: { event: { ...stamp, turnComplete: true } } });
  expect(log.head).toBe(1);
});
