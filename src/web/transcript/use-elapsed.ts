import { useEffect, useReducer } from 'preact/hooks';

/** Interval at which the duration of what runs is shown, in ms. */
const TICK_MS = 1_000;

/**
 * Returns a duration in ms, which grows while something runs. In the first second there is none yet.
 * @param startedAt time at which it started, in ms of `performance.now()`, or undefined if that is not known
 * @param endedAt time at which it ended
 */
export function useElapsed(
  startedAt: number | undefined,
  endedAt: number | undefined,
  isRunning: boolean,
): number | undefined {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const isTicking = isRunning && startedAt !== undefined;
  useEffect(() => {
    if (!isTicking) return;
    const timer = setInterval(() => tick(undefined), TICK_MS);
    return () => clearInterval(timer);
  }, [isTicking]);
  if (startedAt === undefined) return undefined;
  if (isRunning) {
    const elapsed = performance.now() - startedAt;
    return elapsed < TICK_MS ? undefined : elapsed;
  }
  return endedAt === undefined ? undefined : endedAt - startedAt;
}
