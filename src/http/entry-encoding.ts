import type { EventLog } from '../session/event-log.ts';
import { formatCursor } from '../wire/cursor.ts';
import type { LogEntry } from '../wire/log-entry.ts';
import { encodePlain } from '../wire/plain-dialect.ts';
import { encodeJsonEvent } from '../wire/sse.ts';

/** An entry of a log as SSE. */
export interface EncodedEntry {
  /** Empty for an entry that a reader is not told, as merged text. */
  readonly text: string;
  /** latin1 wherever it makes no difference: for utf8 Node sets three bytes a character aside. */
  readonly encoding: 'utf8' | 'latin1';
}

/** The newest entry of each log: all readers that are up to date want the same one, one after the other. */
const latest = new WeakMap<EventLog, { entry: LogEntry; encoded: EncodedEntry }>();

export function encodeLatest(log: EventLog, entry: LogEntry): EncodedEntry {
  const cached = latest.get(log);
  if (cached?.entry === entry) return cached.encoded;
  const encoded = encodeEntry(log, entry, 0);
  latest.set(log, { entry, encoded });
  return encoded;
}

/** @param from how many of its frames the reader has already */
export function encodeEntry({ epoch }: EventLog, entry: LogEntry, from: number): EncodedEntry {
  const frames = encodePlain(entry);
  const last = frames.length - 1;
  let text = '';
  frames.forEach(({ event, data }, index) => {
    if (index < from || data === '') return;
    text += encodeJsonEvent(formatCursor(epoch, entry.seq, index === last ? undefined : index + 1), event, data);
  });
  // As many bytes as characters: nothing but ASCII.
  return { text, encoding: Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8' };
}
