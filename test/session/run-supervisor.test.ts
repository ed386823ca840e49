import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { LiveRunner, RunLiveParams } from '../../src/agent/run/runner.ts';
import { AsyncQueue } from '../../src/models/async-queue.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { open, say, send, sessionsOf } from './live.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.useRealTimers();
});

interface ScriptedRun {
  readonly params: RunLiveParams;
  readonly read: LiveRequest[];
  finish(): void;
  /** Yields an event. */
  emit(event: AgentEvent): void;
  fail(error: Error): void;
  over: boolean;
}

/** Creates a Runner whose runs end when the test ends them, and ignore their abort signal. */
function scriptedRunner(): { runner: LiveRunner; runs: ScriptedRun[] } {
  const runs: ScriptedRun[] = [];
  const runner: LiveRunner = {
    card: runnerFor(modelAt('http://127.0.0.1:1')).card,
    async *runLive(params) {
      const events = new AsyncQueue<AgentEvent>(10);
      const run: ScriptedRun = {
        params,
        read: [],
        over: false,
        finish: () => events.end(),
        emit: (event) => void events.push(event),
        fail: (error) => events.end(error),
      };
      runs.push(run);
      try {
        yield* events;
      } finally {
        run.over = true;
      }
    },
  };
  return { runner, runs };
}

