import type { AudioSlabs, StoredText } from '../../memory/audio-slabs.ts';
import type { Content, Part } from '../../wire/agent-event.ts';
import { soundMs } from '../../wire/audio-duration.ts';
import type { LogEntry } from '../../wire/log-entry.ts';
import { omitResultImages } from '../../wire/result-images.ts';
import { entrySize } from './entry-size.ts';

/** Audio of each entry without audio, which is compared by identity. */
export const NO_AUDIO: readonly never[] = [];

/** An entry as a log stores it: its audio apart. */
export interface StoredEntry {
  /** The entry with `droppedAudio` in place of all audio. */
  entry: LogEntry;
  readonly appendedAt: number;
  /** Duration of all audio of the entry, in ms. */
  readonly audioMs: number;
  bytes: number;
  /** Text of each audio part, in the order of the parts; `NO_AUDIO` once it is dropped. */
  audio: readonly StoredText[];
  lostAudioMs: number;
}

/** Moves the audio of an entry to the slabs. @param appendedAt time in ms */
export function storeEntry(entry: LogEntry, slabs: AudioSlabs, appendedAt: number): StoredEntry {
  const bytes = entrySize(entry.message);
  const { event } = entry.message;
  const audio = storeAudio(event?.content?.parts ?? NO_AUDIO, slabs);
  if (!event?.content || audio === NO_AUDIO) return { entry, appendedAt, audioMs: 0, bytes, audio, lostAudioMs: 0 };
  const content = omitAudio(event.content);
  const audioMs = sumDroppedMs(content);
  const stored = { ...entry, message: { event: { ...event, content } } };
  return { entry: stored, appendedAt, audioMs, bytes, audio, lostAudioMs: 0 };
}

/** @returns a copy of the entry with its audio */
export function restoreAudio({ entry, audio }: StoredEntry, slabs: AudioSlabs): LogEntry {
  const { event } = entry.message;
  if (!event?.content?.parts) return entry;
  let index = 0;
  // The parts keep their places, because a cursor may point between two.
  const parts = event.content.parts.map((part) => {
    if (!part.droppedAudio) return part;
    const data = slabs.read(audio[index++] ?? '');
    return { inlineData: { mimeType: part.droppedAudio.mimeType, data } };
  });
  return { ...entry, message: { event: { ...event, content: { ...event.content, parts } } } };
}

function storeAudio(parts: readonly Part[], slabs: AudioSlabs): readonly StoredText[] {
  let audio: StoredText[] | undefined;
  for (const { inlineData } of parts) {
    if (!inlineData?.data) continue;
    audio ??= [];
    audio.push(slabs.store(inlineData.data));
  }
  return audio ?? NO_AUDIO;
}

/**
 * The latest content that was a single piece of audio, without its audio. Pieces of speech are of equal duration, and share it: otherwise the
 * content would be a third of what a log keeps of each. The logs of all users share it, so it has nothing but the role and the piece: a runner may
 * yield a content with fields of its own.
 */
let latestPiece: Content = {};

function omitAudio(content: Content): Content {
  const { role, parts = [] } = content;
  const [first] = parts;
  if (parts.length !== 1 || !first?.inlineData) return { ...content, parts: parts.map(omitPartAudio) };
  const latest = latestPiece.parts?.[0]?.droppedAudio;
  const ms = soundMs(first.inlineData);
  const isSame = latest?.ms === ms && latest.mimeType === first.inlineData.mimeType && latestPiece.role === role;
  if (!isSame) latestPiece = { ...(role === undefined ? {} : { role }), parts: [omitPartAudio(first)] };
  return latestPiece;
}

function omitPartAudio(part: Part): Part {
  if (!part.inlineData?.data) return part;
  return { droppedAudio: { mimeType: part.inlineData.mimeType, ms: soundMs(part.inlineData) } };
}

function sumDroppedMs({ parts = [] }: Content): number {
  let ms = 0;
  for (const { droppedAudio } of parts) ms += droppedAudio?.ms ?? 0;
  return ms;
}

/** Whether an entry has the result of a tool with pictures. */
export function hasResultImages({ message }: LogEntry): boolean {
  return message.event?.content?.parts?.some(({ functionResponse }) => functionResponse?.parts) ?? false;
}

/** Replaces the pictures in results of tools by their number. @returns memory that this saves, in bytes */
export function dropResultImages(stored: StoredEntry): number {
  const { message } = stored.entry;
  const { event } = message;
  if (!event?.content?.parts) return 0;
  const parts = event.content.parts.map((part) =>
    part.functionResponse ? { ...part, functionResponse: omitResultImages(part.functionResponse) } : part,
  );
  const shortened = { ...message, event: { ...event, content: { ...event.content, parts } } };
  const saved = entrySize(message) - entrySize(shortened);
  stored.entry = { ...stored.entry, message: shortened };
  stored.bytes -= saved;
  return saved;
}
