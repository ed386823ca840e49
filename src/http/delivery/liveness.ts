/** Number of heartbeats after which a client that can be heard, and is not, counts as gone. */
const UNHEARD_HEARTBEATS = 4;
/** Part by which the age of a renewed stream varies, so that streams that were opened together do not all return together. */
const RENEWAL_SPREAD = 0.1;

export interface LivenessOptions {
  /** Time between two heartbeats, in ms. */
  readonly heartbeatMs: number;
  /** Time after which a stream is renewed whose client cannot be heard, in ms. */
  readonly renewMs: number;
  /** Whether the client reconnects by itself after the end of its stream, as an EventSource does. */
  readonly reconnects: boolean;
}

/** Signs of life of a client. Times are in ms on the clock of `performance.now()`. */
export interface SignsOfLife {
  /** Time at which this client was last heard; `undefined` if it never acknowledges and its connection cannot tell. */
  readonly heardAt: number | undefined;
  /** Time of the last POST of any client to the live session; 0 before the first. */
  readonly postedAt: number;
}

/** Why a connection is ended: as in the event `drain`. */
export type Retirement = 'unheard' | 'renewal';

/**
 * Decides when the client of one connection counts as gone. That the connection accepts data does not count: a proxy may keep its side open, and
 * read everything, long after its own client has left. A client that acknowledges, or answers the pings of its WebSocket, is gone when it has not
 * been heard for 4 heartbeats. A client that cannot be heard has its stream ended from time to time: a client that is there reconnects.
 */
export class Liveness {
  readonly #heartbeatMs: number;
  readonly #renewMs: number;
  readonly #reconnects: boolean;
  /** The request that opened the connection is a sign of life, too. */
  readonly #openedAt = performance.now();

  constructor({ heartbeatMs, renewMs, reconnects }: LivenessOptions) {
    this.#heartbeatMs = heartbeatMs;
    this.#renewMs = renewMs * (1 - RENEWAL_SPREAD * Math.random());
    this.#reconnects = reconnects;
  }

  /** @returns why the connection must be ended now; `undefined` if it may stay open */
  check({ heardAt, postedAt }: SignsOfLife): Retirement | undefined {
    const now = performance.now();
    if (heardAt !== undefined) {
      const silentMs = now - Math.max(heardAt, this.#openedAt);
      return silentMs > UNHEARD_HEARTBEATS * this.#heartbeatMs ? 'unheard' : undefined;
    }
    // `curl -N` does not come back by itself. While somebody uses the session, there probably is a person who reads its output.
    const quietSince = this.#reconnects ? this.#openedAt : Math.max(postedAt, this.#openedAt);
    return now - quietSince >= this.#renewMs ? 'renewal' : undefined;
  }
}
