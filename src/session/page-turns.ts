/**
 * Lets readers of conversations take turns: in each turn of the event loop one of them continues. A database in this process answers at once, so that a
 * thousand readers would otherwise read a page each before anybody else is served.
 */
export class PageTurns {
  readonly #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** Resolves when it is the turn of the caller, in the order of the calls. */
  async wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#schedule();
    await promise;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
