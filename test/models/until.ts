import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls a condition until its value is neither undefined nor false, and returns the value. jest's time limit is the only one, so that a slow machine
 * changes nothing. A failed test that still waits keeps no process alive.
 */
export async function until<T>(condition: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    await delay(5, undefined, { ref: false });
  }
}
