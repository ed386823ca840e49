/**
 * Hands values from callbacks to one `for await`. Bounded: `push` answers false when `limit` values wait, and its caller decides
 * what that means. Not an async generator, which takes three turns of the microtask queue for each value.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T, void> {
  readonly #limit: number;
  readonly #waiting: T[] = [];
  #ended = false;
  #error: unknown;
  /** The reader waits for a value. */
  #reader: { resolve: (result: IteratorResult<T, void>) => void; reject: (error: unknown) => void } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns false if the value was not taken: the queue is full, or it has ended */
  push(value: T): boolean {
    if (this.#ended || this.#waiting.length >= this.#limit) return false;
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve({ value, done: false });
    } else {
      this.#waiting.push(value);
    }
    return true;
  }

  /** No more values: the reader gets those that wait, then its loop ends, or throws `error`. The first call counts. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const reader = this.#reader;
    this.#reader = undefined;
    if (!reader) return;
    if (error === undefined) reader.resolve({ value: undefined, done: true });
    else reader.reject(error);
  }

  /** Ends with `value`, which is taken even if the queue is full: the last word must not be lost. */
  endWith(value: T): void {
    if (this.#ended) return;
    if (!this.push(value)) this.#waiting.push(value);
    this.end();
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#waiting.length > 0) {
      return Promise.resolve({ value: this.#waiting.shift() as T, done: false }); // length was just seen
    }
    if (!this.#ended) {
      return new Promise((resolve, reject) => {
        this.#reader = { resolve, reject };
      });
    }
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
