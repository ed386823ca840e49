import type { StoredEntry } from './stored-entry.ts';

/** Number of released places at the start of the array above which the array is cut: removing each would move all that follow. */
const MAX_RELEASED = 1_000;

/**
 * Entries of a log by their numbers, which have no gaps: appended at one end, and released at the other. An array costs less than a map, which
 * is made anew from time to time because of what was deleted: 1 µs for each entry of a full log.
 */
export class EntryQueue {
  /** Released entries, which are `undefined`, and after them the entries that are held. */
  #entries: (StoredEntry | undefined)[] = [];
  #released = 0;
  /** Number of the first place of the array. */
  #firstSeq: number;

  /** @param firstSeq number of the first entry */
  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq;
  }

  /** Number of entries that are held. */
  get size(): number {
    return this.#entries.length - this.#released;
  }

  /** Number of the oldest entry that is held; that of the next one if none is. */
  get oldest(): number {
    return this.#firstSeq + this.#released;
  }

  /** @returns `undefined` for an entry that was released, or is not there yet */
  at(seq: number): StoredEntry | undefined {
    return this.#entries[seq - this.#firstSeq];
  }

  append(entry: StoredEntry): void {
    this.#entries.push(entry);
  }

  /** Releases the oldest entry. @returns `undefined` if none is held */
  releaseOldest(): StoredEntry | undefined {
    const entry = this.#entries[this.#released];
    if (!entry) return undefined;
    this.#entries[this.#released] = undefined;
    this.#released += 1;
    if (this.#released > MAX_RELEASED || this.size === 0) {
      this.#entries = this.#entries.slice(this.#released);
      this.#firstSeq += this.#released;
      this.#released = 0;
    }
    return entry;
  }
}
