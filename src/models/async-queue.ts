/**
 * Queue between callbacks that push values and one `for await` that reads them. Bounded: `push` returns false when `limit` values wait, and the
 * caller decides what follows. An async generator would need three turns of the microtask queue for each value.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T, void> {
  readonly #limit: number;
  readonly #waiting: T[] = [];
  #ended = false;
  #error: unknown;
  /** Set while the reader waits for a value. */
  #reader: { resolve: (result: IteratorResult<T, void>) => void; reject: (error: unknown) => void } | undefined;

  /** @param limit maximum number of values that wait */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a value. @returns false if the queue is full or has ended: the value is discarded */
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

  /** Ends the queue. The reader gets the values that wait; then its loop ends, or throws `error`. Further calls do nothing. */
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

  /** Ends the queue with `value`, which is added even if the queue is full. */
  endWith(value: T): void {
    if (this.#ended) return;
    if (!this.push(value)) this.#waiting.push(value);
    this.end();
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#waiting.length > 0) {
      return Promise.resolve({ value: this.#waiting.shift() as T, done: false }); // the length was just checked
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
