import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { type Tool, type ToolContext, tool } from '../../../src/agent/tool.ts';
import { toolResult } from '../../../src/agent/tool-result.ts';
import type { ToolUpdate } from '../../../src/agent/tools/background-calls.ts';
import { ToolCalls, type ToolResult } from '../../../src/agent/tools/tool-calls.ts';
import type { ToolConfirmation } from '../../../src/wire/agent-event.ts';
import type { StateDelta } from '../../../src/wire/state-delta.ts';
import { until } from '../../models/until.ts';
import { picture } from '../../picture.ts';
import { createLiveState } from '../live-state.ts';
import { agentWith, NO_CONTROL } from './call-context.ts';

function createCalls(...tools: Tool[]) {
  const results: ToolResult[] = [];
  const confirmations: ToolConfirmation[] = [];
  const changes: StateDelta[] = [];
  const updates: ToolUpdate[] = [];
  const stopped: string[] = [];
  const link = { isOpen: true };
  const counted = { bytes: 0 };
  const calls = new ToolCalls({
    agent: agentWith(...tools),
    control: NO_CONTROL,
    state: createLiveState(),
    onStateChanged: (stateDelta) => changes.push(stateDelta),
    memory: {
      add: (bytes) => {
        counted.bytes += bytes;
      },
      release: (bytes) => {
        counted.bytes -= bytes;
      },
    },
    onConfirmed: (confirmation) => confirmations.push(confirmation),
    onResult: (result) => {
      results.push(result);
      return link.isOpen;
    },
    onUpdate: (update) => updates.push(update),
    onStopped: (ids) => stopped.push(...ids),
    onError: fail,
  });
  return {
    updates,
    stopped,
    calls,
    confirmations,
    changes,
    counted,
    link,
    start: (name: string, id = 'c1', args: Record<string, unknown> = {}) => calls.start({ id, name, args }),
    raw: (count: number) => until(() => results.length >= count && results),
    /** The results, as soon as there are that many. */
    results: async (count: number) =>
      (await until(() => results.length >= count && results)).map((each) => each.response),
    known: () => results.map((each) => each.known),
  };
}

function fail(error: unknown): never {
  throw error;
}

/** A tool whose calls the test answers one by one. */
function createPendingTool() {
  const pending: { context: ToolContext; finish: (result: unknown) => void; fail: (error: unknown) => void }[] = [];
  const wait = tool({
    name: 'wait',
    description: '',
    execute: (_args, context) =>
      new Promise((finish, fail) => {
        pending.push({ context, finish, fail });
      }),
  });
  return { wait, pending, call: (index: number) => until(() => pending[index]) };
}

const returning = (result: unknown) => tool({ name: 'give', description: '', execute: () => result });

