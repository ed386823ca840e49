import { createServerBusyError } from './memory-budget.ts';

/** Limits of recordings that are read at the same time. Each needs up to two files in memory, of 15 MB at most. */
export interface RecordingLimits {
  readonly total: number;
  readonly perUser: number;
}

const LIMITS: RecordingLimits = { total: 8, perUser: 2 };

/** Counts the recordings that are being read, so that many requests for one need no more memory than a few. */
export class RecordingSlots {
  readonly #limits: RecordingLimits;
  /** Number of recordings by user. */
  readonly #users = new Map<string, number>();
  #total = 0;

  constructor(limits: RecordingLimits = LIMITS) {
    this.#limits = limits;
  }

  /**
   * Takes a slot.
   * @returns function that gives the slot back. Call it once
   * @throws {WireError} server_busy: too many recordings are being read
   */
  acquire(userId: string): () => void {
    const { total, perUser } = this.#limits;
    const own = this.#users.get(userId) ?? 0;
    if (this.#total >= total || own >= perUser) throw createServerBusyError();
    this.#total += 1;
    this.#users.set(userId, own + 1);
    return () => this.#release(userId);
  }

  #release(userId: string): void {
    this.#total -= 1;
    const own = this.#users.get(userId) ?? 0;
    if (own > 1) this.#users.set(userId, own - 1);
    else this.#users.delete(userId);
  }
}
