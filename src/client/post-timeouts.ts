/** Time-out of a POST beside the transfer time of its body, in ms. */
export const POST_TIMEOUT_MS = 8_000;
/** Assumed minimum bandwidth up, in bytes per ms: an image over a slow network must not start again every 8 s. */
const MIN_BYTES_PER_MS = 8;
/** Factor by which the bandwidth may have dropped since it was measured. */
const SLOWDOWN = 8;
/** Minimum time-out after an answer, in ms. */
const MIN_TIMEOUT_MS = 2_000;
/** Time-out after an answer, in round trips. */
const TIMEOUT_ROUND_TRIPS = 4;
/** Number of attempts with the shorter time-out. */
const QUICK_ATTEMPTS = 2;
/** Time beside the transfer of the body after which a POST over an unknown network counts as slow, in ms. */
const SLOW_MS = 500;

/**
 * Time-outs of POSTs, derived from the answers so far. Where answers come soon, a late answer means a dead connection and the time-out is
 * short. After two attempts the long time-out returns: the network may have become slow.
 */
export class PostTimeouts {
  #roundTripMs: number | undefined;
  /** Highest measured bandwidth, in bytes per ms. Round trips are included, so the true bandwidth is higher. */
  #bytesPerMs = 0;

  /** Duration of the last POST that was answered, in ms. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  onAnswered(bytes: number, tookMs: number): void {
    // The clocks of some browsers are coarse and may report 0.
    this.#roundTripMs = Math.max(1, tookMs);
    this.#bytesPerMs = Math.max(this.#bytesPerMs, bytes / this.#roundTripMs);
  }

  /** Time-out of an attempt, in ms. @param attempt from 1 */
  timeoutMs(bytes: number, attempt: number): number {
    if (this.#roundTripMs === undefined || attempt > QUICK_ATTEMPTS) return defaultTimeoutMs(bytes);
    const answerMs = Math.min(POST_TIMEOUT_MS, Math.max(MIN_TIMEOUT_MS, TIMEOUT_ROUND_TRIPS * this.#roundTripMs));
    return answerMs + bytes / Math.max(MIN_BYTES_PER_MS, this.#bytesPerMs / SLOWDOWN);
  }
}

/** Time-out of a POST over an unknown network, in ms. */
export function defaultTimeoutMs(bytes: number): number {
  return POST_TIMEOUT_MS + bytes / MIN_BYTES_PER_MS;
}

/** Time without an answer after which another way up is tried, in ms. */
export function slowAfterMs(bytes: number): number {
  return SLOW_MS + bytes / MIN_BYTES_PER_MS;
}
