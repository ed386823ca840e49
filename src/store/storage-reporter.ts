import type { StorageState } from '../wire/log-entry.ts';

interface Storage {
  readonly isFailing: boolean;
  /** Number of turns that will not be stored. */
  readonly lostTurns: number;
}

/** Reports to one watcher whether a conversation is stored. Several changes at the same moment are one report. */
export class StorageReporter {
  readonly #read: () => Storage;
  #onChange: ((state: StorageState) => void) | undefined;
  #reported: Storage = { isFailing: false, lostTurns: 0 };
  #isScheduled = false;

  constructor(read: () => Storage) {
    this.#read = read;
  }

  /** @returns ends the watching */
  watch(onChange: (state: StorageState) => void): () => void {
    this.#onChange = onChange;
    this.#reported = { isFailing: false, lostTurns: 0 };
    this.report();
    return () => {
      if (this.#onChange === onChange) this.#onChange = undefined;
    };
  }

  /** Reports the state soon, if it differs from what was reported before. */
  report(): void {
    if (this.#isScheduled || !this.#onChange) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#reportNow();
    });
  }

  #reportNow(): void {
    const { isFailing, lostTurns } = this.#read();
    if (isFailing === this.#reported.isFailing && lostTurns === this.#reported.lostTurns) return;
    this.#reported = { isFailing, lostTurns };
    this.#onChange?.({ state: isFailing ? 'failing' : 'ok', ...(lostTurns > 0 ? { lost_turns: lostTurns } : {}) });
  }
}
