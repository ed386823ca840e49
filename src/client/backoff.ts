const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/**
 * Delay before an attempt, in ms: a random part of a bound that doubles from 0.2 s to 10 s. The delay is spread over the whole bound ("full
 * jitter"), so that clients that lost the same server do not return in the same instant.
 * @param attempt number of the attempt, from 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitter(attempt: number, random: () => number): number {
  return random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10));
}

/** Resolves after `ms`, or at once when one of `signals` is aborted. (`AbortSignal.any` is missing in browsers of 2023 and before.) */
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
