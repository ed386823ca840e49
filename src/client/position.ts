import { type Cursor, parseCursor } from '../wire/cursor.ts';

/**
 * Place of the client in the log. Whatever the network repeats, and whichever of two connections delivers an event first, the client accepts
 * each event once and in order.
 */
export class Position {
  #id: string | undefined;
  #cursor: Cursor | undefined;
  /** Called after each move, while the event that caused the move is being received. */
  onMoved: (() => void) | undefined;

  /** Id of the last accepted event; `undefined` before the first. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Number of the entry of the last accepted event, from 1; 0 before the first. */
  get seq(): number {
    return this.#cursor?.seq ?? 0;
  }

  /** Number of the last entry of which all events were accepted; 0 before the first. */
  get complete(): number {
    return this.#cursor?.frames === undefined ? this.seq : this.seq - 1;
  }

  /**
   * Accepts an event of the log if it is new, and advances to it.
   * @param id as received; an event without an id has no place in the log and is always new
   * @returns whether the event is new
   */
  accept(id: string | undefined): boolean {
    return id === undefined || this.advance(id);
  }

  /**
   * Advances to the id of an event that was made for one connection. Everything up to that id has been delivered.
   * @returns whether the id is further on
   */
  advance(id: string | undefined): boolean {
    if (id === undefined || !this.#isAhead(id)) return false;
    this.moveTo(id);
    return true;
  }

  /** Moves to `id`, forward or back, in this log or another: after a `reset`, or for the first event of a new log. */
  moveTo(id: string): void {
    const cursor = parseCursor(id);
    if (!cursor) return;
    this.#id = id;
    this.#cursor = cursor;
    this.onMoved?.();
  }

  #isAhead(id: string): boolean {
    const other = parseCursor(id);
    if (!other) return false;
    if (!this.#cursor) return true;
    // An id of another log is a late event of a connection that was given up. A new log begins with `session`.
    return other.epoch === this.#cursor.epoch && isAfter(other, this.#cursor);
  }
}

/** Compares two cursors of one log. All frames of an entry are further on than any number of them. */
function isAfter(one: Cursor, other: Cursor): boolean {
  if (one.seq !== other.seq) return one.seq > other.seq;
  return (one.frames ?? Number.POSITIVE_INFINITY) > (other.frames ?? Number.POSITIVE_INFINITY);
}
