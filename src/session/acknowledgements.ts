import { BoundedMap } from '../wire/bounded-map.ts';
import { MAX_CLIENTS } from './inbox.ts';

/** Time for which entries are kept after a reader that never acknowledges has disconnected, in ms. An EventSource reconnects by itself. */
const RECONNECT_MS = 30_000;

/** Last acknowledgement of one client. */
interface Acknowledged {
  seq: number;
  /** In ms on the clock of `performance.now()`. */
  at: number;
}

/** Acknowledgements of the clients of a live session. They decide which entries of the log may be released. */
export class Acknowledgements {
  readonly #clients = new BoundedMap<string, Acknowledged>(MAX_CLIENTS);
  /**
   * Time before which nothing is released, in ms since 1970: a reader that never acknowledges has disconnected, may reconnect, and may not
   * have received what was written to it.
   */
  #keepUntil = 0;

  /** Returns the newest entry that a client has processed; `undefined` for a client that never acknowledges. */
  get(client: string | undefined): number | undefined {
    return client === undefined ? undefined : this.#clients.get(client)?.seq;
  }

  /** Returns the time of a client's last acknowledgement, in ms on the clock of `performance.now()`; `undefined` if there is none. */
  getTime(client: string | undefined): number | undefined {
    return client === undefined ? undefined : this.#clients.get(client)?.at;
  }

  /** Records an acknowledgement. One that is older than the last only shows that the client is there. */
  record(client: string, seq: number): void {
    const acknowledged = this.#clients.get(client) ?? { seq: 0, at: 0 };
    acknowledged.seq = Math.max(acknowledged.seq, seq);
    acknowledged.at = performance.now();
    this.#clients.set(client, acknowledged);
  }

  /** Forgets a client that cannot ask again for what was written to it: its next connection is that of another page. */
  forget(client: string): void {
    this.#clients.delete(client);
  }

  /**
   * Records the end of a connection.
   * @param now current time, in ms since 1970
   */
  onDisconnect(client: string | undefined, now: number): void {
    if (this.get(client) === undefined) this.#keepUntil = now + RECONNECT_MS;
  }

  /**
   * Returns the newest entry that no reader can ask for again; 0 while there is a reader that never acknowledges, or one may reconnect.
   * @param connections open connections; `client` is `undefined` for a connection without a client name
   * @param now current time, in ms since 1970
   */
  findReleasable(connections: Iterable<{ readonly client: string | undefined }>, now: number): number {
    if (now < this.#keepUntil) return 0;
    for (const { client } of connections) if (this.get(client) === undefined) return 0;
    let releasable = Number.POSITIVE_INFINITY;
    for (const { seq } of this.#clients.values()) releasable = Math.min(releasable, seq);
    return releasable;
  }
}
