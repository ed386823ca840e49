import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { clientTool, PENDING_RESPONSE, type Tool, type ToolContext, tool } from '../../../src/agent/tool.ts';
import type { ToolUpdate } from '../../../src/agent/tools/background-calls.ts';
import { addStopStreaming, stopStreaming } from '../../../src/agent/tools/stop-streaming.ts';
import { ToolCalls, type ToolResult } from '../../../src/agent/tools/tool-calls.ts';
import type { StateDelta } from '../../../src/wire/state-delta.ts';
import { until } from '../../models/until.ts';
import { createLiveState } from '../live-state.ts';
import { agentWith, NO_CONTROL } from './call-context.ts';

/** The calls of a run, with all that they report, in order. */
function createCalls(...tools: Tool[]) {
  const reported: (ToolUpdate['response'] | { readonly stopped: readonly string[] })[] = [];
  const results: ToolResult[] = [];
  const updates: ToolUpdate[] = [];
  const lines: string[] = [];
  const changes: StateDelta[] = [];
  const calls = new ToolCalls({
    agent: agentWith(...addStopStreaming(tools)),
    control: NO_CONTROL,
    state: createLiveState(),
    onStateChanged: (delta) => changes.push(delta),
    logger: { warn: (_details, message) => lines.push(message) },
    onConfirmed: () => undefined,
    onResult: (result) => {
      results.push(result);
      return reported.push(result.response) > 0;
    },
    onUpdate: (update) => {
      updates.push(update);
      reported.push(update.response);
    },
    onStopped: (stopped) => reported.push({ stopped }),
    onError: (error) => {
      throw error;
    },
  });
  return {
    calls,
    reported,
    results,
    updates,
    lines,
    changes,
    start: (name: string, id = 'c1', args: Record<string, unknown> = {}) => calls.start({ id, name, args }),
    /** What was reported, as soon as there is that much. */
    reports: (count: number) => until(() => reported.length >= count && reported),
  };
}

const first = (id = 'c1', name = 'watch', response: Record<string, unknown> = PENDING_RESPONSE) => ({
  id,
  name,
  response,
  willContinue: true,
});
const update = first;
const last = (response: Record<string, unknown>, id = 'c1', name = 'watch') => ({ id, name, response });
const ENDED = { status: 'The function has ended.' };
/** Waits until everything that can happen without a timer has happened. */
const settle = () => new Promise(setImmediate);

/** A streaming tool whose values the test yields one by one. */
function createStream(options: { readonly timeoutMs?: number; readonly inputStream?: boolean } = {}) {
  const waiting: ((step: IteratorResult<unknown, unknown>) => void)[] = [];
  const contexts: ToolContext[] = [];
  const ended: string[] = [];
  const watch = tool({
    name: 'watch',
    description: '',
    ...options,
    async *execute(_args, context) {
      contexts.push(context);
      try {
        for (;;) {
          const { value, done } = await new Promise<IteratorResult<unknown, unknown>>((resolve) => {
            waiting.push(resolve);
            context.signal.addEventListener('abort', () => resolve({ value: undefined, done: true }));
          });
          if (done) return value;
          yield value;
        }
      } finally {
        ended.push(context.callId);
      }
    },
  });
  const next = async () => until(() => waiting.shift());
  return {
    watch,
    contexts,
    ended,
    yield: async (value: unknown) => (await next())({ value, done: false }),
    return: async (value?: unknown) => (await next())({ value, done: true }),
  };
}

