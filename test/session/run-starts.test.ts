import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { RunStarts } from '../../src/session/run-starts.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Sets the clock of `performance.now()`. @returns function that moves it forward by some ms */
function setClock(): (ms: number) => void {
  let now = 1_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  return (ms) => {
    now += ms;
  };
}

test('a single run starts within two turns of the event loop', async () => {
  const starts = new RunStarts();
  const start = jest.fn();
  starts.add(start);
  expect(start).not.toHaveBeenCalled();
  await nextTurn();
  await nextTurn();
  expect(start).toHaveBeenCalledTimes(1);
  await nextTurn();
  expect(start).toHaveBeenCalledTimes(1);
});

test('no run starts while sessions are opened; afterwards one starts in each turn, the longest waiting first', async () => {
  setClock();
  const starts = new RunStarts();
  const started: number[] = [];
  for (let index = 0; index < 50; index += 1) {
    starts.add(() => started.push(index));
    await nextTurn();
  }
  expect(started).toEqual([]);
  for (let count = 1; count <= 50; count += 1) {
    await nextTurn();
    expect(started).toHaveLength(count);
  }
  expect(started).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

test('a run that has waited for two seconds starts although sessions are opened, and younger ones wait', async () => {
  const moveClock = setClock();
  const starts = new RunStarts();
  const old = [jest.fn(), jest.fn()];
  const young = jest.fn();
  for (const start of old) starts.add(start);
  for (let turn = 0; turn < 20; turn += 1) {
    moveClock(99);
    starts.add(young);
    await nextTurn();
  }
  for (const start of old) expect(start).not.toHaveBeenCalled();
  moveClock(20);
  starts.add(young);
  await nextTurn();
  for (const start of old) expect(start).toHaveBeenCalledTimes(1);
  expect(young).not.toHaveBeenCalled();
});

test('a run that was removed does not start', async () => {
  const starts = new RunStarts();
  const [removed, other] = [jest.fn(), jest.fn()];
  const remove = starts.add(removed);
  starts.add(other);
  remove();
  for (let turn = 0; turn < 4; turn += 1) await nextTurn();
  expect(removed).not.toHaveBeenCalled();
  expect(other).toHaveBeenCalledTimes(1);
});

test('a run that starts may add another one, which takes its turn', async () => {
  const starts = new RunStarts();
  const second = jest.fn();
  starts.add(() => starts.add(second));
  await nextTurn();
  await nextTurn();
  expect(second).not.toHaveBeenCalled();
  await nextTurn();
  await nextTurn();
  expect(second).toHaveBeenCalledTimes(1);
});

test('each run starts in the asynchronous context in which it was added, whoever scheduled the turn', async () => {
  const users = new AsyncLocalStorage<string>();
  const starts = new RunStarts();
  const seen: (string | undefined)[] = [];
  for (const user of ['ann', 'ben']) users.run(user, () => starts.add(() => seen.push(users.getStore())));
  starts.add(() => seen.push(users.getStore()));
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  expect(seen).toEqual(['ann', 'ben', undefined]);
});
