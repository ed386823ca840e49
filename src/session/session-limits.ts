import type { RunConfig } from '../agent/run-config.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';

/** Maximum duration and maximum idle time of a live session, in ms. Default: no limit. */
export type Limits = Pick<RunConfig, 'maxDurationMs' | 'idleTimeoutMs'>;

export interface SessionLimitsOptions extends Limits {
  /** How long the session lives without a connection, in ms. */
  readonly lingerMs: number;
  /**
   * Whether a reply is being given, or the model works on one in the background. A provider sends the audio of a reply long before it has been played, and reports the end of the turn
   * only then, so that a reply counts as activity until its turn is complete.
   */
  readonly isReplying: () => boolean;
  /** Called once, with the limit that is reached first. */
  readonly onReached: (reason: 'max_duration' | 'idle') => void;
}

/** Timers for the limits of one live session: its duration, its idle time, and its time without a connection. */
export class SessionLimits {
  readonly #options: SessionLimitsOptions;
  #lastActivity = 0;
  #durationTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #lingersSince: number | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;

  constructor(options: SessionLimitsOptions) {
    this.#options = options;
  }

  /** Starts all limits. A new session has no connection yet. */
  start(): void {
    const { maxDurationMs, idleTimeoutMs } = this.#options;
    this.markActivity();
    if (maxDurationMs !== undefined) {
      this.#durationTimer = setTimeout(() => this.#reach('max_duration'), maxDurationMs).unref();
    }
    if (idleTimeoutMs !== undefined) this.#watchIdle(idleTimeoutMs);
    this.startLinger();
  }

  /** Starts the limit of a session that has lost its last connection. */
  startLinger(): void {
    this.stopLinger();
    this.#lingersSince = performance.now();
    this.#lingerTimer = setTimeout(() => this.#reach('idle'), this.#options.lingerMs).unref();
  }

  /** Stops the limit of a session that has a connection again. */
  stopLinger(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingersSince = undefined;
  }

  /** Time since the session has lost its last connection, in ms; 0 while it has one. */
  get lingersForMs(): number {
    return this.#lingersSince === undefined ? 0 : performance.now() - this.#lingersSince;
  }

  /** Restarts the idle limit. Only stores the time, because speech causes 50 calls a second. */
  markActivity(): void {
    this.#lastActivity = performance.now();
  }

  stop(): void {
    clearTimeout(this.#durationTimer);
    clearTimeout(this.#idleTimer);
    this.stopLinger();
  }

  #watchIdle(idleTimeoutMs: number): void {
    if (this.#options.isReplying()) this.markActivity();
    const leftMs = this.#lastActivity + idleTimeoutMs - performance.now();
    if (leftMs <= 0) this.#reach('idle');
    // Round up: a timer counts whole ms and would otherwise fire slightly early.
    else this.#idleTimer = setTimeout(() => this.#watchIdle(idleTimeoutMs), Math.ceil(leftMs)).unref();
  }

  #reach(reason: 'max_duration' | 'idle'): void {
    this.stop();
    this.#options.onReached(reason);
  }
}

/** Combines the limits of an agent and of a server. The lower limit applies. */
export function combineLimits(a: Limits, b: Limits): Limits {
  return omitUndefined({
    maxDurationMs: minDefined(a.maxDurationMs, b.maxDurationMs),
    idleTimeoutMs: minDefined(a.idleTimeoutMs, b.idleTimeoutMs),
  });
}

/** Returns the lower of two limits. A limit that is `undefined` does not apply. */
function minDefined(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}