describe('a streaming tool', () => {
  test('is answered at once, then reports each value, and its end', async () => {
    const stream = createStream();
    const { start, reports } = createCalls(stream.watch);
    start('watch');
    expect(await reports(1)).toEqual([first()]);
    await stream.yield({ price: 1 });
    await stream.yield(2);
    await stream.return();
    expect(await reports(4)).toEqual([
      first(),
      update('c1', 'watch', { price: 1 }),
      update('c1', 'watch', { result: 2 }),
      last(ENDED),
    ]);
  });

  test('reports what its generator returns as the last result', async () => {
    const stream = createStream();
    const { start, reports, updates } = createCalls(stream.watch);
    start('watch');
    await stream.return('sold');
    expect(await reports(2)).toEqual([first(), last({ result: 'sold' })]);
    expect(updates.map(({ isNews }) => isNews)).toEqual([true]);
  });

  test('that ends without a last result has no news for the model', async () => {
    const stream = createStream();
    const { start, reports, updates } = createCalls(stream.watch);
    start('watch');
    await stream.return();
    await reports(2);
    expect(updates).toMatchObject([{ response: last(ENDED), scheduling: 'WHEN_IDLE', known: true, isNews: false }]);
  });

  test('that throws in the middle ends with the error', async () => {
    const watch = tool({
      name: 'watch',
      description: '',
      async *execute() {
        yield 1;
        throw new Error('no network');
      },
    });
    const { start, reports, lines } = createCalls(watch);
    start('watch');
    expect(await reports(3)).toEqual([first(), update('c1', 'watch', { result: 1 }), last({ error: 'no network' })]);
    expect(lines).toEqual(['a tool failed']);
  });

  test.each<[string, unknown, string]>([
    [
      'is circular',
      (() => {
        const value: { self?: unknown } = {};
        value.self = value;
        return value;
      })(),
      'circular',
    ],
    ['has 10 MB', { text: 'x'.repeat(10_000_000) }, '65536 bytes'],
    ['is a bigint', 1n, ''],
  ])('that yields a value that %s reports an error in its place, and goes on', async (_what, value, reason) => {
    const stream = createStream();
    const { start, reports } = createCalls(stream.watch);
    start('watch');
    await stream.yield(value);
    await stream.yield('fine');
    const [, wrong, fine] = await reports(3);
    expect(wrong).toEqual(update('c1', 'watch', { error: expect.stringContaining(reason) as unknown }));
    expect(fine).toEqual(update('c1', 'watch', { result: 'fine' }));
  });

  test('that yields in a tight loop is asked for a value at most every 250 ms', async () => {
    let yielded = 0;
    const watch = tool({
      name: 'watch',
      description: '',
      async *execute() {
        for (;;) {
          yielded += 1;
          yield yielded;
        }
      },
    });
    const { calls, start, reports } = createCalls(watch);
    const startedAt = performance.now();
    start('watch');
    await reports(4);
    expect(performance.now() - startedAt).toBeGreaterThan(480);
    calls.cancelAll();
    const count = yielded;
    await settle();
    expect(yielded).toBe(count);
  });

  test('that is cancelled has its signal aborted and its finally blocks run, and reports nothing more', async () => {
    const stream = createStream();
    const { calls, start, reports, reported } = createCalls(stream.watch);
    start('watch');
    await reports(1);
    await until(() => stream.contexts[0]);
    calls.cancel(['c1']);
    await until(() => stream.ended.length > 0);
    await settle();
    expect(stream.contexts[0]?.signal.aborted).toBe(true);
    expect(reported).toEqual([first()]);
  });

  test('that ignores its signal and return() reports nothing after its cancellation', async () => {
    let resolve: (step: IteratorResult<unknown>) => void = () => undefined;
    const stubborn: Tool = {
      declaration: { type: 'function', name: 'watch', description: '' },
      isStreaming: true,
      run: async () => ({
        next: () =>
          new Promise<IteratorResult<unknown>>((given) => {
            resolve = given;
          }),
        return: () => {
          throw new Error('never');
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      }),
    };
    const { calls, start, reports, reported } = createCalls(stubborn);
    start('watch');
    await reports(1);
    await settle();
    calls.cancelAll();
    resolve({ value: 1, done: false });
    await settle();
    expect(reported).toEqual([first()]);
  });

  test('has no time-out, unless it says so: then it ends with an error', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'performance'] });
    try {
      const endless = createStream();
      const limited = createStream({ timeoutMs: 30_000 });
      const { start, reported } = createCalls(endless.watch, {
        ...limited.watch,
        declaration: { type: 'function', name: 'short', description: '' },
      });
      start('watch');
      start('short', 'c2');
      await settle();
      await jest.advanceTimersByTimeAsync(600_000);
      expect(reported).toEqual([
        first(),
        first('c2', 'short'),
        last({ error: 'The tool did not answer within 30000 ms' }, 'c2', 'short'),
      ]);
    } finally {
      jest.useRealTimers();
    }
  });

  test('is refused while 8 streaming tools are running', async () => {
    const stream = createStream();
    const { calls, start, reports } = createCalls(stream.watch);
    for (let index = 0; index < 9; index += 1) start('watch', `c${index}`);
    const reported = await reports(9);
    expect(reported.at(-1)).toEqual(last({ error: '8 streaming functions are running: stop one first' }, 'c8'));
    calls.cancelAll();
  });

  test('that is called twice under one id runs once', async () => {
    const stream = createStream();
    const { start, reports, reported } = createCalls(stream.watch);
    start('watch');
    start('watch');
    await stream.return('once');
    await reports(2);
    await settle();
    expect(stream.contexts).toHaveLength(1);
    expect(reported).toEqual([first(), last({ result: 'once' })]);
  });

  test('that was not recognized by its function is a streaming tool once it has returned a generator', async () => {
    const stream = createStream();
    const plain = tool({
      name: 'plain',
      description: '',
      execute: (args, context) => stream.watch.run?.(args, context),
    });
    const { start, reports } = createCalls(plain);
    start('plain');
    await stream.yield(1);
    await stream.return();
    expect(await reports(3)).toEqual([
      first('c1', 'plain'),
      update('c1', 'plain', { result: 1 }),
      last(ENDED, 'c1', 'plain'),
    ]);
  });

  test('goes on when the connection is lost: its first response is part of what is replayed, and its results are unknown to the next connection', async () => {
    const stream = createStream();
    const { calls, start, reports, updates } = createCalls(stream.watch);
    start('watch');
    await reports(1);
    expect(calls.interruptExchange()).toEqual({ cancelled: [], results: [first()] });
    expect(calls.reconnect()).toEqual([]);
    await stream.yield(1);
    await reports(2);
    expect(updates).toMatchObject([{ known: false, response: { response: { result: 1 } } }]);
    calls.cancelAll();
  });

  test('does not make the model wait: no call counts as running or pending after the exchange', async () => {
    const stream = createStream();
    const { calls, start, reports } = createCalls(stream.watch);
    start('watch');
    await reports(1);
    expect(calls.isRunning).toBe(false);
    calls.completeExchange();
    expect(calls.hasPending).toBe(false);
    calls.cancelAll();
  });
});

