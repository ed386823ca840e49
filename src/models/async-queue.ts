/**
 * Queue between callbacks that push values and one `for await` that reads them. Bounded: `push` returns false when `limit` values wait, and the
 * caller decides what follows. An async generator would need three turns of the microtask queue for each value.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T, void> {
  readonly #limit: number;
  #beforeEnd: (() => Promise<void>) | undefined;
  readonly #waiting: T[] = [];
  #ended = false;
  #error: unknown;
  /** Calls of `next` that wait for a value. */
  readonly #readers: Reader<T>[] = [];

  /** @param limit maximum number of values that wait */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Sets what happens once, before the reader learns of the end. If it fails, the queue ends with its error. */
  onEnd(finish: () => Promise<void>): void {
    this.#beforeEnd = finish;
  }

  /** Adds a value. @returns false if the queue is full or has ended: the value is discarded */
  push(value: T): boolean {
    if (this.#ended || this.#waiting.length >= this.#limit) return false;
    const reader = this.#readers.shift();
    if (reader) reader({ value, done: false });
    else this.#waiting.push(value);
    return true;
  }

  /** Ends the queue. The reader gets the values that wait; then its loop ends, or throws `error`. Further calls do nothing. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const reader of this.#readers.splice(0)) reader(this.#readEnd());
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
      return new Promise((resolve) => {
        this.#readers.push(resolve);
      });
    }
    return this.#readEnd();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The first call gets the error, and waits for what comes before the end. */
  async #readEnd(): Promise<IteratorResult<T, void>> {
    const error = this.#error;
    const beforeEnd = this.#beforeEnd;
    this.#error = undefined;
    this.#beforeEnd = undefined;
    await beforeEnd?.();
    if (error !== undefined) throw error;
    return { value: undefined, done: true };
  }
}

type Reader<T> = (result: IteratorResult<T, void> | Promise<IteratorResult<T, void>>) => void;
