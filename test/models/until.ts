import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a condition; jest's time-out is the only limit, so that a slow machine changes nothing. What a failed test still
 * waits for keeps no process alive.
 */
export async function until<T>(condition: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    await delay(5, undefined, { ref: false });
  }
}
