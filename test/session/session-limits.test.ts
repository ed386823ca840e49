import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createEventFactory, type EventBody } from '../../src/agent/run/event-factory.ts';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import { AsyncQueue } from '../../src/models/async-queue.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { open, say, send, sessionsOf, speak, TestReader } from './live.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.useRealTimers();
});

/** Opens a live session whose run yields the events of the test, with fake timers. */
async function session(runConfig: RunConfig, limits = {}) {
  const real = runnerFor(modelAt('http://127.0.0.1:1'), { runConfig });
  const stamp = createEventFactory();
  let events = new AsyncQueue<AgentEvent>(100);
  const runner: LiveRunner = {
    card: real.card,
    check: (config) => real.check(config),
    async *runLive({ abortSignal }) {
      const mine = new AsyncQueue<AgentEvent>(100);
      events = mine;
      abortSignal?.addEventListener('abort', () => mine.end());
      yield* mine;
    },
  };
  const sessions = closing(sessionsOf(runner, { limits }));
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const live = await open(sessions);
  const reader = await TestReader.attach(live);
  await pass(0);
  const yields = async (body: Partial<EventBody>) => {
    events.push(stamp({ author: 'agent', ...body }));
    await pass(0);
  };
  const reply = (text: string) => yields({ partial: true, content: { role: 'model', parts: [{ text }] } });
  return { sessions, live, reader, yields, reply };
}

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

describe('maxDurationMs', () => {
  test('a live session ends after maxDurationMs, and not before', async () => {
    const { live, reader } = await session({ maxDurationMs: 60_000 });
    await pass(59_900);
    expect(live.ended).toBeUndefined();
    await pass(200);
    expect(live.ended).toEqual({ reason: 'max_duration' });
    expect(reader.read().at(-1)).toEqual({ end: { reason: 'max_duration' } });
  });

  test('a reply in progress at maxDurationMs is finished, and requests are accepted until then', async () => {
    const { live, reply, yields, reader } = await session({ maxDurationMs: 60_000 });
    await pass(59_000);
    await reply('One, ');
    await pass(3_000);
    expect(live.ended).toBeUndefined();
    await send(live, [speak(100)]);
    await reply('two.');
    await yields({ turnComplete: true });
    expect(live.ended).toEqual({ reason: 'max_duration' });
    expect(reader.read().slice(-2)).toMatchObject([{ event: { turnComplete: true } }, { end: {} }]);
  });

  test('a reply that is not finished 10 s after maxDurationMs is interrupted', async () => {
    const { live, reply, reader } = await session({ maxDurationMs: 60_000 });
    await pass(59_000);
    await reply('One, ');
    await pass(1_000 + 9_900);
    expect(live.ended).toBeUndefined();
    await pass(200);
    expect(live.ended).toEqual({ reason: 'max_duration' });
    expect(reader.read().slice(-3)).toMatchObject([
      { event: { interrupted: true } },
      { event: { turnComplete: true } },
      { end: { reason: 'max_duration' } },
    ]);
  });

  test('a session that has ended leaves no timer', async () => {
    const { live } = await session({ maxDurationMs: 60_000 });
    live.end({ reason: 'closed' });
    await pass(0);
    expect(jest.getTimerCount()).toBe(0);
    const { head } = live.log;
    await pass(120_000);
    expect([live.ended, live.log.head]).toEqual([{ reason: 'closed' }, head]);
  });

  test('a session that is stopped during its last reply does not end, because its clients are to reconnect', async () => {
    const { sessions, live, reply } = await session({ maxDurationMs: 60_000 });
    await pass(59_000);
    await reply('One, ');
    await pass(2_000);
    sessions.close();
    await pass(20_000);
    expect(live.ended).toBeUndefined();
  });
});

describe('idleTimeoutMs', () => {
  test('a live session ends after idleTimeoutMs without activity, and not before', async () => {
    const { live, reader } = await session({ idleTimeoutMs: 30_000 });
    await pass(29_900);
    expect(live.ended).toBeUndefined();
    await pass(200);
    expect(live.ended).toEqual({ reason: 'idle' });
    expect(reader.read().at(-1)).toEqual({ end: { reason: 'idle' } });
  });

  test.each<[what: string, happens: (at: Awaited<ReturnType<typeof session>>) => unknown, ended: boolean]>([
    ['a text', ({ live }) => send(live, [say('hello')]), false],
    ['a sign that speech begins', ({ live }) => send(live, [{ activity_start: {} }]), false],
    ['audio of an open microphone', ({ live }) => send(live, [speak(100)]), true],
    ['a picture', ({ live }) => send(live, [{ blob: { mime_type: 'image/png', data: 'AAAA' } }]), true],
    [
      'a reply',
      ({ yields }) => yields({ content: { role: 'model', parts: [{ text: 'One' }] }, turnComplete: true }),
      false,
    ],
    ['recognised speech', ({ yields }) => yields({ inputTranscription: { text: 'he', finished: false } }), false],
    ['a summary of the conversation', ({ yields }) => yields({ author: 'user', actions: { compaction: {} } }), true],
    ['how the connection to the model fares', ({ yields }) => yields({ status: { upstream: 'resumed' } }), true],
  ])('idleTimeoutMs starts again after %s, or does not if that is no activity', async (_what, happens, ended) => {
    const realtimeInputConfig = { automaticActivityDetection: { disabled: true } };
    const at = await session({ idleTimeoutMs: 30_000, realtimeInputConfig });
    await pass(20_000);
    await happens(at);
    await pass(29_000);
    expect(at.live.ended !== undefined).toBe(ended);
    await pass(2_000);
    expect(at.live.ended).toEqual({ reason: 'idle' });
  });
});

