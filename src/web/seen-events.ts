import { type Cursor, parseCursor } from '../wire/cursor.ts';

/**
 * Remembers how far this page has read, by the ids of the events: a stream that was cut may give events again, and one that is
 * opened anew continues where its predecessor stood.
 */
export class SeenEvents {
  #last: { id: string; cursor: Cursor } | undefined;

  /** What to ask for when the stream is opened again. */
  get lastId(): string | undefined {
    return this.#last?.id;
  }

  /** For an event of the log: false if it has been here before. */
  isNew(id: string): boolean {
    const cursor = parseCursor(id);
    if (!cursor) return true;
    if (this.#last && !isAfter(cursor, this.#last.cursor)) return false;
    this.#last = { id, cursor };
    return true;
  }

  /** After a reset: what is remembered of before no longer counts. */
  standAt(id: string): void {
    const cursor = parseCursor(id);
    this.#last = cursor && { id, cursor };
  }
}

function isAfter(cursor: Cursor, last: Cursor): boolean {
  if (cursor.epoch !== last.epoch) return true;
  if (cursor.seq !== last.seq) return cursor.seq > last.seq;
  // The last frame of an entry carries no frame number: it comes after all that do.
  return (cursor.frames ?? Number.POSITIVE_INFINITY) > (last.frames ?? Number.POSITIVE_INFINITY);
}