describe('stop_streaming', () => {
  const stop = (name: string) => ({ function_name: name });

  test('stops all calls of the function, which report nothing more', async () => {
    const stream = createStream();
    const { start, reports, reported } = createCalls(stream.watch);
    start('watch', 'c1');
    start('watch', 'c2');
    await until(() => stream.contexts.length === 2);
    start('stop_streaming', 'c3', stop('watch'));
    await reports(4);
    await settle();
    expect(reported).toEqual([
      first('c1'),
      first('c2'),
      { stopped: ['c1', 'c2'] },
      last({ status: 'Successfully stopped streaming function watch' }, 'c3', 'stop_streaming'),
    ]);
    expect(stream.ended).toEqual(['c1', 'c2']);
  });

  test.each<[Record<string, unknown>]>([[stop('watch')], [stop('unknown')], [{}], [{ function_name: 7 }]])(
    'with the arguments %j says so if no such function is running',
    async (args) => {
      const stream = createStream();
      const { start, reports } = createCalls(stream.watch);
      start('stop_streaming', 'c1', args);
      const name = typeof args.function_name === 'string' ? args.function_name : '';
      expect(await reports(1)).toEqual([
        last({ status: `No active streaming function named ${name} found` }, 'c1', 'stop_streaming'),
      ]);
    },
  );

  test('says after 1 s that a function has not ended yet which ignores its signal', async () => {
    const stubborn = tool({
      name: 'watch',
      description: '',
      async *execute() {
        yield await new Promise(() => undefined);
      },
    });
    const { start, reports } = createCalls(stubborn);
    start('watch');
    await settle();
    start('stop_streaming', 'c2', stop('watch'));
    expect((await reports(3)).at(-1)).toEqual(
      last({ status: 'The task is not cancelled yet for watch.' }, 'c2', 'stop_streaming'),
    );
  });

  test('is declared for an agent that has streaming tools, in place of a function of that name, and for no other', () => {
    const { watch } = createStream();
    const plain = tool({ name: 'plain', description: '', execute: () => 1 });
    const empty = tool({ name: 'stop_streaming', description: '', execute: () => undefined });
    expect(addStopStreaming([watch, empty, plain])).toEqual([watch, plain, stopStreaming]);
    expect(addStopStreaming([plain, empty])).toEqual([plain, empty]);
  });
});