describe('the result of a tool', () => {
  test.each<[string, unknown, Record<string, unknown>]>([
    ['an object', { time: '12:00', list: [1, null] }, { time: '12:00', list: [1, null] }],
    ['a text', 'noon', { result: 'noon' }],
    ['an array', [1, 2], { result: [1, 2] }],
    ['null', null, { result: null }],
    ['nothing', undefined, { result: null }],
    ['false', false, { result: false }],
    ['a date', new Date(0), { result: '1970-01-01T00:00:00.000Z' }],
    ['an object with toJSON', { toJSON: () => ({ x: 1 }) }, { x: 1 }],
    ['a function', () => 1, { result: null }],
  ])('that is %s reaches the model as an object', async (_what, result, response) => {
    const { start, results } = createCalls(returning(result));
    start('give', 'c7');
    expect(await results(1)).toEqual([{ id: 'c7', name: 'give', response }]);
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;

  test.each<[string, unknown]>([
    ['circular', circular],
    ['a bigint', { count: 1n }],
  ])('that is %s, which JSON cannot represent, is an error', async (_what, result) => {
    const { start, results } = createCalls(returning(result));
    start('give');
    expect(await results(1)).toEqual([{ id: 'c1', name: 'give', response: { error: expect.any(String) } }]);
  });

  test('that was thrown reaches the model as an error, whatever was thrown', async () => {
    const { start, results } = createCalls(
      tool({ name: 'a', description: '', execute: () => Promise.reject(new Error('no network')) }),
      tool({
        name: 'b',
        description: '',
        execute: () => {
          throw 'text';
        },
      }),
    );
    start('a');
    await results(1);
    start('b', 'c2');
    expect(await results(2)).toEqual([
      { id: 'c1', name: 'a', response: { error: 'no network' } },
      { id: 'c2', name: 'b', response: { error: 'text' } },
    ]);
  });

  test('is an error for wrong arguments and for a tool that the agent does not have', async () => {
    const { start, results } = createCalls(
      tool({ name: 'a', description: '', parameters: z.object({ n: z.number() }), execute: ({ n }) => n }),
    );
    start('a', 'c1', { n: 'one' });
    start('b', 'c2');
    const responses = await results(2);
    expect(responses.map(({ id }) => id).sort()).toEqual(['c1', 'c2']);
    expect(responses.find(({ id }) => id === 'c1')?.response.error).toContain('Invalid arguments');
    expect(responses.find(({ id }) => id === 'c2')?.response.error).toBe('There is no tool called b');
  });
});

describe('ToolCalls', () => {
  test('gives a tool the ids of its user, session, run and call, and the name of the agent', async () => {
    const { start, results } = createCalls(
      tool({
        name: 'who',
        description: '',
        execute: (_args, { userId, sessionId, invocationId, agentName, callId }) => ({
          ...{ userId, sessionId, invocationId, agentName, callId },
        }),
      }),
    );
    start('who', 'c9');
    const [result] = await results(1);
    expect(result?.response).toEqual({
      userId: 'ann',
      sessionId: 'default',
      invocationId: 'e-1',
      agentName: 'helper',
      callId: 'c9',
    });
  });

  test('gives a tool the state, and the result of the call carries what the tool changed', async () => {
    const { calls, start, raw } = createCalls(
      tool({
        name: 'count',
        description: '',
        execute: (_args, { state }) => {
          state.set('temp:ignored', true);
          state.set('count', state.get('count', 0) + 1);
        },
      }),
    );
    start('count', 'c1');
    start('count', 'c2');
    expect((await raw(2)).map(({ stateDelta }) => stateDelta)).toEqual([{ count: 1 }, { count: 2 }]);
    expect(calls.hasPending).toBe(true);
  });

  test('reports what a tool changed before its call was cancelled, and refuses what it changes after that', async () => {
    const late = Promise.withResolvers<unknown>();
    const { calls, start, changes } = createCalls(
      tool({
        name: 'work',
        description: '',
        execute: async (_args, { state, signal }) => {
          state.set('step', 1);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          try {
            state.set('step', 2);
          } catch (error) {
            late.resolve(error);
          }
        },
      }),
    );
    start('work');
    calls.cancel(['c1']);
    expect(changes).toEqual([{ step: 1 }]);
    expect(await late.promise).toMatchObject({ message: expect.stringContaining('has ended') });
    expect(changes).toHaveLength(1);
  });

  test('runs calls at the same time and reports each result when it arrives', async () => {
    const { wait, call } = createPendingTool();
    const { start, results } = createCalls(wait);
    start('wait', 'c1');
    start('wait', 'c2');
    (await call(1)).finish('second');
    expect((await results(1)).map(({ id }) => id)).toEqual(['c2']);
    (await call(0)).finish('first');
    expect((await results(2)).map(({ id }) => id)).toEqual(['c2', 'c1']);
  });

  test('answers a call with an error while 64 calls are running, and runs the next one when one has finished', async () => {
    const { wait, call } = createPendingTool();
    const { start, results } = createCalls(wait);
    for (let index = 0; index < 64; index += 1) start('wait', `c${index}`);
    start('wait', 'one-too-many');
    expect(await results(1)).toEqual([
      { id: 'one-too-many', name: 'wait', response: { error: 'More than 64 calls are running' } },
    ]);
    (await call(0)).finish(1);
    await results(2);
    start('wait', 'again');
    expect((await call(64)).context.callId).toBe('again');
  });

  test('runs a call once if the model repeats it while it is running, and again when it has finished', async () => {
    const { wait, pending, call } = createPendingTool();
    const { start, results } = createCalls(wait);
    for (let index = 0; index < 100; index += 1) start('wait', 'c1');
    (await call(0)).finish(1);
    await results(1);
    start('wait', 'c1');
    (await call(1)).finish(2);
    expect(await results(2)).toHaveLength(2);
    expect(pending).toHaveLength(2);
  });
});

describe('cancelling a call', () => {
  test('aborts its signal and discards its result, and affects no other call', async () => {
    const { wait, call } = createPendingTool();
    const { calls, start, results } = createCalls(wait);
    start('wait', 'c1');
    start('wait', 'c2');
    const [cancelled, other] = [await call(0), await call(1)];
    calls.cancel(['c1', 'unknown']);
    expect([cancelled.context.signal.aborted, other.context.signal.aborted]).toEqual([true, false]);
    cancelled.finish('late');
    other.finish('wanted');
    expect(await results(1)).toEqual([{ id: 'c2', name: 'wait', response: { result: 'wanted' } }]);
  });

  test('discards the error with which its tool ends', async () => {
    const { wait, call } = createPendingTool();
    const { calls, start, results } = createCalls(wait);
    start('wait', 'c1');
    const cancelled = await call(0);
    calls.cancel(['c1']);
    cancelled.fail(new Error('aborted'));
    start('wait', 'c2');
    (await call(1)).finish(1);
    expect((await results(1)).map(({ id }) => id)).toEqual(['c2']);
  });

  test('discards its late result even if another call has the same id', async () => {
    const { wait, call } = createPendingTool();
    const { calls, start, results } = createCalls(wait);
    start('wait', 'c1');
    const old = await call(0);
    calls.cancel(['c1']);
    start('wait', 'c1');
    const current = await call(1);
    old.finish('old');
    // The old result would arrive within one turn of the event loop.
    await new Promise(setImmediate);
    current.finish('new');
    expect(await results(1)).toEqual([{ id: 'c1', name: 'wait', response: { result: 'new' } }]);
  });

  test('with cancelAll aborts every call', async () => {
    const { wait, pending, call } = createPendingTool();
    const { calls, start } = createCalls(wait);
    start('wait', 'c1');
    start('wait', 'c2');
    await call(1);
    calls.cancelAll();
    expect(pending.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
  });
});

describe('when the connection is lost', () => {
  test('running calls of the open exchange are cancelled, and its results are handed over once', async () => {
    const { wait, call } = createPendingTool();
    const { calls, start, results } = createCalls(wait, returning({ pears: 3 }));
    start('wait', 'slow');
    start('give', 'quick');
    const response = { id: 'quick', name: 'give', response: { pears: 3 } };
    expect(await results(1)).toEqual([response]);
    expect(calls.interruptExchange()).toEqual({ cancelled: ['slow'], results: [response] });
    expect((await call(0)).context.signal.aborted).toBe(true);
    expect(calls.interruptExchange()).toEqual({ cancelled: [], results: [] });
    expect(calls.reconnect()).toEqual([]);
  });

  test('a call of an earlier exchange goes on, and its result is sent as text, because no other connection knows the call', async () => {
    const { wait, call } = createPendingTool();
    const { calls, link, start, results } = createCalls(wait);
    start('wait');
    calls.completeExchange();
    link.isOpen = false;
    expect(calls.interruptExchange()).toEqual({ cancelled: [], results: [] });
    (await call(0)).finish({ pears: 3 });
    await results(1);
    const response = { id: 'c1', name: 'wait', response: { pears: 3 } };
    expect(calls.reconnect()).toEqual([{ response, known: false, nonBlocking: false }]);
  });

  test('a call that is still running when another connection opens reports its result as unknown there', async () => {
    const { wait, call } = createPendingTool();
    const { calls, start, results, known } = createCalls(wait);
    start('wait');
    calls.completeExchange();
    calls.reconnect();
    (await call(0)).finish(1);
    await results(1);
    expect(known()).toEqual([false]);
  });

  test('a result that was sent is repeated as text until the model has completed an exchange', async () => {
    const { wait, call } = createPendingTool();
    const { calls, start, results } = createCalls(wait);
    start('wait');
    calls.completeExchange();
    (await call(0)).finish(1);
    await results(1);
    const response = { id: 'c1', name: 'wait', response: { result: 1 } };
    expect(calls.reconnect()).toEqual([{ response, known: false, nonBlocking: false }]);
    expect(calls.reconnect()).toEqual([{ response, known: false, nonBlocking: false }]);
    calls.completeExchange();
    expect(calls.reconnect()).toEqual([]);
  });

  test('a result that no connection has received survives the end of its exchange', async () => {
    const { calls, link, start, results } = createCalls(returning(1));
    link.isOpen = false;
    start('give');
    await results(1);
    calls.completeExchange();
    expect(calls.reconnect()).toEqual([
      { response: { id: 'c1', name: 'give', response: { result: 1 } }, known: false, nonBlocking: false },
    ]);
  });

  test('64 results are kept, the latest, in the order in which they arrived', async () => {
    const { calls, start, results } = createCalls(returning(1));
    for (let index = 0; index < 72; index += 1) {
      start('give', `c${index}`);
      await results(index + 1);
    }
    const kept = calls.interruptExchange().results.map(({ id }) => id);
    expect(kept).toEqual(Array.from({ length: 64 }, (_, index) => `c${index + 8}`));
  });
});

test('any sequence of calls, results and connections: each result is sent or replayed, and sent as the result of its call at most once', async () => {
  const step = fc.constantFrom('start', 'finish', 'complete', 'lose', 'reconnect');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { wait, pending } = createPendingTool();
      const sent: { id: string; known: boolean }[] = [];
      const replayed: string[] = [];
      const finished: string[] = [];
      let started = 0;
      let isOpen = true;
      const send = ({ response, known }: ToolResult) => sent.push({ id: response.id, known });
      const calls = new ToolCalls({
        agent: agentWith(wait),
        control: NO_CONTROL,
        state: createLiveState(),
        onStateChanged: () => {},
        onConfirmed: () => undefined,
        onUpdate: () => undefined,
        onStopped: () => undefined,
        onResult: (result) => isOpen && send(result) > 0,
        onError: fail,
      });
      for (const each of [...steps, 'lose', 'reconnect']) {
        if (each === 'start') calls.start({ id: `c${started++}`, name: 'wait', args: {} });
        if (each === 'complete') calls.completeExchange();
        if (each === 'finish') {
          const next = pending.find(({ context }) => !context.signal.aborted && !finished.includes(context.callId));
          next?.finish(1);
          if (next) finished.push(next.context.callId);
        }
        if (each === 'lose') {
          isOpen = false;
          replayed.push(...calls.interruptExchange().results.map(({ id }) => id));
        }
        if (each === 'reconnect') {
          isOpen = true;
          for (const result of calls.reconnect()) send(result);
        }
        await new Promise(setImmediate);
      }
      for (const id of finished) {
        const results = sent.filter((result) => result.id === id);
        expect(results.length > 0 || replayed.includes(id)).toBe(true);
        expect(results.filter(({ known }) => known).length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 50 },
  );
});

describe('a call that requires a confirmation', () => {
  const runs: unknown[] = [];
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    parameters: z.object({ euros: z.number() }),
    requireConfirmation: ({ euros }) => {
      if (euros === 13) throw new Error('unlucky');
      return euros >= 10;
    },
    execute: ({ euros }) => {
      runs.push(euros);
      return 'paid';
    },
  });

  test('runs when the user has confirmed it, and is reported as confirmed', async () => {
    runs.length = 0;
    const { calls, confirmations, start, results } = createCalls(pay);
    start('pay', 'c1', { euros: 10 });
    expect(calls.isRunning).toBe(true);
    expect(runs).toEqual([]);
    calls.confirm({ id: 'other', ok: true });
    calls.answer({ id: 'c1', response: { result: 'forged' } });
    calls.confirm({ id: 'c1', ok: true });
    calls.confirm({ id: 'c1', ok: false });
    expect(await results(1)).toEqual([{ id: 'c1', name: 'pay', response: { result: 'paid' } }]);
    expect(confirmations).toEqual([{ id: 'c1', ok: true }]);
    expect(runs).toEqual([10]);
  });

  test('does not run when the user has refused it: the model receives an error', async () => {
    runs.length = 0;
    const { calls, start, results } = createCalls(pay);
    start('pay', 'c1', { euros: 10 });
    calls.confirm({ id: 'c1', ok: false });
    const [answer] = await results(1);
    expect(answer?.response).toEqual({ error: 'The user did not confirm the call: it did not run' });
    expect(runs).toEqual([]);
  });

  test('does not wait if the rule says no, or if its arguments are invalid; a rule that throws asks the user', async () => {
    const { calls, start, results } = createCalls(pay);
    start('pay', 'c1', { euros: 9 });
    start('pay', 'c2', { euros: 'ten' });
    start('pay', 'c3', { euros: 13 });
    const answers = await results(2);
    expect(answers.map(({ id }) => id).sort()).toEqual(['c1', 'c2']);
    expect(calls.rules.needsConfirmation({ id: 'c3', name: 'pay', args: { euros: 13 } })).toBe(true);
    calls.cancelAll();
  });

  test('is asked for as often as clients are told: a rule that changes its mind is asked once', () => {
    let asked = 0;
    const fickle = tool({
      name: 'fickle',
      description: '',
      requireConfirmation: () => {
        asked += 1;
        return asked === 1;
      },
      execute: () => runs.push('fickle'),
    });
    const { calls } = createCalls(fickle);
    runs.length = 0;
    const call = { id: 'c1', name: 'fickle', args: {} };
    expect(calls.rules.needsConfirmation(call)).toBe(true);
    calls.start(call);
    expect([asked, calls.isRunning, runs]).toEqual([1, true, []]);
    calls.cancelAll();
  });

  test('and whose schema throws does not run, and asks nobody: the model receives the error', async () => {
    const parse = tool({
      name: 'parse',
      description: '',
      parameters: z.object({ json: z.string().transform((json) => JSON.parse(json)) }),
      requireConfirmation: true,
      execute: () => 'parsed',
    });
    const { start, results } = createCalls(parse);
    start('parse', 'c1', { json: '{' });
    expect((await results(1))[0]?.response).toEqual({ error: expect.stringContaining('JSON') });
  });

  test('that the model cancels is over: a later answer of the user has no effect', async () => {
    runs.length = 0;
    const { calls, confirmations, start } = createCalls(pay);
    start('pay', 'c1', { euros: 10 });
    calls.cancel(['c1']);
    calls.confirm({ id: 'c1', ok: true });
    expect(calls.isRunning).toBe(false);
    expect([runs, confirmations]).toEqual([[], []]);
  });

  test('outlives its exchange, and is cancelled if the exchange is repeated', () => {
    const { calls, start } = createCalls(pay);
    start('pay', 'c1', { euros: 10 });
    calls.completeExchange();
    expect([calls.isRunning, calls.hasPending]).toEqual([false, true]);
    start('pay', 'c2', { euros: 20 });
    expect(calls.interruptExchange().cancelled).toEqual(['c2']);
    calls.cancelAll();
  });

  test('that nobody answers within 5 minutes does not run: the model receives an error', async () => {
    runs.length = 0;
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick', 'setImmediate', 'performance'] });
    try {
      const { calls, start, results } = createCalls(pay);
      start('pay', 'c1', { euros: 10 });
      jest.advanceTimersByTime(299_999);
      expect(calls.hasPending && runs.length).toBe(0);
      jest.advanceTimersByTime(1);
      jest.useRealTimers();
      const [answer] = await results(1);
      expect(answer?.response).toEqual({ error: 'Nobody confirmed the call within 5 minutes: it did not run' });
      calls.confirm({ id: 'c1', ok: true });
      expect(runs).toEqual([]);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('the pictures of results', () => {
  const length = 1_000_000;
  const image = { mimeType: 'image/png', data: picture('image/png', (length / 4) * 3) };
  const draw = tool({ name: 'give', description: '', execute: () => toolResult({ images: [image] }) });

  test('are kept to be repeated up to a limit, the newest ones, and are counted until the run is over', async () => {
    const { calls, counted, start, results } = createCalls(draw);
    for (let index = 1; index <= 6; index += 1) {
      start('give', `c${index}`);
      await results(index);
    }
    expect(counted.bytes).toBe(4 * length);
    const kept = calls.reconnect().map(({ response }) => response.parts?.length ?? -(response.pictures ?? 0));
    expect(kept).toEqual([-1, -1, 1, 1, 1, 1]);
    calls.close();
    expect(counted.bytes).toBe(0);
  });

  test('are forgotten when the exchange is complete', async () => {
    const { calls, counted, start, results } = createCalls(draw);
    start('give');
    await results(1);
    expect(counted.bytes).toBe(length);
    calls.completeExchange();
    expect(counted.bytes).toBe(0);
  });
});
