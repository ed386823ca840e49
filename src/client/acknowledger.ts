import type { PostOutcome } from './post.ts';

/** Minimum time between two acknowledgements, in ms. */
const INTERVAL_MS = 1_000;

/**
 * Acknowledges processed events while events arrive. The server holds audio back beyond the acknowledged event. The answer to an
 * acknowledgement names the last entry that the server has written, so that a lost end of a reply is noticed at once.
 */
export class Acknowledger {
  readonly #send: () => Promise<PostOutcome> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #sending = false;
  #receivedMore = false;
  #stopped = false;

  /** @param send sends one acknowledgement; returns `undefined` if there is nothing to acknowledge */
  constructor(send: () => Promise<PostOutcome> | undefined) {
    this.#send = send;
  }

  /** Schedules an acknowledgement of an event that was received. */
  onEvent(): void {
    this.#receivedMore = true;
    // At most one acknowledgement is in flight: several that hang would keep numbered POSTs from being sent.
    if (this.#sending || this.#stopped) return;
    // Timers of a hidden page fire once a minute, so an overdue acknowledgement is sent without one.
    const dueInMs = this.#lastSentAt + INTERVAL_MS - performance.now();
    if (dueInMs <= 0) void this.#acknowledge();
    else this.#timer ??= setTimeout(() => void this.#acknowledge(), dueInMs);
  }

  /** Acknowledges on a heartbeat if nothing else was sent for half its interval: the server takes a client that it never hears for gone. */
  onHeartbeat(heartbeatMs: number): void {
    if (!this.#stopped && performance.now() - this.#lastSentAt > heartbeatMs / 2) this.acknowledgeNow();
  }

  /** Restarts the interval: a numbered POST has carried the acknowledgement. */
  onPiggybacked(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastSentAt = performance.now();
  }

  /** Sends an acknowledgement at once, unless one is in flight. */
  acknowledgeNow(): void {
    if (!this.#sending) void this.#acknowledge();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #acknowledge(): Promise<void> {
    this.onPiggybacked();
    this.#receivedMore = false;
    this.#sending = true;
    const outcome = await this.#send();
    this.#sending = false;
    if (outcome && (this.#receivedMore || outcome.kind === 'failed')) this.onEvent();
  }
}
