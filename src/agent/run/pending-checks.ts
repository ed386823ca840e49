import type { LiveConversation } from '../../store/live-conversation.ts';

export interface PendingChecksOptions {
  readonly conversation: LiveConversation;
  readonly onError: (error: unknown) => void;
}

/** Maximum wait for checks at the end of a run, in ms. */
const END_MS = 1_000;

/** Checks of callbacks that think. The turn is not stored before they have decided: what they reject is never stored. */
export class PendingChecks {
  readonly #options: PendingChecksOptions;
  /** Checks, with the events that are removed if a check has not decided when the run ends. */
  readonly #checks = new Map<Promise<void>, readonly string[]>();
  #isClosed = false;

  constructor(options: PendingChecksOptions) {
    this.#options = options;
  }

  /** @param check decides, and carries the decision out @param eventIds events with the words that are checked. May grow */
  add(check: Promise<void>, eventIds: readonly string[]): void {
    const { conversation, onError } = this.#options;
    if (this.#isClosed) return;
    conversation.holdTurn();
    const pending: Promise<void> = check.catch(onError).finally(() => {
      this.#checks.delete(pending);
      if (!this.#isClosed) conversation.releaseTurn();
    });
    this.#checks.set(pending, eventIds);
  }

  /** Whether the run is over: what a callback decides now has no effect. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Waits until all checks have decided, also those that begin meanwhile, at most 1 s. What is undecided then is removed from the conversation: no callback has let it pass. */
  async finish(): Promise<void> {
    if (this.#checks.size > 0) await this.#waitForChecks();
    this.#isClosed = true;
    const { conversation } = this.#options;
    for (const eventIds of this.#checks.values()) {
      conversation.discard(new Set(eventIds));
      conversation.releaseTurn();
    }
  }

  async #waitForChecks(): Promise<void> {
    const end = Promise.withResolvers<void>();
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      end.resolve();
    }, END_MS).unref();
    while (!isOver && this.#checks.size > 0) await Promise.race([Promise.all(this.#checks.keys()), end.promise]);
    clearTimeout(timer);
  }
}
