import type { LogView } from '../../session/log/log-view.ts';
import { formatCursor } from '../../wire/cursor.ts';
import type { Dialect, Frame } from '../../wire/dialects/dialect.ts';
import type { LogEntry } from '../../wire/log-entry.ts';

/** A frame with its id: a client that has it resumes after it. */
export interface IdentifiedFrame extends Frame {
  readonly id: string;
}

/** An entry in one dialect. */
export interface EncodedEntry {
  /** Frames in their places; `undefined` where the log has dropped the audio. */
  readonly places: readonly (IdentifiedFrame | undefined)[];
  /** Frames without the empty places. */
  readonly frames: readonly IdentifiedFrame[];
}

interface Latest {
  readonly epoch: string;
  readonly entry: LogEntry;
  readonly encoded: EncodedEntry;
}

/**
 * The entry that was encoded last in each dialect. An append wakes the readers of its log one after the other, and all that are up to date
 * want the same entry, so that each entry is encoded once for them all.
 */
const latest = new Map<Dialect, Latest>();

/** Encodes an entry and gives each frame its id. */
export function encodeFrames({ epoch }: LogView, dialect: Dialect, entry: LogEntry): EncodedEntry {
  const last = latest.get(dialect);
  if (last?.entry === entry && last.epoch === epoch) return last.encoded;
  const encoded = identifyFrames(epoch, entry.seq, dialect.encodeEntry(entry));
  latest.set(dialect, { epoch, entry, encoded });
  return encoded;
}

function identifyFrames(epoch: string, seq: number, encoded: readonly (Frame | undefined)[]): EncodedEntry {
  const places: (IdentifiedFrame | undefined)[] = [];
  const frames: IdentifiedFrame[] = [];
  const last = encoded.length - 1;
  for (let index = 0; index <= last; index += 1) {
    const frame = encoded[index];
    const identified = frame && identifyFrame(formatCursor(epoch, seq, index === last ? undefined : index + 1), frame);
    places.push(identified);
    if (identified) frames.push(identified);
  }
  return { places, frames };
}

function identifyFrame(id: string, { event, data, pieces }: Frame): IdentifiedFrame {
  if (pieces) return event === undefined ? { id, data, pieces } : { id, event, data, pieces };
  return event === undefined ? { id, data } : { id, event, data };
}
