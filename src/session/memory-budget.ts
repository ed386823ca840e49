import { REQUEST_BYTES, type SizedRequest } from '../wire/byte-size.ts';
import type { MemoryCounter } from '../wire/memory-share.ts';
import { WireError } from '../wire/wire-error.ts';

/** Share of the budget above which no session is opened, and nothing is held that could be sent again. The rest is for accepted work. */
const ADMISSION_SHARE = 0.8;
/** Wait that a refused client is told, in ms. */
const RETRY_AFTER_MS = 5_000;

/**
 * Memory that the whole process holds for its clients: logs, request queues, POSTs that wait for their turn, bodies that arrive, output that
 * waits to be read. New work is refused before memory runs out, so that accepted work continues. What cannot be refused is added in any case;
 * while the budget is exhausted, its holders keep less.
 */
export class MemoryBudget implements MemoryCounter {
  /** Maximum memory, in bytes. */
  readonly maxBytes: number;
  readonly #parents: readonly MemoryBudget[];
  #used = 0;

  /** @param parents budgets of which this one is a part: what is counted here is counted there, and their limits hold here. Default: none */
  constructor(maxBytes: number, parents: readonly MemoryBudget[] = []) {
    this.maxBytes = maxBytes;
    this.#parents = parents;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used;
  }

  /** Whether there is memory for new work: a new session, or something that its sender can send again later. */
  get admitsWork(): boolean {
    for (const parent of this.#parents) if (!parent.admitsWork) return false;
    return this.#used < this.maxBytes * ADMISSION_SHARE;
  }

  /** Whether the budget is used up. Whoever can keep less should do so now. */
  get isExhausted(): boolean {
    for (const parent of this.#parents) if (parent.isExhausted) return true;
    return this.#used > this.maxBytes;
  }

  /** Whether input with data must be refused. Signs without data pass: one of them may end a session, which frees memory. */
  refusesInput(requests: readonly SizedRequest[]): boolean {
    return this.isExhausted && requests.some(({ bytes }) => bytes > REQUEST_BYTES);
  }

  /** Counts bytes that cannot be refused, such as the output of a reply. */
  add(bytes: number): void {
    this.#used += bytes;
    for (const parent of this.#parents) parent.add(bytes);
  }

  /**
   * Counts bytes that can be refused, such as those of a POST.
   * @returns false if they would exceed the budget; then nothing was counted
   */
  reserve(bytes: number): boolean {
    if (!this.#hasRoomFor(bytes)) return false;
    this.add(bytes);
    return true;
  }

  /** Stops counting bytes that were added or reserved. Call it once for each. */
  release(bytes: number): void {
    this.#used -= bytes;
    for (const parent of this.#parents) parent.release(bytes);
  }

  #hasRoomFor(bytes: number): boolean {
    for (const parent of this.#parents) if (!parent.#hasRoomFor(bytes)) return false;
    return this.#used + bytes <= this.maxBytes;
  }
}

/** Creates the refusal of new work for which there is no memory. */
export function createServerBusyError(): WireError {
  return new WireError('server_busy', undefined, undefined, { retry_after_ms: RETRY_AFTER_MS });
}
