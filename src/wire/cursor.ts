/**
 * Where a reader stands in a log: the id of the last SSE frame that it has. An entry that is written as n frames gives the
 * first n-1 the id `<epoch>.<seq>-<k>` and the last `<epoch>.<seq>`, so that a cut between two of them loses neither.
 */
export interface Cursor {
  /** Names one log. */
  readonly epoch: string;
  /** The entry, counted from 1; 0 is before the first. */
  readonly seq: number;
  /** How many frames of that entry the reader has; `undefined`: all of them. */
  readonly frames: number | undefined;
}

const CURSOR = /^([A-Za-z0-9_-]{16,128})\.(\d{1,15})(?:-(\d{1,6}))?$/;

export function parseCursor(text: string): Cursor | undefined {
  const match = CURSOR.exec(text);
  const [, epoch, seq, frames] = match ?? [];
  if (!epoch || !seq) return undefined;
  return { epoch, seq: Number(seq), frames: frames === undefined ? undefined : Number(frames) };
}

export function formatCursor(epoch: string, seq: number, frames?: number): string {
  return frames === undefined ? `${epoch}.${seq}` : `${epoch}.${seq}-${frames}`;
}