describe('a tool with scheduling', () => {
  test('is answered at once, and its result is an update with that scheduling', async () => {
    const { start, reports, updates } = createCalls(
      tool({ name: 'watch', description: '', scheduling: 'INTERRUPT', execute: async () => 'done' }),
    );
    start('watch');
    expect(await reports(2)).toEqual([first(), last({ result: 'done' })]);
    expect(updates).toMatchObject([{ scheduling: 'INTERRUPT', known: true, isNews: true }]);
  });

  test('that fails or takes too long ends with an error', async () => {
    const { start, reports } = createCalls(
      tool({ name: 'watch', description: '', scheduling: 'SILENT', execute: () => Promise.reject(new Error('no')) }),
      tool({
        name: 'slow',
        description: '',
        scheduling: 'SILENT',
        timeoutMs: 20,
        execute: () => new Promise(() => undefined),
      }),
    );
    start('watch');
    start('slow', 'c2');
    expect(await reports(4)).toEqual([
      first(),
      first('c2', 'slow'),
      last({ error: 'no' }),
      last({ error: 'The tool did not answer within 20 ms' }, 'c2', 'slow'),
    ]);
  });

  test('of a client is answered at once, and the result of the client is an update', async () => {
    const { calls, start, reports } = createCalls(
      clientTool({ name: 'watch', description: '', scheduling: 'WHEN_IDLE' }),
    );
    start('watch');
    expect(calls.answer({ id: 'c1', response: { result: 'seen' } })).toBe(true);
    expect(await reports(2)).toEqual([first(), last({ result: 'seen' })]);
    expect(calls.answer({ id: 'c1', response: { result: 'again' } })).toBe(false);
  });
});

describe('a long-running tool', () => {
  const refund = (execute: () => unknown) => tool({ name: 'watch', description: '', isLongRunning: true, execute });

  test.each<[string, unknown, Record<string, unknown>]>([
    ['a value', { ticket: 7 }, { ticket: 7 }],
    ['a text', 'asked', { result: 'asked' }],
    ['null', null, PENDING_RESPONSE],
    ['nothing', undefined, PENDING_RESPONSE],
  ])(
    'that returns %s is answered with it, and the result of the app is the last one',
    async (_what, value, response) => {
      const { calls, start, reports, reported } = createCalls(refund(() => value));
      start('watch');
      expect(await reports(1)).toEqual([first('c1', 'watch', response)]);
      expect(calls.answer({ id: 'c1', response: { ok: true } })).toBe(true);
      expect(calls.answer({ id: 'c1', response: { ok: false } })).toBe(false);
      expect(reported.slice(1)).toEqual([last({ ok: true })]);
    },
  );

  test.each<[string, () => unknown]>([
    ['throws', () => Promise.reject(new Error('no'))],
    ['returns an error', () => ({ error: 'no' })],
  ])('that %s has the error as its only result, and no app can answer it', async (_how, execute) => {
    const { calls, start, reports } = createCalls(refund(execute));
    start('watch');
    expect(await reports(1)).toEqual([last({ error: 'no' })]);
    expect(calls.answer({ id: 'c1', response: {} })).toBe(false);
  });

  test('whose function returns a generator is answered with an error, and the generator does not run', async () => {
    const stream = createStream();
    const { start, reports, reported } = createCalls(
      tool({
        name: 'watch',
        description: '',
        isLongRunning: true,
        execute: (args, context) => stream.watch.run?.(args, context),
      }),
    );
    start('watch');
    const error = 'A long-running tool cannot return an async generator: leave isLongRunning out';
    expect(await reports(1)).toEqual([last({ error })]);
    await settle();
    expect(stream.contexts).toEqual([]);
    expect(reported).toHaveLength(1);
  });

  test.each<[boolean, object]>([
    [true, { ticket: 7 }],
    [false, { error: 'The user did not confirm the call: it did not run' }],
  ])('that the user confirms with %j is pending only if it has run', async (ok, response) => {
    const { calls, start, reports, reported } = createCalls(
      tool({
        name: 'watch',
        description: '',
        isLongRunning: true,
        requireConfirmation: true,
        execute: () => ({ ticket: 7 }),
      }),
    );
    start('watch');
    expect(reported).toEqual([]);
    calls.confirm({ id: 'c1', ok });
    expect(await reports(1)).toEqual([{ id: 'c1', name: 'watch', response, ...(ok ? { willContinue: true } : {}) }]);
    expect(calls.answer({ id: 'c1', response: {} })).toBe(ok);
  });

  test('of a client is answered at once, and waits for the client without a limit', async () => {
    const { calls, start, reports } = createCalls(
      clientTool({ name: 'watch', description: '', isLongRunning: true, timeoutMs: 5 }),
    );
    start('watch');
    await new Promise((resolve) => setTimeout(resolve, 20));
    calls.answer({ id: 'c1', response: { ok: true } });
    expect(await reports(2)).toEqual([first(), last({ ok: true })]);
  });

  test('has a result above the limit replaced by an error that names the limit', async () => {
    const { calls, start, reports } = createCalls(refund(() => null));
    start('watch');
    await reports(1);
    calls.answer({ id: 'c1', response: { text: 'x'.repeat(70_000) } });
    expect((await reports(2))[1]).toEqual(last({ error: expect.stringContaining('65536 bytes') as unknown as string }));
  });

  test('does not count as a running call, however many wait for an app', async () => {
    const { start, reports } = createCalls(refund(() => null));
    for (let index = 0; index < 150; index += 1) {
      start('watch', `c${index}`);
      await reports(index + 1);
    }
    expect((await reports(150)).every((each) => 'willContinue' in each)).toBe(true);
  });
});

