const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/**
 * How long to wait before try number `attempt` (from 1), ms: anything up to a bound that doubles from 0.2 s to 10 s. Spread over all of it
 * ("full jitter"), so that the clients that lost the same server do not come back in the same instant.
 */
export function fullJitter(attempt: number, random: () => number): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
}

/** Resolves after `ms`, or at once when one of `signals` is aborted. (`AbortSignal.any` is missing in browsers that are not very new.) */
export function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener('abort', done);
    if (signals.some(({ aborted }) => aborted)) done();
  });
}
