import { MAX_CLIENTS } from './inbox.ts';

/** How long entries are kept for a reader that acknowledges nothing and has lost its connection, ms: an EventSource comes back by itself. */
const AWAY_MS = 30_000;

/** How far the clients of a live session say they have come, and so which entries of its log nobody can ask for again. */
export class Acknowledgements {
  /** By client, in the order in which they last acknowledged. */
  readonly #acks = new Map<string, number>();
  /** Until when a reader that left may come back of which nobody knows what it had: what was written to it may have been lost with it. */
  #awayUntil = 0;

  /** The newest entry that a client has processed; `undefined` for one that never says so. */
  of(client: string | undefined): number | undefined {
    return client === undefined ? undefined : this.#acks.get(client);
  }

  /** @param seq an older one than the last says nothing */
  take(client: string, seq: number): void {
    const known = Math.max(this.#acks.get(client) ?? 0, seq);
    this.#acks.delete(client);
    this.#acks.set(client, known);
    for (const oldest of this.#acks.keys()) {
      if (this.#acks.size <= MAX_CLIENTS) break;
      this.#acks.delete(oldest);
    }
  }

  /** A connection is over. */
  left(client: string | undefined, now: number): void {
    if (this.of(client) === undefined) this.#awayUntil = now + AWAY_MS;
  }

  /**
   * The newest entry that nobody can ask for again: not a client that is away for a moment, and not a reader that acknowledges nothing.
   * @param attached the clients of the connections that there are
   */
  releasable(attached: Iterable<string | undefined>, now: number): number {
    if (now < this.#awayUntil) return 0;
    for (const client of attached) if (this.of(client) === undefined) return 0;
    return Math.min(...this.#acks.values());
  }
}
