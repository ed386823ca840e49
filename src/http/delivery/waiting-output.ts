import type { MemoryBudget } from '../../session/memory-budget.ts';
import { MemoryShare } from '../../wire/memory-share.ts';

/**
 * Counts what one reader was sent and its connection has not accepted, in the memory of its session. A connection that accepts everything at once is
 * never counted: its data is in the hands of the system.
 */
export class WaitingOutput {
  readonly #memory: MemoryBudget;
  readonly #share: MemoryShare;

  constructor(memory: MemoryBudget) {
    this.#memory = memory;
    this.#share = new MemoryShare(memory);
  }

  /**
   * Counts the bytes that wait on a connection that accepts no more.
   * @returns false if the memory of the session, its user or the process is used up: then the connection must be destroyed, and its client may resume
   */
  onBlocked(bytes: number): boolean {
    this.#share.set(bytes);
    return !this.#memory.isExhausted;
  }

  /** Stops counting: the connection has accepted everything. */
  onDrained(): void {
    this.#share.set(0);
  }

  /** Stops counting for good: the connection is closed. */
  onClosed(): void {
    this.#share.close();
  }
}
