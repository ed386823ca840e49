import { setImmediate } from 'node:timers';

/**
 * Lets the runs of a process take turns to connect to the model, one in each turn of the event loop. After a restart all clients return at once:
 * each is to have its conversation before the process opens a thousand connections to the provider. A connection that is slow to open keeps no
 * other one from its turn.
 */
export class ConnectTurns {
  /** Runs that wait, the longest first: at most as many as there are live sessions. */
  readonly #waiting: (() => void)[] = [];
  /** Whether a run may connect in this turn of the event loop. */
  #isFree = true;
  #isScheduled = false;

  /** @returns when the caller may connect; `undefined`: at once */
  take(): Promise<void> | undefined {
    this.#schedule();
    if (!this.#isFree) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#isFree = false;
    return undefined;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#beginTurn());
  }

  #beginTurn(): void {
    this.#isScheduled = false;
    const begin = this.#waiting.shift();
    this.#isFree = begin === undefined;
    if (!begin) return;
    this.#schedule();
    begin();
  }
}
