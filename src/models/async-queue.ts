/**
 * Hands values from callbacks to one `for await`. Bounded: `push` answers false when `limit` values wait, and its caller decides
 * what that means.
 */
export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #limit: number;
  readonly #waiting: T[] = [];
  #ended = false;
  #error: unknown;
  /** Set while the reader waits for a value. */
  #wake: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns false if the value was not taken: the queue is full, or it has ended */
  push(value: T): boolean {
    if (this.#ended || this.#waiting.length >= this.#limit) return false;
    this.#waiting.push(value);
    this.#wake?.();
    return true;
  }

  /** No more values: the reader gets those that wait, then its loop ends, or throws `error`. The first call counts. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift() as T; // length was just seen
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