describe('replies', () => {
  test('a turn that is not complete counts as activity, even if no more events arrive', async () => {
    const { live, reply, yields } = await session({ idleTimeoutMs: 30_000 });
    await reply('One long story.');
    await pass(100_000);
    expect(live.ended).toBeUndefined();
    await yields({ turnComplete: true });
    await pass(29_000);
    expect(live.ended).toBeUndefined();
    await pass(2_000);
    expect(live.ended).toEqual({ reason: 'idle' });
  });
});

describe('work in the background', () => {
  const completeTurn = async ({ reply, yields }: Awaited<ReturnType<typeof session>>) => {
    await reply('One moment.');
    await yields({ status: { upstream: 'working' } });
    await yields({ turnComplete: true });
  };

  test('a model that works on after a complete turn counts as active, also while its connection is replaced', async () => {
    const at = await session({ idleTimeoutMs: 30_000 });
    await completeTurn(at);
    await pass(100_000);
    await at.yields({ status: { upstream: 'reconnecting', attempt: 2 } });
    await at.yields({ status: { upstream: 'reseeded' } });
    await pass(100_000);
    expect(at.live.ended).toBeUndefined();
    await at.yields({ status: { upstream: 'ready' } });
    await pass(32_000);
    expect(at.live.ended).toEqual({ reason: 'idle' });
  });

  test('a session waits at maxDurationMs for the answer of a model that works on', async () => {
    const at = await session({ maxDurationMs: 60_000 });
    await pass(55_000);
    await completeTurn(at);
    await pass(9_000);
    expect(at.live.ended).toBeUndefined();
    await at.reply('At noon.');
    await at.yields({ turnComplete: true });
    await at.yields({ status: { upstream: 'ready' } });
    expect(at.live.ended).toEqual({ reason: 'max_duration' });
  });
});

describe('limits of the server', () => {
  test.each([
    [{ maxDurationMs: 60_000 }, { maxDurationMs: 30_000 }, 30_000],
    [{ maxDurationMs: 30_000 }, { maxDurationMs: 60_000 }, 30_000],
    [{}, { idleTimeoutMs: 30_000 }, 30_000],
    [{ idleTimeoutMs: 60_000 }, { idleTimeoutMs: 30_000, maxDurationMs: 90_000 }, 30_000],
  ])(
    'of the limits of the agent and of the server, %j and %j, the lower one applies',
    async (runConfig, limits, ms) => {
      const { live } = await session(runConfig, limits);
      await pass(ms - 100);
      expect(live.ended).toBeUndefined();
      await pass(200);
      expect(live.ended).toBeDefined();
    },
  );

  test('a session without limits is live for days', async () => {
    const { live } = await session({});
    await pass(3 * 86_400_000);
    expect(live.ended).toBeUndefined();
  });
});

describe('after a limit', () => {
  const readAgain = { userId: 'ann', sessionId: 'default', runConfig: {} };

  test('a reader that received the end gets ended when it returns, because an EventSource reconnects by itself', async () => {
    const { sessions, live } = await session({ maxDurationMs: 1_000 });
    await pass(1_100);
    const cursor = formatCursor(live.log.epoch, live.log.head);
    expect(await sessions.open({ ...readAgain, cursor, reconnect: true })).toBe('ended');
    expect(await sessions.open({ ...readAgain, cursor, reconnect: false })).toBe('ended');
  });

  test.each<[string, number | undefined]>([
    ['that was not told', 1],
    ['without a cursor', undefined],
  ])('a reader %s gets a new session', async (_who, back) => {
    const { sessions, live } = await session({ maxDurationMs: 1_000 });
    await pass(1_100);
    const cursor = back === undefined ? undefined : formatCursor(live.log.epoch, live.log.head - back);
    expect(await sessions.open({ ...readAgain, cursor, reconnect: true })).toMatchObject({ replaced: false });
    expect(sessions.size).toBe(1);
  });

  test('a sender gets session_not_found', async () => {
    const { sessions } = await session({ maxDurationMs: 1_000 });
    await pass(1_100);
    await expect(sessions.get('ann', 'default')).rejects.toThrow(
      expect.objectContaining({ code: 'session_not_found' }),
    );
  });
});
