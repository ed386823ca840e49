import { jest } from '@jest/globals';

/** Turns of the event loop in which nothing moves, before it is taken to be still. */
const STILL_TURNS = 3;
/** Turns without a moment of time: more, and something is asked for again and again. */
const MAX_TURNS = 3_000;
/** Timers in one stretch of time: more, and something waits for nothing again and again. */
const MAX_TIMERS = 100_000;

let moves = 0;

/**
 * Has time stand still but for `pass`: timers, dates and `performance` are fake, so that a run takes the same course every time. The event
 * loop is real: streams in memory flow in its turns. To be called before what sets timers is loaded.
 */
export function installFakeClock(): void {
  jest.useFakeTimers({
    now: 1_800_000_000_000,
    doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'hrtime'],
  });
}

/** Records activity in memory, so that the event loop does not count as idle yet. */
export function stir(): void {
  moves += 1;
}

/** Resolves when everything has happened that happens without time passing. */
export async function settle(): Promise<void> {
  for (let still = 0, turns = 0; still < STILL_TURNS; still += 1, turns += 1) {
    if (turns > MAX_TURNS) throw new Error('the event loop does not come to rest: something asks again and again');
    const before = moves;
    await new Promise((resolve) => setImmediate(resolve));
    if (moves !== before) still = -1;
  }
}

/** Lets time go by, ms: each timer has its effects before the next one goes off. */
export async function pass(ms: number): Promise<void> {
  let over = false;
  setTimeout(() => {
    over = true;
  }, ms);
  await settle();
  for (let timers = 0; !over; timers += 1) {
    if (timers > MAX_TIMERS) throw new Error(`more than ${MAX_TIMERS} timers went off in ${ms} ms`);
    jest.advanceTimersToNextTimer();
    await settle();
  }
}

/** Timers that wait. */
export function timers(): number {
  return jest.getTimerCount();
}