/** Waits for everything that needs no timer. */
async function flush(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

async function session() {
  const { runner, runs } = scriptedRunner();
  const sessions = closing(sessionsOf(runner));
  // Fake the timers only: these tests are about the timers of a session.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  return { sessions, runs, session: await open(sessions) };
}

describe('a first run that waits for its turn', () => {
  test('starts once, although a second reader arrives before', async () => {
    const { session: live, runs } = await session();
    live.revive();
    await flush();
    expect(runs).toHaveLength(1);
  });

  test('starts with the first request, once', async () => {
    const { session: live, runs } = await session();
    await send(live, [say('hello')]);
    expect(runs).toHaveLength(1);
    await flush();
    expect(runs).toHaveLength(1);
  });

  test('never starts in a session that ends before', async () => {
    const { session: live, runs } = await session();
    live.end({ reason: 'closed' });
    await flush();
    expect(runs).toEqual([]);
  });
});

describe('a run that ends by itself', () => {
  const ended = (author: string): AgentEvent => ({
    id: author,
    invocationId: 'e-1',
    author,
    timestamp: 0,
    actions: { endOfAgent: true },
  });

  test('ends the live session if its agent wanted that, with the reason agent_ended', async () => {
    const { session: live, runs } = await session();
    await flush();
    runs[0]?.emit(ended('assistant'));
    runs[0]?.finish();
    await flush();
    expect(live.ended).toEqual({ reason: 'agent_ended' });
  });

  test('leaves the live session open if something came after the end of an agent', async () => {
    const { session: live, runs } = await session();
    await flush();
    runs[0]?.emit(ended('first_step'));
    runs[0]?.emit({ id: '2', invocationId: 'e-1', author: 'second_step', timestamp: 0, turnComplete: true });
    runs[0]?.finish();
    await flush();
    expect(live.ended).toBeUndefined();
  });
});

describe('replacement', () => {
  test('a replaced run is aborted, and the next one starts when it has ended and stored its events', async () => {
    const { session: live, runs } = await session();
    await flush();
    live.reconfigure({ responseModalities: ['AUDIO'] });
    await flush();
    expect(runs).toHaveLength(1);
    expect(runs[0]?.params.abortSignal?.aborted).toBe(true);
    runs[0]?.finish();
    await flush();
    expect(runs.map(({ params }) => params.runConfig?.responseModalities)).toEqual([['TEXT'], ['AUDIO']]);
    expect(runs[1]?.params.abortSignal?.aborted).toBe(false);
  });

  test('a replaced run that does not end delays the next one by at most 5 s', async () => {
    const { session: live, runs } = await session();
    await flush();
    live.reconfigure({ responseModalities: ['AUDIO'] });
    await jest.advanceTimersByTimeAsync(4_900);
    expect(runs).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(200);
    expect(runs).toHaveLength(2);
  });

  test('after two replacements in a row one run is left, in the modality that was requested last', async () => {
    const { session: live, runs } = await session();
    await flush();
    live.reconfigure({ responseModalities: ['AUDIO'] });
    live.reconfigure({ responseModalities: ['TEXT'] });
    runs[0]?.finish();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(runs.filter(({ params }) => !params.abortSignal?.aborted)).toHaveLength(1);
    expect(runs.at(-1)?.params.runConfig?.responseModalities).toEqual(['TEXT']);
  });

  test('a failure of a replaced run is not reported', async () => {
    const { session: live, runs } = await session();
    await flush();
    live.reconfigure({ responseModalities: ['AUDIO'] });
    runs[0]?.fail(new WireError('model_closed'));
    await flush();
    expect(live.log.at(1)?.entry.message).toEqual({
      reconfigured: { modality: 'AUDIO', proactivity: false, affective_dialog: false },
    });
    expect(live.log.head).toBe(1);
    expect(runs).toHaveLength(2);
  });

  test('a replaced run passes the requests that it has not read to the next one', async () => {
    const { session: live, runs } = await session();
    await flush();
    await send(live, [say('one'), say('two')]);
    live.reconfigure({ responseModalities: ['AUDIO'] });
    await send(live, [say('three')]);
    runs[0]?.finish();
    await flush();
    expect(runs[1]?.params.liveRequestQueue.drain().map(({ request }) => request)).toEqual([
      say('one'),
      say('two'),
      say('three'),
    ]);
  });
});

describe('close', () => {
  test('a closed session ends when its run has ended', async () => {
    const { session: live, runs } = await session();
    await flush();
    await send(live, [{ close: true }]);
    await flush();
    expect([live.ended, live.over, runs[0]?.params.liveRequestQueue.closed]).toEqual([undefined, true, true]);
    runs[0]?.finish();
    await flush();
    expect(live.ended).toEqual({ reason: 'closed' });
  });

  test('a closed session ends after 5 s if its run does not end', async () => {
    const { session: live, runs } = await session();
    await flush();
    await send(live, [{ close: true }]);
    await jest.advanceTimersByTimeAsync(4_900);
    expect(live.ended).toBeUndefined();
    await jest.advanceTimersByTimeAsync(200);
    expect(live.ended).toEqual({ reason: 'closed' });
    expect(runs[0]?.params.abortSignal?.aborted).toBe(true);
  });

  test('a closed session ends without a failure if its run fails while it finishes', async () => {
    const { session: live, runs } = await session();
    await flush();
    await send(live, [{ close: true }]);
    runs[0]?.fail(new WireError('model_closed'));
    await flush();
    expect(live.log.at(1)?.entry.message).toEqual({ end: { reason: 'closed' } });
  });
});

describe('end of a run', () => {
  test('after a run has ended by itself, the next request starts another', async () => {
    const { session: live, runs } = await session();
    await flush();
    runs[0]?.finish();
    await flush();
    expect([runs.length, live.ended, live.log.head]).toEqual([1, undefined, 0]);
    await send(live, [say('hello')]);
    await flush();
    expect(runs[1]?.params.liveRequestQueue.drain().map(({ request }) => request)).toEqual([say('hello')]);
  });
});

test('a stopped session refuses requests with draining and starts no run', async () => {
  const { sessions, session: live, runs } = await session();
  await flush();
  sessions.close();
  runs[0]?.finish();
  await flush();
  await expect(send(live, [say('hello')])).rejects.toThrow(new WireError('draining'));
  live.revive();
  live.reconfigure({ responseModalities: ['AUDIO'] });
  await jest.advanceTimersByTimeAsync(60_000);
  expect(runs).toHaveLength(1);
});

test('a session that is stopped while it waits for the next attempt makes no attempt', async () => {
  const { sessions, session: live, runs } = await session();
  for (const index of [0, 1]) {
    await flush();
    runs[index]?.fail(new WireError('model_closed'));
    await flush();
    await send(live, [say('hello')]);
  }
  await flush();
  // The next run would start after 1 s.
  expect(runs).toHaveLength(2);
  sessions.close();
  await jest.advanceTimersByTimeAsync(60_000);
  expect(runs).toHaveLength(2);
});

test('an event with a resumption handle is logged without the handle, and not at all if nothing else is left', async () => {
  const { runner } = scriptedRunner();
  const stamp = { id: 'e1', invocationId: 'e-1', author: 'bot', timestamp: 1 };
  const sessions = closing(
    sessionsOf({
      ...runner,
      async *runLive() {
        yield { ...stamp, liveSessionResumptionUpdate: { newHandle: 'a-handle', resumable: true }, turnComplete: true };
        // An event with nothing else takes no sequence number.
        yield {
          ...stamp,
          liveSessionResumptionUpdate: { newHandle: 'a-handle', resumable: true },
          customMetadata: { a: 1 },
        };
      },
    }),
  );
  const { log } = await open(sessions);
  await flush();
  expect(log.at(1)?.entry.message).toEqual({ event: { ...stamp, turnComplete: true } });
  expect(log.head).toBe(1);
});
