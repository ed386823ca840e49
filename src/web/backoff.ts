const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * How long to wait before try number `attempt` (from 1): doubling, and spread at random over its upper half, so that the
 * browsers that lost the same server do not come back in the same instant.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  return longest * (0.5 + 0.5 * random());
}
