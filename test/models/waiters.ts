/** Lets tests wait for a state without polling: whoever changes the state calls `wake`. */
export class Waiters {
  #waiting: (() => void)[] = [];

  /** Checks all conditions again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const check of waiting) check();
  }

  /** Resolves with the first value of `condition` that is neither undefined nor false. jest's time limit is the only one. */
  until<T>(condition: () => T | undefined | false): Promise<T> {
    return new Promise((resolve) => {
      const check = () => {
        const value = condition();
        if (value === undefined || value === false) this.#waiting.push(check);
        else resolve(value);
      };
      check();
    });
  }
}
