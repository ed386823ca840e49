/**
 * Position of a reader in a log: the id of the last frame that it has. The last frame of an entry has the id `<epoch>.<seq>`, and frame k before
 * it has `<epoch>.<seq>-<k>`, so that a reader whose connection drops between two frames of an entry resumes between them.
 */
export interface Cursor {
  /** Name of the log. */
  readonly epoch: string;
  /** Number of the entry, from 1; 0 is the position before the first entry. */
  readonly seq: number;
  /** Number of frames of that entry that the reader has; `undefined` if it has all of them. */
  readonly frames: number | undefined;
}

const CURSOR = /^([A-Za-z0-9_-]{16,128})\.(\d{1,15})(?:-(\d{1,6}))?$/;

/** @returns `undefined` if the text is not a cursor */
export function parseCursor(text: string): Cursor | undefined {
  const match = CURSOR.exec(text);
  const [, epoch, seq, frames] = match ?? [];
  if (!epoch || !seq) return undefined;
  return { epoch, seq: Number(seq), frames: frames === undefined ? undefined : Number(frames) };
}

/** Formats a cursor. @param frames as in `Cursor` */
export function formatCursor(epoch: string, seq: number, frames?: number): string {
  return frames === undefined ? `${epoch}.${seq}` : `${epoch}.${seq}-${frames}`;
}
