import type { EventLog } from '../session/event-log.ts';
import { formatCursor } from '../wire/cursor.ts';
import type { LogEntry } from '../wire/log-entry.ts';
import { encodePlain, type Frame } from '../wire/plain-dialect.ts';

/**
 * Encodes the frames of an entry from number `from`, which is how many the reader has already, to before number `to`.
 * @returns `undefined` if there is nothing to be written
 */
export type EntryEncoder<Encoded> = (log: EventLog, entry: LogEntry, from: number, to?: number) => Encoded | undefined;

/** A frame with its id. */
export interface IdentifiedFrame extends Frame {
  readonly id: string;
}

/**
 * The encoder of one format. The newest entry of each log is encoded once: all readers that are up to date want the same one, one after
 * the other.
 * @param format puts together what is to be written of an entry: one frame at least
 */
export function entryEncoder<Encoded>(format: (frames: readonly IdentifiedFrame[]) => Encoded): EntryEncoder<Encoded> {
  const latest = new WeakMap<EventLog, { entry: LogEntry; encoded: Encoded | undefined }>();
  const encode: EntryEncoder<Encoded> = (log, entry, from, to) => {
    const frames = identify(log, entry, from, to);
    return frames.length === 0 ? undefined : format(frames);
  };
  return (log, entry, from, to) => {
    if (from > 0 || to !== undefined) return encode(log, entry, from, to);
    const cached = latest.get(log);
    if (cached?.entry === entry) return cached.encoded;
    const encoded = encode(log, entry, 0);
    latest.set(log, { entry, encoded });
    return encoded;
  };
}

/** Those that have data: what was in the others is gone, but they are counted. */
function identify({ epoch }: EventLog, entry: LogEntry, from: number, to?: number): IdentifiedFrame[] {
  const frames = encodePlain(entry);
  const identified: IdentifiedFrame[] = [];
  for (let index = from; index < Math.min(frames.length, to ?? frames.length); index += 1) {
    const { event, data } = frames[index] as Frame; // within bounds
    if (data === '') continue;
    const id = formatCursor(epoch, entry.seq, index === frames.length - 1 ? undefined : index + 1);
    identified.push(event === undefined ? { id, data } : { id, event, data });
  }
  return identified;
}
