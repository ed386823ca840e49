/** Counts the memory that is held for clients, in bytes. */
export interface MemoryCounter {
  /** Counts bytes that cannot be refused. */
  add(bytes: number): void;
  /** Stops counting bytes that were added. Call it once for each. */
  release(bytes: number): void;
}

/**
 * Memory that one holder, such as a log or a queue, counts. The holder reports the size that it has now, and the share adds or releases the
 * difference, so that no byte is released twice and none stays counted after the holder's end.
 */
export class MemoryShare {
  readonly #counter: MemoryCounter | undefined;
  #bytes = 0;
  #closed = false;

  /** @param counter shared by all holders. Default: nothing is counted */
  constructor(counter?: MemoryCounter) {
    this.#counter = counter;
  }

  /** Bytes that are counted now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts `bytes` in place of what was counted before. Has no effect after `close`. */
  set(bytes: number): void {
    if (this.#closed) return;
    const difference = bytes - this.#bytes;
    this.#bytes = bytes;
    if (difference > 0) this.#counter?.add(difference);
    else if (difference < 0) this.#counter?.release(-difference);
  }

  /** Stops counting for good, because the holder is gone. */
  close(): void {
    this.set(0);
    this.#closed = true;
  }
}
