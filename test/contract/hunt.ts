import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findViolations } from './checker.ts';
import { installFakeClock, timers } from './fake-clock.ts';
import { courses, setups } from './steps.ts';

// Install the fake clock first, because modules that are loaded later must use it.
installFakeClock();
const { simulate } = await import('./simulation.ts');

/** Seed of the conversations. It is fixed, so that a run that fails does so because of a change and not by chance. */
const SEED = 20_261_129;

/**
 * Defines the test that simulates conversations by chance and has the checker look for violations.
 * `CONTRACT_SEED` in the environment chooses other conversations: a number, or `random`.
 * @param conversations how many; `CONTRACT_RUNS` in the environment overrides it
 */
export function testSimulatedConversations(conversations: number): void {
  const numRuns = Number(process.env.CONTRACT_RUNS ?? conversations);
  const { CONTRACT_SEED = SEED } = process.env;
  const chosen = CONTRACT_SEED === 'random' ? {} : { seed: Number(CONTRACT_SEED) };
  test('every item is applied, and every entry delivered, once and in order, whatever the network does', async () => {
    const before = timers();
    await fc.assert(
      fc.asyncProperty(setups, courses, async (setup, steps) => {
        const history = await simulate(setup, steps);
        expect(findViolations(history)).toEqual([]);
        expect(timers()).toBe(before);
      }),
      { numRuns, ...chosen },
    );
  }, 86_400_000);
}
