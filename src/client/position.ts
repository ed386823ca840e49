import { type Cursor, parseCursor } from '../wire/cursor.ts';

/**
 * Where the client stands in the log. Whatever the network repeats, and whichever of two transports brings it first: an event is taken
 * once, and in order.
 */
export interface Position {
  /** The id of the last event that was taken; `undefined` before the first. */
  readonly id: string | undefined;
  /** The entry that it belongs to, counted from 1; 0 before the first. */
  readonly seq: number;
  /**
   * Whether an event of the log is new; if so it is taken, and the position moves behind it.
   * @param id as it came; an event without one has no place in the log, and is always new
   */
  take(id: string | undefined): boolean;
  /**
   * The same for an event that was made for one connection: its id is a place that everything before has been handed on for.
   * @returns whether that is further on
   */
  pass(id: string | undefined): boolean;
  /** Goes to `id`, forward or back, in this log or another: a `reset`, or the first event of a new log. */
  move(id: string): void;
}

export function createPosition(): Position {
  let id: string | undefined;
  let cursor: Cursor | undefined;

  const isAhead = (text: string): boolean => {
    const other = parseCursor(text);
    if (!other) return false;
    if (!cursor) return true;
    // Of another log: the late word of a connection that has been given up. A new log begins with `session`.
    return other.epoch === cursor.epoch && isAfter(other, cursor);
  };
  const move = (text: string) => {
    const parsed = parseCursor(text);
    if (!parsed) return;
    id = text;
    cursor = parsed;
  };
  return {
    get id() {
      return id;
    },
    get seq() {
      return cursor?.seq ?? 0;
    },
    take(text) {
      if (text === undefined) return true;
      const ahead = isAhead(text);
      if (ahead) move(text);
      return ahead;
    },
    pass(text) {
      const ahead = text !== undefined && isAhead(text);
      if (ahead) move(text);
      return ahead;
    },
    move,
  };
}

/** Both of one log. All frames of an entry are more than any number of them. */
function isAfter(one: Cursor, other: Cursor): boolean {
  if (one.seq !== other.seq) return one.seq > other.seq;
  return (one.frames ?? Number.POSITIVE_INFINITY) > (other.frames ?? Number.POSITIVE_INFINITY);
}
