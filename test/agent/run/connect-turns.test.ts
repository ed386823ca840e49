import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ConnectTurns } from '../../../src/agent/run/connect-turns.ts';

test('one run connects at once, and the others one in each turn of the event loop, in the order in which they came', async () => {
  const turns = new ConnectTurns();
  const begun: number[] = [];
  const runs = Array.from({ length: 4 }, async (_, index) => {
    await turns.take();
    begun.push(index);
  });
  await Promise.resolve();
  expect(begun).toEqual([0]);
  await nextTurn();
  expect(begun).toEqual([0, 1]);
  await Promise.all(runs);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('a run that comes alone connects at once, also after many have connected', async () => {
  const turns = new ConnectTurns();
  await Promise.all(Array.from({ length: 10 }, () => turns.take()));
  await nextTurn();
  await nextTurn();
  expect(turns.take()).toBeUndefined();
});
