import { expect, test } from '@jest/globals';
import * as z from 'zod';
import { type Tool, type ToolContext, tool } from '../../src/agent/tool.ts';
import { ToolRunner } from '../../src/agent/tool-runner.ts';
import type { FunctionResponse } from '../../src/wire/agent-event.ts';
import { until } from '../models/until.ts';

function run(...tools: Tool[]) {
  const results: FunctionResponse[] = [];
  const runner = new ToolRunner({
    tools,
    userId: 'ann',
    sessionId: 'default',
    onResult: (result) => results.push(result),
  });
  return {
    runner,
    results,
    start: (name: string, id = 'c1', args: Record<string, unknown> = {}) => runner.start({ id, name, args }),
    /** The results, as soon as there are that many. */
    first: (count: number) => until(() => results.length >= count && results),
  };
}

/** A tool whose calls the test answers one by one. */
function pending() {
  const calls: { context: ToolContext; finish: (result: unknown) => void; fail: (error: unknown) => void }[] = [];
  const it = tool({
    name: 'wait',
    description: '',
    execute: (_args, context) =>
      new Promise((finish, fail) => {
        calls.push({ context, finish, fail });
      }),
  });
  return { tool: it, calls, call: (index: number) => until(() => calls[index]) };
}

const returning = (result: unknown) => tool({ name: 'give', description: '', execute: () => result });

test.each<[string, unknown, Record<string, unknown>]>([
  ['an object', { time: '12:00', list: [1, null] }, { time: '12:00', list: [1, null] }],
  ['a text', 'noon', { result: 'noon' }],
  ['an array', [1, 2], { result: [1, 2] }],
  ['null', null, { result: null }],
  ['nothing', undefined, { result: null }],
  ['false', false, { result: false }],
  ['a date', new Date(0), { result: '1970-01-01T00:00:00.000Z' }],
  ['an object that knows its JSON', { toJSON: () => ({ x: 1 }) }, { x: 1 }],
  ['a function', () => 1, { result: null }],
])('ToolRunner gives a result that is %s to the model as an object', async (_what, result, response) => {
  const { start, first } = run(returning(result));
  start('give', 'c7');
  expect(await first(1)).toEqual([{ id: 'c7', name: 'give', response }]);
});

const circular: { self?: unknown } = {};
circular.self = circular;

test.each<[string, unknown]>([
  ['circular', circular],
  ['a bigint', { count: 1n }],
])('ToolRunner with a result that is %s, which no JSON can hold, gives an error', async (_what, result) => {
  const { start, first } = run(returning(result));
  start('give');
  expect(await first(1)).toEqual([{ id: 'c1', name: 'give', response: { error: expect.any(String) } }]);
});

test('ToolRunner with a tool that throws gives its message as error, whatever was thrown', async () => {
  const { start, first } = run(
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
  await first(1);
  start('b', 'c2');
  expect(await first(2)).toEqual([
    { id: 'c1', name: 'a', response: { error: 'no network' } },
    { id: 'c2', name: 'b', response: { error: 'text' } },
  ]);
});

test('ToolRunner with arguments that are wrong, or a tool that it has not, gives an error', async () => {
  const { start, first } = run(
    tool({ name: 'a', description: '', parameters: z.object({ n: z.number() }), execute: ({ n }) => n }),
  );
  start('a', 'c1', { n: 'one' });
  start('b', 'c2');
  const results = await first(2);
  expect(results.map(({ id }) => id).sort()).toEqual(['c1', 'c2']);
  expect(results.find(({ id }) => id === 'c1')?.response.error).toContain('Invalid arguments');
  expect(results.find(({ id }) => id === 'c2')?.response.error).toBe('There is no tool called b');
});

test('ToolRunner tells a tool whose call it is', async () => {
  const { start, first } = run(
    tool({
      name: 'who',
      description: '',
      execute: (_args, { userId, sessionId, callId }) => ({ userId, sessionId, callId }),
    }),
  );
  start('who', 'c9');
  expect((await first(1))[0]?.response).toEqual({ userId: 'ann', sessionId: 'default', callId: 'c9' });
});

test('ToolRunner runs calls at the same time, and gives each result as it comes', async () => {
  const waiting = pending();
  const { start, first } = run(waiting.tool);
  start('wait', 'c1');
  start('wait', 'c2');
  (await waiting.call(1)).finish('second');
  expect((await first(1)).map(({ id }) => id)).toEqual(['c2']);
  (await waiting.call(0)).finish('first');
  expect((await first(2)).map(({ id }) => id)).toEqual(['c2', 'c1']);
});

test('ToolRunner that cancels a call aborts its signal and drops its result, and no other', async () => {
  const waiting = pending();
  const { runner, start, first } = run(waiting.tool);
  start('wait', 'c1');
  start('wait', 'c2');
  const [cancelled, other] = [await waiting.call(0), await waiting.call(1)];
  runner.cancel(['c1', 'unknown']);
  expect([cancelled.context.signal.aborted, other.context.signal.aborted]).toEqual([true, false]);
  cancelled.finish('late');
  other.finish('wanted');
  expect(await first(1)).toEqual([{ id: 'c2', name: 'wait', response: { result: 'wanted' } }]);
});

test('ToolRunner drops the error, too, with which a cancelled tool ends', async () => {
  const waiting = pending();
  const { runner, start, first } = run(waiting.tool);
  start('wait', 'c1');
  const cancelled = await waiting.call(0);
  runner.cancel(['c1']);
  cancelled.fail(new Error('aborted'));
  start('wait', 'c2');
  (await waiting.call(1)).finish(1);
  expect((await first(1)).map(({ id }) => id)).toEqual(['c2']);
});

test('ToolRunner drops the late result of a cancelled call even if its id was given to another call', async () => {
  const waiting = pending();
  const { runner, start, first } = run(waiting.tool);
  start('wait', 'c1');
  const old = await waiting.call(0);
  runner.cancel(['c1']);
  start('wait', 'c1');
  const current = await waiting.call(1);
  old.finish('old');
  // A turn of the event loop, in which the old result would arrive.
  await new Promise(setImmediate);
  current.finish('new');
  expect(await first(1)).toEqual([{ id: 'c1', name: 'wait', response: { result: 'new' } }]);
});

test('ToolRunner with 32 calls running answers one more with an error, and takes another once one is done', async () => {
  const waiting = pending();
  const { start, first } = run(waiting.tool);
  for (let index = 0; index < 32; index += 1) start('wait', `c${index}`);
  start('wait', 'one-too-many');
  expect(await first(1)).toEqual([
    { id: 'one-too-many', name: 'wait', response: { error: 'More than 32 calls are running' } },
  ]);
  (await waiting.call(0)).finish(1);
  await first(2);
  start('wait', 'again');
  expect((await waiting.call(32)).context.callId).toBe('again');
});

test('ToolRunner with a call that comes again while it runs runs it once', async () => {
  const waiting = pending();
  const { start, first } = run(waiting.tool);
  for (let index = 0; index < 100; index += 1) start('wait', 'c1');
  (await waiting.call(0)).finish(1);
  await first(1);
  start('wait', 'c1');
  (await waiting.call(1)).finish(2);
  expect(await first(2)).toHaveLength(2);
  expect(waiting.calls).toHaveLength(2);
});

test('ToolRunner that cancels all aborts each of them', async () => {
  const waiting = pending();
  const { runner, start } = run(waiting.tool);
  start('wait', 'c1');
  start('wait', 'c2');
  await waiting.call(1);
  runner.cancelAll();
  expect(waiting.calls.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
});
