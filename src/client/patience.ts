/** How long POSTs are waited for, by how long others took. All times are ms, all sizes bytes. */
export interface Patience {
  /** Of the last POST that was answered. */
  readonly roundTripMs: number | undefined;
  /** One was answered. */
  answered(bytes: number, tookMs: number): void;
  /** How long this try of one may take until it is answered. @param attempt from 1 */
  of(bytes: number, attempt: number): number;
}

/** How long an answer may take at the most, beside what the body takes to get there. */
export const TIME_OUT_MS = 8_000;
/** What the way up carries at the least, a millisecond: a picture over a slow line is not to begin anew every 8 s. */
const SLOWEST = 8;
/** Where it was seen to be faster, it may have become so many times slower. */
const SLOWED = 8;
/** Where the last answer came soon: the least, so many times what that took, and how often in a row. */
const LEAST_TIME_OUT_MS = 2_000;
const ROUND_TRIPS = 4;
const QUICK_TRIES = 2;
/** A POST that takes longer, beside what its body takes, is not well where the way is not known. */
const SLOW_MS = 500;

/**
 * Where answers come soon, one that does not may be due to a connection that is dead, and is not waited for as long as where nothing is
 * known; but not for ever: the network may have become slow.
 */
export function createPatience(): Patience {
  let roundTripMs: number | undefined;
  /** Bytes a millisecond, at the least: round trips are in it. */
  let fastest = 0;
  return {
    get roundTripMs() {
      return roundTripMs;
    },
    answered(bytes, tookMs) {
      // The clocks of some browsers are coarse.
      roundTripMs = Math.max(1, tookMs);
      fastest = Math.max(fastest, bytes / roundTripMs);
    },
    of(bytes, attempt) {
      if (roundTripMs === undefined || attempt > QUICK_TRIES) return patienceFor(bytes);
      const answerMs = Math.min(TIME_OUT_MS, Math.max(LEAST_TIME_OUT_MS, ROUND_TRIPS * roundTripMs));
      return answerMs + bytes / Math.max(SLOWEST, fastest / SLOWED);
    },
  };
}

/** How long a POST may take where nothing is known of the way. */
export function patienceFor(bytes: number): number {
  return TIME_OUT_MS + bytes / SLOWEST;
}

/** After how long without an answer another way is looked for. */
export function slowAfter(bytes: number): number {
  return SLOW_MS + bytes / SLOWEST;
}
