import { pause } from './backoff.ts';
import type { EventHandlers, Outcome, ReceivedEvent } from './event-request.ts';
import { pollOnce } from './poll-transport.ts';

/** Minimum time between polls that are answered without news, in ms, unless the server was asked for a shorter hold. */
const MIN_INTERVAL_MS = 1_000;

export interface PollLoopOptions extends EventHandlers {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly now: () => number;
  /** Builds the address of the next poll, which includes the place to continue from. */
  readonly url: (query: Record<string, string>) => string;
  /** How long the server holds the next poll, in ms. */
  readonly holdMs: () => number;
  /** How much later than that the answer may begin, in ms. */
  readonly graceMs: () => number;
  /** @returns whether the event was new */
  onEvent(event: ReceivedEvent): boolean;
}

/** Makes one poll after the other, until one fails or the loop is aborted. */
export class PollLoop {
  readonly #options: PollLoopOptions;
  /** Time at which the pending poll was sent; infinity if its answer has begun, or if there is none. */
  #sentAt = Number.POSITIVE_INFINITY;
  #abort = new AbortController();
  #overdueTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PollLoopOptions) {
    this.#options = options;
  }

  /** @returns the outcome of the last poll, and how long that poll took, in ms */
  async runPollLoop(signal: AbortSignal): Promise<{ outcome: Outcome; tookMs: number }> {
    const { now, holdMs } = this.#options;
    signal.addEventListener('abort', () => this.#abort.abort());
    for (;;) {
      this.#abort = new AbortController();
      if (signal.aborted) this.#abort.abort();
      const sentAt = now();
      this.#sentAt = sentAt;
      const waitMs = holdMs();
      const { outcome, useful } = await this.#poll(waitMs);
      const tookMs = now() - sentAt;
      this.stopWaiting();
      // The poll was lost with the TCP connection that carried it. The next poll uses another one.
      if (this.#abort.signal.aborted && !signal.aborted) continue;
      if (outcome.kind !== 'ended' || signal.aborted) return { outcome, tookMs };
      // A cache answers in place of the server.
      if (!useful && tookMs < Math.min(MIN_INTERVAL_MS, waitMs)) await pause(MIN_INTERVAL_MS, signal);
    }
  }

  /**
   * Gives the pending poll up in favour of another one, unless its answer begins within `withinMs`.
   * @param before the poll is only given up if it was sent before this time
   */
  expectWithin(before: number, withinMs: number): void {
    if (this.#sentAt >= before) return;
    // The time counts from the first of several calls: continuous speech would postpone it for ever.
    this.#overdueTimer ??= setTimeout(() => this.#abort.abort(), withinMs);
  }

  /** Cancels the effect of `expectWithin`. */
  stopWaiting(): void {
    this.#sentAt = Number.POSITIVE_INFINITY;
    clearTimeout(this.#overdueTimer);
    this.#overdueTimer = undefined;
  }

  async #poll(waitMs: number): Promise<{ outcome: Outcome; useful: boolean }> {
    const { fetch, headers, url, graceMs, onBytes, onEvent, onCursor } = this.#options;
    let useful = false;
    const request = {
      url: url({ wait: String(waitMs / 1_000) }),
      headers,
      signal: this.#abort.signal,
      fetch: async (...args: Parameters<typeof fetch>) => {
        const response = await fetch(...args);
        // The answer has begun and is read to its end, however long that takes.
        this.stopWaiting();
        return response;
      },
      onBytes,
      onEvent: (event: ReceivedEvent) => {
        if (onEvent(event)) useful = true;
      },
      onCursor,
    };
    const outcome = await pollOnce(request, waitMs, graceMs());
    return { outcome, useful };
  }
}
