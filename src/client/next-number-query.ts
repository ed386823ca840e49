import { fullJitter, pause } from './backoff.ts';
import type { PostOutcome } from './post.ts';

/** Delay before the question is repeated where the server does not find the live session, in ms. */
const ABSENT_MS = 2_000;
/** Number of questions in a row that are asked without delay. */
const QUICK_QUERIES = 2;

export interface NextNumberQueryOptions {
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Acknowledges over HTTP: the answer names the next number. */
  readonly acknowledge: () => Promise<PostOutcome>;
  /** Epoch of the live session: an answer that arrives in another one is ignored. */
  readonly epoch: () => string | undefined;
  /** Whether the answer is still needed. */
  readonly isNeeded: () => boolean;
  onNext(next: number): void;
}

/** Asks the server for the number of the next POST, one question at a time. */
export class NextNumberQuery {
  readonly #options: NextNumberQueryOptions;
  #querying = false;
  /** Questions in a row, without a POST that was accepted. */
  #queries = 0;

  constructor(options: NextNumberQueryOptions) {
    this.#options = options;
  }

  onPostAccepted(): void {
    this.#queries = 0;
  }

  /** Asks, unless a question is in flight. Never rejects. */
  async queryNext(): Promise<void> {
    const { random, signal, acknowledge, epoch, isNeeded, onNext } = this.#options;
    if (this.#querying) return;
    this.#querying = true;
    const askedIn = epoch();
    this.#queries += 1;
    if (this.#queries > QUICK_QUERIES) await pause(fullJitter(this.#queries, random), signal);
    const outcome = await acknowledge();
    this.#querying = false;
    if (signal.aborted || epoch() !== askedIn) return;
    const next = outcome.kind === 'accepted' ? outcome.next : undefined;
    if (next !== undefined) {
      onNext(next);
      return;
    }
    const retryAfterMs = outcome.kind === 'refused' || outcome.kind === 'failed' ? outcome.retryAfterMs : 0;
    await pause(Math.max(ABSENT_MS, retryAfterMs), signal);
    if (!signal.aborted && isNeeded()) void this.queryNext();
  }
}
