import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { violationsOf } from './checker.ts';
import { installFakeClock, timers } from './fake-clock.ts';
import { courses, setups } from './steps.ts';

// What is loaded after this goes by the fake clock.
installFakeClock();
const { simulate } = await import('./simulation.ts');

/** How many conversations: more for a long hunt. */
const RUNS = Number(process.env.CONTRACT_RUNS ?? 20);

test('whatever the network does: every item is applied once and in order, every entry is told once and in order', async () => {
  const before = timers();
  await fc.assert(
    fc.asyncProperty(setups, courses, async (setup, steps) => {
      const history = await simulate(setup, steps);
      expect(violationsOf(history)).toEqual([]);
      expect(timers()).toBe(before);
    }),
    { numRuns: RUNS },
  );
}, 86_400_000);
