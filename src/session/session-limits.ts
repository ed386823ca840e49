import type { RunConfig } from '../agent/run-config.ts';

/** How long a live session may last, and be silent; absent: for ever. */
export type Limits = Pick<RunConfig, 'maxDurationMs' | 'idleTimeoutMs'>;

export interface SessionLimitsOptions extends Limits {
  /** A reply is being given: providers are done with the speech of one long before it has been heard, and say only then that it is over. */
  readonly isTalking: () => boolean;
  /** Called once, for the limit that was reached first. */
  readonly onReached: (reason: 'max_duration' | 'idle') => void;
}

/** Watches the limits of one live session, from now on. */
export class SessionLimits {
  readonly #options: SessionLimitsOptions;
  #lastSaid = performance.now();
  #durationTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: SessionLimitsOptions) {
    const { maxDurationMs, idleTimeoutMs } = options;
    this.#options = options;
    if (maxDurationMs !== undefined) {
      this.#durationTimer = setTimeout(() => this.#reached('max_duration'), maxDurationMs).unref();
    }
    if (idleTimeoutMs !== undefined) this.#watchIdle(idleTimeoutMs);
  }

  /** Something was said. Costs nothing: speech comes fifty times a second. */
  said(): void {
    this.#lastSaid = performance.now();
  }

  stop(): void {
    clearTimeout(this.#durationTimer);
    clearTimeout(this.#idleTimer);
  }

  #watchIdle(idleTimeoutMs: number): void {
    if (this.#options.isTalking()) this.said();
    const leftMs = this.#lastSaid + idleTimeoutMs - performance.now();
    if (leftMs <= 0) this.#reached('idle');
    // A timer takes whole ms, and would come a little early.
    else this.#idleTimer = setTimeout(() => this.#watchIdle(idleTimeoutMs), Math.ceil(leftMs)).unref();
  }

  #reached(reason: 'max_duration' | 'idle'): void {
    this.stop();
    this.#options.onReached(reason);
  }
}

/** The lower of two limits. */
export function lower(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}
