import { type Cursor, formatCursor } from '../../wire/cursor.ts';
import type { LogEntry } from '../../wire/log-entry.ts';
import type { ConnectionEvents } from '../../wire/named-events.ts';

/** Position of a reader: the entry that it needs next, and the number of frames of that entry that it already has. */
export interface LogPosition {
  readonly seq: number;
  readonly frames: number;
}

/** Result of a cursor lookup: a position, or the reason why the reader needs a `reset`. */
export type Lookup = { readonly found: LogPosition } | { readonly reset: ConnectionEvents['reset']['reason'] };

/** An entry as the log holds it now. */
export interface HeldEntry {
  /** Parts whose audio is gone have `droppedAudio` in place of `inlineData`. */
  readonly entry: LogEntry;
  /**
   * Duration of the audio that was dropped for lack of space, in ms. A reader that passes this entry must be sent a `gap`. Audio of an
   * interrupted turn counts as 0: no reader is meant to hear it.
   */
  readonly lostAudioMs: number;
}

/**
 * Read side of the log of one live session. All reads are synchronous, so that a reader can decide and write in one step. A log on the
 * machine that owns the session and a mirror of it on another machine look the same.
 */
export interface LogView {
  /** Random name of this log. A cursor with another epoch belongs to another log. */
  readonly epoch: string;
  /** Sequence number of the newest entry; one less than the first number while the log is empty. */
  readonly head: number;
  /** Sequence number of the oldest held entry; `head + 1` if no entry is held. */
  readonly oldest: number;
  /** @returns the entry, or `undefined` if it was released or is not appended yet */
  at(seq: number): HeldEntry | undefined;
  /** Finds the position of a reader that has everything up to `cursor`. */
  locate(cursor: Cursor): Lookup;
  /**
   * Calls `wake` after each append, and whenever a waiting reader should check its conditions again.
   * @returns a function that ends the subscription
   */
  subscribe(wake: () => void): () => void;
}

/** Formats the id that leads back to `position`. */
export function formatPosition(epoch: string, { seq, frames }: LogPosition): string {
  return frames === 0 ? formatCursor(epoch, seq - 1) : formatCursor(epoch, seq, frames);
}
