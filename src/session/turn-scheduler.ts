import { setImmediate } from 'node:timers';

/** Calls a function in the next turn of the event loop, once, however often it is asked before. */
export class TurnScheduler {
  readonly #onTurn: () => void;
  #isScheduled = false;

  /** @param onTurn never throws. It may ask for another turn */
  constructor(onTurn: () => void) {
    this.#onTurn = onTurn;
  }

  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#onTurn();
    });
  }
}
