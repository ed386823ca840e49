import { TurnScheduler } from './turn-scheduler.ts';

/**
 * Lets readers of conversations take turns: in each turn of the event loop one of them continues. A database in this process answers at once, so that a
 * thousand readers would otherwise read a page each before anybody else is served.
 */
export class PageTurns {
  readonly #waiting: (() => void)[] = [];
  readonly #turns = new TurnScheduler(() => this.#continueNext());

  /** Resolves when it is the turn of the caller, in the order of the calls. */
  async wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#turns.schedule();
    await promise;
  }

  #continueNext(): void {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) this.#turns.schedule();
  }
}
