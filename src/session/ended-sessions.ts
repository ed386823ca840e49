import { BoundedMap } from '../wire/bounded-map.ts';
import type { Cursor } from '../wire/cursor.ts';

/** Time for which requests to an ended session are answered with 410, in ms. */
const REMEMBERED_MS = 10 * 60_000;
/** Number of ended sessions that are remembered. The oldest is forgotten first. */
const MAX_REMEMBERED = 1_000;

export interface EndedSession {
  readonly epoch: string;
  /** Sequence number of the entry that reports the end. */
  readonly endSeq: number;
  /** Whether a client requested the end. After any other end a client may open a new session. */
  readonly closedByClient: boolean;
}

/** Remembers for a while which sessions have ended, so that their clients are not given new ones by mistake. */
export class EndedSessions {
  readonly #ended = new BoundedMap<string, { readonly session: EndedSession; readonly endedAt: number }>(
    MAX_REMEMBERED,
  );

  add(name: string, session: EndedSession): void {
    this.#ended.set(name, { session, endedAt: Date.now() });
  }

  delete(name: string): void {
    this.#ended.delete(name);
  }

  /** Whether a client has ended the newest session of this name that ended. */
  isClosedByClient(name: string): boolean {
    return this.#find(name)?.closedByClient ?? false;
  }

  /** Whether the session of a cursor has ended, and its reader must not be given a new one. */
  hasEnded(name: string, cursor: Cursor | undefined): boolean {
    const ended = this.#find(name);
    if (!ended || ended.epoch !== cursor?.epoch) return false;
    return ended.closedByClient || cursor.seq === ended.endSeq;
  }

  #find(name: string): EndedSession | undefined {
    const found = this.#ended.get(name);
    if (!found || Date.now() - found.endedAt <= REMEMBERED_MS) return found?.session;
    this.#ended.delete(name);
    return undefined;
  }
}
