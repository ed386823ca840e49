/** Allowance of one bucket. */
export interface Allowance {
  /** Tokens that are added in a minute. */
  readonly perMinute: number;
  /** Tokens that a full bucket holds, and that can be used at once. A new bucket is full. */
  readonly burst: number;
}

const MINUTE_MS = 60_000;
/** A whole token, less what the arithmetic may lose: after the time that `waitMs` returns there is one. */
const WHOLE_TOKEN = 1 - 1e-6;

/**
 * Limits a rate, with room for bursts (token bucket). Something may be charged while the bucket holds a token, whatever its cost: a cost
 * above the content leaves a debt, so that a single large cost is never refused for good. The debt is at most one burst.
 * @see https://en.wikipedia.org/wiki/Token_bucket
 */
export class TokenBucket {
  readonly #allowance: Allowance;
  /** Tokens at `#updatedAt`; below zero: a debt. */
  #tokens: number;
  #updatedAt: number;

  /** @param now time in ms, of a clock that never goes back. All methods use the same clock */
  constructor(allowance: Allowance, now: number) {
    this.#allowance = allowance;
    this.#tokens = allowance.burst;
    this.#updatedAt = now;
  }

  /** Tells whether the bucket holds a whole token. */
  hasToken(now: number): boolean {
    // What time has added since makes no difference then.
    if (this.#tokens >= WHOLE_TOKEN) return true;
    this.#refill(now);
    return this.#tokens >= WHOLE_TOKEN;
  }

  /** Tells whether the bucket holds all the tokens that a new one would hold. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#allowance.burst;
  }

  /** Removes tokens, whether or not there are enough. */
  charge(tokens: number, now: number): void {
    this.#refill(now);
    this.#tokens = Math.max(this.#tokens - tokens, -this.#allowance.burst);
  }

  /**
   * Removes tokens if the bucket holds at least one.
   * @returns whether they were removed
   */
  tryCharge(tokens: number, now: number): boolean {
    if (!this.hasToken(now)) return false;
    this.charge(tokens, now);
    return true;
  }

  /** Time until the bucket holds a token again, in whole ms; 0 if it holds one now. */
  waitMs(now: number): number {
    if (this.hasToken(now)) return 0;
    return Math.ceil(((1 - this.#tokens) * MINUTE_MS) / this.#allowance.perMinute);
  }

  #refill(now: number): void {
    const { perMinute, burst } = this.#allowance;
    if (this.#tokens < burst)
      this.#tokens = Math.min(burst, this.#tokens + ((now - this.#updatedAt) * perMinute) / MINUTE_MS);
    this.#updatedAt = now;
  }
}