test('whatever happens to calls in whatever order, each has exactly one first response, its updates in order, and nothing after its last result or its cancellation', async () => {
  const kinds = ['stream', 'scheduled', 'long_running'] as const;
  const step = fc.oneof(
    fc.record({ type: fc.constant('start' as const), kind: fc.constantFrom(...kinds), id: fc.nat(4) }),
    fc.record({ type: fc.constantFrom('yield', 'end', 'fail', 'cancel', 'answer'), id: fc.nat(4) }),
    fc.record({ type: fc.constantFrom('complete', 'lose', 'cancel all') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let value = 0;
      const control = new Map<string, { push(step: IteratorResult<unknown>): void; fail(): void }>();
      const stream: Tool = {
        declaration: { type: 'function', name: 'stream', description: '' },
        isStreaming: true,
        run: async (_args, { callId }) => {
          let pending = Promise.withResolvers<IteratorResult<unknown>>();
          control.set(callId, {
            push: (each) => pending.resolve(each),
            fail: () => {
              // The generator may be waiting for its interval.
              pending.promise.catch(() => undefined);
              pending.reject(new Error('failed'));
            },
          });
          return {
            next: async () => {
              const given = await pending.promise;
              pending = Promise.withResolvers();
              return given;
            },
            [Symbol.asyncIterator]() {
              return this;
            },
          };
        },
      };
      const scheduled: Tool = {
        declaration: { type: 'function', name: 'scheduled', description: '' },
        scheduling: 'SILENT',
        run: (_args, { callId }) =>
          new Promise((resolve, reject) => {
            control.set(callId, {
              push: ({ value: given }) => resolve(given),
              fail: () => reject(new Error('failed')),
            });
          }),
      };
      const longRunning: Tool = {
        declaration: { type: 'function', name: 'long_running', description: '' },
        isLongRunning: true,
        run: async () => null,
      };
      const { calls, start, reported } = createCalls(stream, scheduled, longRunning);
      const started: string[] = [];
      const cancelledAt = new Map<string, number>();
      const cancel = (id: string) => {
        if (started.includes(id) && !cancelledAt.has(id)) cancelledAt.set(id, reported.length);
      };
      for (const each of steps) {
        const id = 'id' in each ? `c${each.id}` : '';
        if (each.type === 'start' && !started.includes(id)) {
          started.push(id);
          start((each as { kind: string }).kind, id);
        } else if (each.type === 'start') start((each as { kind: string }).kind, id);
        if (each.type === 'yield' || each.type === 'end') {
          value += 1;
          control.get(id)?.push({ value, done: each.type === 'end' });
        }
        if (each.type === 'fail') control.get(id)?.fail();
        if (each.type === 'answer') calls.answer({ id, response: { ok: true } });
        if (each.type === 'cancel') {
          calls.cancel([id]);
          cancel(id);
        }
        if (each.type === 'complete') calls.completeExchange();
        if (each.type === 'lose') {
          for (const lost of calls.interruptExchange().cancelled) cancel(lost);
          calls.reconnect();
        }
        if (each.type === 'cancel all') {
          calls.cancelAll();
          for (const one of started) cancel(one);
        }
        await settle();
      }
      for (const id of started) {
        const own = reported.flatMap((each, index) => ('id' in each && each.id === id ? [{ ...each, index }] : []));
        const restarted =
          steps.filter((each) => each.type === 'start' && `c${(each as { id: number }).id}` === id).length > 1;
        // An id that is used again after its call has ended is a call of its own.
        if (restarted) continue;
        expect(own.filter((each) => each.willContinue === undefined).length).toBeLessThanOrEqual(1);
        expect(own.slice(0, -1).every((each) => each.willContinue)).toBe(true);
        const values = own.flatMap(({ response }) => (typeof response.result === 'number' ? response.result : []));
        expect(values).toEqual(values.toSorted((a, b) => a - b));
        expect(own.filter(({ response }) => response === PENDING_RESPONSE).length).toBeLessThanOrEqual(1);
        const limit = cancelledAt.get(id) ?? Number.POSITIVE_INFINITY;
        expect(own.every(({ index }) => index < limit)).toBe(true);
      }
      calls.cancelAll();
    }),
    { numRuns: 150 },
  );
});
