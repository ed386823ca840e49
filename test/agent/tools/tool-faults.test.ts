import { afterEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { type Tool, type ToolContext, tool } from '../../../src/agent/tool.ts';
import { ToolCalls, type ToolCallsOptions, type ToolResult } from '../../../src/agent/tools/tool-calls.ts';
import { findFaultScope } from '../../../src/isolation/fault-scope.ts';
import { until } from '../../models/until.ts';
import { awkwardValues } from '../../wire/awkward-values.ts';
import { createLiveState } from '../live-state.ts';
import { agentWith, NO_CONTROL } from './call-context.ts';

type Execute = (args: unknown, context: ToolContext) => unknown;

interface LogLine {
  readonly details: Record<string, unknown>;
  readonly message: string;
}

const CALL = { id: 'c1', name: 'do', args: {} };

function createCalls(execute: Execute, options: Partial<ToolCallsOptions & Pick<Tool, 'timeoutMs'>> = {}) {
  const { timeoutMs, ...others } = options;
  const responses: Record<string, unknown>[] = [];
  const lines: LogLine[] = [];
  const calls = new ToolCalls({
    // Not made by `tool`, which copies some arguments.
    agent: agentWith({
      declaration: { type: 'function', name: 'do', description: '' },
      run: async (args, context) => execute(args, context),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }),
    control: NO_CONTROL,
    state: createLiveState(),
    onStateChanged: () => {},
    logger: { warn: (details, message) => lines.push({ details: { ...details }, message }) },
    onConfirmed: () => undefined,
    onUpdate: () => undefined,
    onStopped: () => undefined,
    onResult: ({ response }: ToolResult) => responses.push(response.response) > 0,
    onError: (error) => {
      throw error;
    },
    ...others,
  });
  return { calls, responses, lines, response: () => until(() => responses[0]) };
}

/** Waits longer than every promise that is already settled needs to be seen. */
const settle = () => new Promise(setImmediate);

afterEach(() => {
  jest.useRealTimers();
});

test('an error that a tool throws is logged with its stack, of which the response has the message only', async () => {
  const error = new RangeError('no such table');
  const { calls, response, lines } = createCalls(() => {
    throw error;
  });
  calls.start(CALL);
  expect(await response()).toEqual({ error: 'no such table' });
  const err = { type: 'RangeError', message: 'no such table', stack: error.stack };
  expect(lines).toMatchObject([{ message: 'a tool failed', details: { tool: 'do', callId: 'c1', err } }]);
});

describe('whatever a tool does, its call has exactly one response of at most 64 KiB:', () => {
  const ways: [string, (value: unknown) => Execute][] = [
    ['returns', (value) => () => value],
    ['returns, within an object,', (value) => () => ({ value })],
    [
      'throws',
      (value) => () => {
        throw value;
      },
    ],
    ['rejects with', (value) => () => Promise.reject(value)],
    [
      'returns a thenable that throws',
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      (value) => () => ({ then: () => throwValue(value) }),
    ],
    [
      'returns a thenable that settles twice with',
      (value) => () => ({
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
        then: (resolve: (result: unknown) => void, reject: (error: unknown) => void) => {
          reject(value);
          resolve(value);
          throw value;
        },
      }),
    ],
    [
      'throws in a getter',
      (value) => () => Object.defineProperty({}, 'x', { enumerable: true, get: () => throwValue(value) }),
    ],
    ['throws in toJSON', (value) => () => ({ toJSON: () => throwValue(value) })],
  ];

  test.each(ways)('it %s any awkward value', async (_way, create) => {
    for (const [, value] of awkwardValues()) {
      const { calls, responses, response } = createCalls(create(value));
      calls.start(CALL);
      const json = JSON.stringify(await response());
      await settle();
      expect(responses).toHaveLength(1);
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(64 * 1024 + 20);
    }
  });

  test('it throws or returns any value that JavaScript has', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
        fc.constantFrom(...ways),
        async (value, [, create]) => {
          const { calls, responses, response } = createCalls(create(value));
          calls.start(CALL);
          await response();
          await settle();
          expect(responses).toHaveLength(1);
          expect(Object.keys(responses[0] ?? {})).toBeDefined();
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('a tool that changes its arguments does not change those of the call', async () => {
  const args = { list: ['pear'] };
  const { calls, response } = createCalls((given) => {
    const changed = given as { list: unknown[] };
    changed.list.push(changed);
    return null;
  });
  calls.start({ ...CALL, args });
  await response();
  expect(args).toEqual({ list: ['pear'] });
});

test('an error of the code that handles a result is reported, and is no rejection that nobody handles', async () => {
  const errors: unknown[] = [];
  const broken = new Error('the connection is broken');
  const { calls } = createCalls(() => 1, {
    onResult: () => throwValue(broken),
    onError: (error) => errors.push(error),
  });
  calls.start(CALL);
  expect(await until(() => errors.length > 0 && errors)).toEqual([broken]);
});

describe('a tool that does not answer in time', () => {
  async function startPending(options: Parameters<typeof createCalls>[1] = {}) {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance'] });
    const pending = Promise.withResolvers<unknown>();
    const contexts: ToolContext[] = [];
    const started = createCalls((_args, context) => {
      contexts.push(context);
      return pending.promise;
    }, options);
    started.calls.start(CALL);
    return { ...started, pending, signal: () => contexts[0]?.signal };
  }

  test('is answered with an error after 60 s, and its signal is aborted with a TimeoutError', async () => {
    const { responses, lines, signal } = await startPending();
    jest.advanceTimersByTime(59_999);
    expect([responses, signal()?.aborted]).toEqual([[], false]);
    jest.advanceTimersByTime(1);
    expect(responses).toEqual([{ error: 'The tool did not answer within 60000 ms' }]);
    expect(signal()?.reason).toMatchObject({ name: 'TimeoutError' });
    expect(lines).toEqual([
      {
        details: { userId: 'ann', sessionId: 'default', tool: 'do', callId: 'c1', timeoutMs: 60_000 },
        message: 'a tool did not answer in time',
      },
    ]);
  });

  test.each<[string, Parameters<typeof createCalls>[1], number]>([
    ['that the tool has', { timeoutMs: 500 }, 500],
    ['that the tool has, at most one day', { timeoutMs: 1e12 }, 86_400_000],
  ])('is answered after the time-out %s', async (_whose, options, ms) => {
    const { responses } = await startPending(options);
    jest.advanceTimersByTime(ms - 1);
    expect(responses).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(responses).toEqual([{ error: `The tool did not answer within ${ms} ms` }]);
  });

  test('is waited for without a limit if its time-out is 0', async () => {
    const { responses, pending } = await startPending({ timeoutMs: 0 });
    jest.advanceTimersByTime(86_400_000);
    pending.resolve('at last');
    await settle();
    expect(responses).toEqual([{ result: 'at last' }]);
  });

  test.each<[string, (pending: PromiseWithResolvers<unknown>) => void]>([
    ['result', ({ resolve }) => resolve('late')],
    ['error', ({ reject }) => reject(new Error('late'))],
  ])('has its late %s discarded and logged once', async (_what, end) => {
    const { responses, lines, pending } = await startPending();
    jest.advanceTimersByTime(60_000);
    end(pending);
    await settle();
    expect(responses).toHaveLength(1);
    expect(lines.map(({ message }) => message)).toEqual([
      'a tool did not answer in time',
      'a tool answered after the end of its call: the result is discarded',
    ]);
  });

  test('and then ends with the reason of its signal is not logged again', async () => {
    const { lines, pending, signal } = await startPending();
    jest.advanceTimersByTime(60_000);
    pending.reject(signal()?.reason);
    await settle();
    expect(lines).toHaveLength(1);
  });

  test('leaves no timer behind when it has answered or is cancelled', async () => {
    const { calls, pending } = await startPending();
    expect(jest.getTimerCount()).toBe(1);
    pending.resolve(1);
    await settle();
    expect(jest.getTimerCount()).toBe(0);
    calls.start({ ...CALL, id: 'c2' });
    calls.start({ ...CALL, id: 'c3' });
    calls.cancelAll();
    expect(jest.getTimerCount()).toBe(0);
  });
});

test('tool() passes the time-out of a tool on, and refuses one that is no whole number of ms up to a day', () => {
  const options = { name: 'a', description: '', execute: () => 1 };
  expect(tool({ ...options, timeoutMs: 5 }).timeoutMs).toBe(5);
  expect(tool(options).timeoutMs).toBeUndefined();
  for (const timeoutMs of [-1, 0.5, Number.NaN, 86_400_001]) {
    expect(() => tool({ ...options, timeoutMs })).toThrow(/^tool "a": timeoutMs must be/);
  }
});

describe('an error that the process reports for the scope of a call', () => {
  /** Starts a call, and returns what the handlers of the process would find in a timer of its tool. */
  function startWithTimer() {
    const pending = Promise.withResolvers<unknown>();
    const contexts: ToolContext[] = [];
    const found = Promise.withResolvers<ReturnType<typeof findFaultScope>>();
    const started = createCalls((_args, context) => {
      contexts.push(context);
      setTimeout(() => found.resolve(findFaultScope()), 1);
      return pending.promise;
    });
    started.calls.start(CALL);
    const report = async (error: unknown) => (await found.promise)?.report(error);
    return { ...started, pending, signal: () => contexts[0]?.signal, report };
  }

  test('ends the call with this error, aborts its signal and is logged with its stack', async () => {
    const { responses, lines, signal, report, pending } = startWithTimer();
    const error = new Error('thrown in a timer');
    await report(error);
    expect(responses).toEqual([{ error: 'thrown in a timer' }]);
    expect(signal()?.aborted).toBe(true);
    expect(lines).toMatchObject([
      { details: { tool: 'do', callId: 'c1', err: { message: 'thrown in a timer', stack: error.stack } } },
    ]);
    pending.resolve('too late');
    await settle();
    expect(responses).toHaveLength(1);
  });

  test('is logged once if the call has its response, however often the tool throws', async () => {
    const { responses, lines, report, pending } = startWithTimer();
    pending.resolve('done');
    await settle();
    for (let count = 0; count < 5; count += 1) await report(new Error('late'));
    expect(responses).toEqual([{ result: 'done' }]);
    expect(lines).toMatchObject([
      { message: 'a tool failed after the end of its call', details: { err: { message: 'late' } } },
    ]);
  });

  test('does not reach the code that receives the response, nor that of another call', async () => {
    const scopes: unknown[] = [];
    const { calls, response } = createCalls(() => 1, { onResult: () => scopes.push(findFaultScope()) > 0 });
    calls.start(CALL);
    await until(() => scopes.length > 0);
    expect(scopes).toEqual([undefined]);
    expect(response).toBeDefined();
  });

  test.each(awkwardValues())('ends the call even if the error is %s', async (_name, error) => {
    const { responses, report } = startWithTimer();
    await report(error);
    expect(responses).toEqual([{ error: expect.any(String) }]);
  });
});

function throwValue(value: unknown): never {
  throw value;
}
