import { MAX_CLIENTS } from './inbox.ts';

/** How long an entry is kept for a reader that acknowledges nothing and has lost its connection, ms: an EventSource comes back by itself. */
const AWAY_MS = 30_000;
/** Such readers; the one that left first is forgotten for one more. */
const MAX_AWAY = 16;

/** How far the clients of a live session say they have come, and so which entries of its log nobody can ask for again. */
export class Acknowledgements {
  /** By client, in the order in which they last acknowledged. */
  readonly #acks = new Map<string, number>();
  /** What readers had that never acknowledged, and when they left. */
  #away: { readonly seq: number; readonly at: number }[] = [];

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

  /** A connection is over. @param seq the newest entry that was written to it whole */
  left(client: string | undefined, seq: number, now: number): void {
    if (this.of(client) !== undefined) return;
    this.#away = [...this.#away.slice(1 - MAX_AWAY), { seq, at: now }];
  }

  /**
   * The newest entry that nobody can ask for again: not a client that is away for a moment, and not a reader that acknowledges nothing.
   * @param attached the clients of the connections that there are
   */
  releasable(attached: Iterable<string | undefined>, now: number): number {
    for (const client of attached) if (this.of(client) === undefined) return 0;
    this.#away = this.#away.filter(({ at }) => now - at < AWAY_MS);
    return Math.min(...this.#acks.values(), ...this.#away.map(({ seq }) => seq));
  }
}
