import { FaultScope } from '../isolation/fault-scope.ts';

/** Minimum time between two reports of errors that a store has left behind, in ms. */
const REPORT_INTERVAL_MS = 60_000;

/**
 * Runs the code of a store in a scope of its own: an error that the store throws in a timer, or a rejection that it forgets, is reported and ends
 * nothing. What its promises reject with reaches the caller.
 */
export class StoreScope {
  readonly #report: (error: unknown) => void;
  readonly #scope = new FaultScope((error) => this.#onFault(error));
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** @param report called with such an error, at most once a minute */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  run<T>(code: () => T): T {
    return this.#scope.run(code);
  }

  #onFault(error: unknown): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = now;
    this.#report(error);
  }
}
