import { AsyncResource } from 'node:async_hooks';
import { TurnScheduler } from './turn-scheduler.ts';

/** Maximum wait of a run for sessions that are being opened, in ms. Afterwards it starts at the end of the next turn of the event loop. */
const MAX_WAIT_MS = 2_000;

/**
 * Starts the first runs of the live sessions of a process, one in each turn of the event loop in which no session was opened. After a restart all clients
 * return at once: each is to have its conversation before the process opens a thousand connections to the provider, which is as much work. A single
 * session waits for two turns of the event loop.
 */
export class RunStarts {
  /** When each waiting run was added, in ms of `performance.now()`, by its start; oldest first. At most one of each live session. */
  readonly #waiting = new Map<() => void, number>();
  /** Whether a session was opened since the last check. */
  #isOpening = false;
  readonly #turns = new TurnScheduler(() => this.#startNext());

  /**
   * @param start starts the run. Never throws
   * @returns function that removes the run from those that wait
   */
  add(start: () => void): () => void {
    // An app may keep its user in an `AsyncLocalStorage`. The tools of a run must find the user of their own session there.
    const own = AsyncResource.bind(start);
    this.#waiting.set(own, performance.now());
    this.#isOpening = true;
    this.#turns.schedule();
    return () => this.#waiting.delete(own);
  }

  #startNext(): void {
    const wasOpening = this.#isOpening;
    this.#isOpening = false;
    const overdue = performance.now() - MAX_WAIT_MS;
    let hasStarted = wasOpening;
    for (const [start, addedAt] of this.#waiting) {
      if (hasStarted && addedAt > overdue) break;
      this.#waiting.delete(start);
      hasStarted = true;
      start();
    }
    if (this.#waiting.size > 0) this.#turns.schedule();
  }
}
