import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createEventFactory, type EventBody } from '../../src/agent/event-factory.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import type { LiveRunner } from '../../src/agent/runner.ts';
import { AsyncQueue } from '../../src/models/async-queue.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { formatCursor } from '../../src/wire/cursor.ts';
import { runnerFor } from '../agent/talk.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { open, say, sessionsOf, speak, TestReader } from './live.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.useRealTimers();
});

/** A live session whose run yields what the test says, on a clock that stands still. */
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
  const live = open(sessions);
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
  test('ends a live session when it is over, and not before', async () => {
    const { live, reader } = await session({ maxDurationMs: 60_000 });
    await pass(59_900);
    expect(live.ended).toBeUndefined();
    await pass(200);
    expect(live.ended).toEqual({ reason: 'max_duration' });
    expect(reader.read().at(-1)).toEqual({ end: { reason: 'max_duration' } });
  });

  test('lets the reply that is being given finish, and takes what is sent meanwhile', async () => {
    const { live, reply, yields, reader } = await session({ maxDurationMs: 60_000 });
    await pass(59_000);
    await reply('One, ');
    await pass(3_000);
    expect(live.ended).toBeUndefined();
    live.send([speak(100)]);
    await reply('two.');
    await yields({ turnComplete: true });
    expect(live.ended).toEqual({ reason: 'max_duration' });
    expect(reader.read().slice(-2)).toMatchObject([{ event: { turnComplete: true } }, { end: {} }]);
  });

  test('waits no longer than ten seconds for it, and then ends the turn', async () => {
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

  test('of a session that has ended before does nothing more', async () => {
    const { live } = await session({ maxDurationMs: 60_000 });
    live.end({ reason: 'closed' });
    await pass(0);
    expect(jest.getTimerCount()).toBe(0);
    const { head } = live.log;
    await pass(120_000);
    expect([live.ended, live.log.head]).toEqual([{ reason: 'closed' }, head]);
  });

  test('of a server that goes down while the last reply is given says nothing more: its clients are to come back', async () => {
    const { sessions, live, reply } = await session({ maxDurationMs: 60_000 });
    await pass(59_000);
    await reply('One, ');
    await pass(2_000);
    sessions.stop();
    await pass(20_000);
    expect(live.ended).toBeUndefined();
  });
});

describe('idleTimeoutMs', () => {
  test('ends a live session in which nothing was said for so long', async () => {
    const { live, reader } = await session({ idleTimeoutMs: 30_000 });
    await pass(29_900);
    expect(live.ended).toBeUndefined();
    await pass(200);
    expect(live.ended).toEqual({ reason: 'idle' });
    expect(reader.read().at(-1)).toEqual({ end: { reason: 'idle' } });
  });

  test.each<[what: string, happens: (at: Awaited<ReturnType<typeof session>>) => unknown, ended: boolean]>([
    ['a text', ({ live }) => live.send([say('hello')]), false],
    ['a sign that speech begins', ({ live }) => live.send([{ activity_start: {} }]), false],
    ['audio of an open microphone', ({ live }) => live.send([speak(100)]), true],
    ['a picture', ({ live }) => live.send([{ blob: { mime_type: 'image/png', data: 'AAAA' } }]), true],
    [
      'a reply',
      ({ yields }) => yields({ content: { role: 'model', parts: [{ text: 'One' }] }, turnComplete: true }),
      false,
    ],
    ['recognised speech', ({ yields }) => yields({ inputTranscription: { text: 'he', finished: false } }), false],
    ['how the connection to the model fares', ({ yields }) => yields({ status: { upstream: 'resumed' } }), true],
  ])('begins anew after %s, unless that says nothing', async (_what, happens, ended) => {
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

describe('a reply', () => {
  test('that is being heard is no silence, though nothing more of it comes', async () => {
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

describe('the limits of a server', () => {
  test.each([
    [{ maxDurationMs: 60_000 }, { maxDurationMs: 30_000 }, 30_000],
    [{ maxDurationMs: 30_000 }, { maxDurationMs: 60_000 }, 30_000],
    [{}, { idleTimeoutMs: 30_000 }, 30_000],
    [{ idleTimeoutMs: 60_000 }, { idleTimeoutMs: 30_000, maxDurationMs: 90_000 }, 30_000],
  ])('beside those of an agent, %j and %j: the lower one holds', async (runConfig, limits, ms) => {
    const { live } = await session(runConfig, limits);
    await pass(ms - 100);
    expect(live.ended).toBeUndefined();
    await pass(200);
    expect(live.ended).toBeDefined();
  });

  test('that are none let a session be for days', async () => {
    const { live } = await session({});
    await pass(3 * 86_400_000);
    expect(live.ended).toBeUndefined();
  });
});

describe('after a limit', () => {
  const readAgain = { userId: 'ann', sessionId: 'default', settings: {} };

  test('a reader that was told comes back to nothing, for an EventSource comes by itself', async () => {
    const { sessions, live } = await session({ maxDurationMs: 1_000 });
    await pass(1_100);
    const cursor = formatCursor(live.log.epoch, live.log.head);
    expect(sessions.open({ ...readAgain, cursor, reconnect: true })).toBe('ended');
    expect(sessions.open({ ...readAgain, cursor, reconnect: false })).toBe('ended');
  });

  test.each<[string, number | undefined]>([
    ['that was not told', 1],
    ['without a cursor', undefined],
  ])('a reader %s begins a new session', async (_who, back) => {
    const { sessions, live } = await session({ maxDurationMs: 1_000 });
    await pass(1_100);
    const cursor = back === undefined ? undefined : formatCursor(live.log.epoch, live.log.head - back);
    expect(sessions.open({ ...readAgain, cursor, reconnect: true })).toMatchObject({ replaced: false });
    expect(sessions.size).toBe(1);
  });

  test('what is sent finds no session', async () => {
    const { sessions } = await session({ maxDurationMs: 1_000 });
    await pass(1_100);
    expect(() => sessions.get('ann', 'default')).toThrow(expect.objectContaining({ code: 'session_not_found' }));
  });
});
