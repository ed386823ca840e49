import { expect, test } from '@jest/globals';
import { RunEvents } from '../../../src/agent/run/run-events.ts';
import { AsyncQueue } from '../../../src/models/async-queue.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';

const event = (id: string): AgentEvent => ({ id, invocationId: 'e-1', author: 'agent', timestamp: 1 });

/** A run whose events come from a queue, and what happened to it. */
function scriptedRun(finish: () => Promise<void> = async () => {}) {
  const queue = new AsyncQueue<AgentEvent>(100);
  const calls: string[] = [];
  const run = {
    start(onEnd: () => Promise<void>) {
      calls.push('start');
      queue.onEnd(onEnd);
      return queue;
    },
    async finish() {
      calls.push('finish');
      await finish();
      calls.push('finished');
      queue.end();
    },
  };
  return { queue, calls, run, events: new RunEvents(() => run) };
}

test('a run starts with the first call of next, and is finished before the reader learns of its end', async () => {
  const { queue, calls, events } = scriptedRun(() => new Promise((resolve) => setImmediate(resolve)));
  expect(calls).toEqual([]);
  const first = events.next();
  queue.push(event('1'));
  queue.end();
  expect(await first).toEqual({ value: event('1'), done: false });
  expect(calls).toEqual(['start']);
  expect(await events.next()).toEqual({ value: undefined, done: true });
  expect(calls).toEqual(['start', 'finish', 'finished']);
  expect(await events.next()).toEqual({ value: undefined, done: true });
  expect(calls).toEqual(['start', 'finish', 'finished']);
});

test('the error of a run is thrown once, after the run is finished', async () => {
  const { queue, calls, events } = scriptedRun();
  const reading = events.next();
  queue.end(new Error('lost'));
  await expect(reading).rejects.toThrow('lost');
  expect(calls).toEqual(['start', 'finish', 'finished']);
  expect(await events.next()).toEqual({ value: undefined, done: true });
});

test('an error while the run is finished takes the place of its end', async () => {
  const { queue, events } = scriptedRun(() => Promise.reject(new Error('not stored')));
  const reading = events.next();
  queue.end();
  await expect(reading).rejects.toThrow('not stored');
});

test('a loop that is left finishes the run, and reads no more of it', async () => {
  const { queue, calls, events } = scriptedRun();
  for (const id of ['1', '2']) queue.push(event(id));
  for await (const { id } of events) {
    expect(id).toBe('1');
    break;
  }
  expect(calls).toEqual(['start', 'finish', 'finished']);
  expect(await events.next()).toEqual({ value: undefined, done: true });
});

test('a run that is left before its start never starts', async () => {
  const { calls, events } = scriptedRun();
  expect(await events.return()).toEqual({ value: undefined, done: true });
  expect(await events.next()).toEqual({ value: undefined, done: true });
  expect(calls).toEqual([]);
});

test('throw finishes the run and rejects with its error', async () => {
  const { queue, calls, events } = scriptedRun();
  queue.push(event('1'));
  await events.next();
  await expect(events.throw(new Error('mine'))).rejects.toThrow('mine');
  expect(calls).toEqual(['start', 'finish', 'finished']);
});

test('the first next rejects with what the creation of the run throws, and the events are over', async () => {
  const events = new RunEvents(() => {
    throw new Error('invalid');
  });
  await expect(events.next()).rejects.toThrow('invalid');
  expect(await events.next()).toEqual({ value: undefined, done: true });
});

test('several calls of next get the events in their order', async () => {
  const { queue, events } = scriptedRun();
  const reading = [events.next(), events.next(), events.next()];
  for (const id of ['1', '2']) queue.push(event(id));
  queue.end();
  const results = await Promise.all(reading);
  expect(results.map(({ value }) => value?.id)).toEqual(['1', '2', undefined]);
});

test('several calls of next get the events in their order while the run is being opened', async () => {
  const { queue, run } = scriptedRun();
  const events = new RunEvents(async () => run);
  const reading = [events.next(), events.next(), events.next(), events.next()];
  for (const id of ['1', '2']) queue.push(event(id));
  queue.end();
  const results = await Promise.all(reading);
  expect(results.map(({ value }) => value?.id)).toEqual(['1', '2', undefined, undefined]);
});

test('a run that is left while it is being opened is finished before return resolves, and never starts', async () => {
  const { calls, run } = scriptedRun(() => new Promise((resolve) => setImmediate(resolve)));
  const opening = Promise.withResolvers<typeof run>();
  const events = new RunEvents(() => opening.promise);
  const reading = [events.next(), events.next()];
  const left = events.return().then(() => calls.push('left'));
  setImmediate(() => opening.resolve(run));
  await left;
  expect(calls).toEqual(['finish', 'finished', 'left']);
  for (const result of await Promise.all(reading)) expect(result).toEqual({ value: undefined, done: true });
});

test('an error while the run is being opened rejects the first next alone', async () => {
  const events = new RunEvents(() => Promise.reject(new Error('no tools')));
  const calls = await Promise.allSettled([events.next(), events.next(), events.return(), events.next()]);
  expect(calls.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(calls[1]).toEqual({ status: 'fulfilled', value: { value: undefined, done: true } });
});
