const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/**
 * How long to wait before try number `attempt` (from 1), ms: anything up to a bound that doubles from 0.2 s to 10 s. Spread over all of it
 * ("full jitter"), so that the clients that lost the same server do not come back in the same instant.
 */
export function fullJitter(attempt: number, random: () => number): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
