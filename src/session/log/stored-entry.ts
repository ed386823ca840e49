import type { AudioSlabs, StoredText } from '../../memory/audio-slabs.ts';
import type { Part } from '../../wire/agent-event.ts';
import { soundMs } from '../../wire/audio-duration.ts';
import type { LogEntry } from '../../wire/log-entry.ts';
import { entrySize } from './entry-size.ts';

/** Audio of each entry without audio, which is compared by identity. */
export const NO_AUDIO: readonly never[] = [];

/** An entry as a log stores it: its audio apart. */
export interface StoredEntry {
  /** The entry with `droppedAudio` in place of all audio. */
  readonly entry: LogEntry;
  readonly appendedAt: number;
  bytes: number;
  /** Text of each audio part, in the order of the parts; `NO_AUDIO` once it is dropped. */
  audio: readonly StoredText[];
  lostAudioMs: number;
}

/** Moves the audio of an entry to the slabs. @param appendedAt time in ms */
export function storeEntry(entry: LogEntry, slabs: AudioSlabs, appendedAt: number): StoredEntry {
  const bytes = entrySize(entry.message);
  const audio = storeAudio(entry.message.event?.content?.parts ?? NO_AUDIO, slabs);
  return {
    entry: audio === NO_AUDIO ? entry : mapParts(entry, withoutAudio),
    appendedAt,
    bytes,
    audio,
    lostAudioMs: 0,
  };
}

/** @returns a copy of the entry with its audio */
export function restoreAudio({ entry, audio }: StoredEntry, slabs: AudioSlabs): LogEntry {
  let index = 0;
  return mapParts(entry, (part) => {
    if (!part.droppedAudio) return part;
    const data = slabs.read(audio[index++] ?? '');
    return { inlineData: { mimeType: part.droppedAudio.mimeType, data } };
  });
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

function withoutAudio(part: Part): Part {
  if (!part.inlineData?.data) return part;
  return { droppedAudio: { mimeType: part.inlineData.mimeType, ms: soundMs(part.inlineData) } };
}

/** @returns a copy of an entry with `map` applied to each part of its event; the parts keep their places, because a cursor may point between two */
function mapParts(entry: LogEntry, map: (part: Part) => Part): LogEntry {
  const { event } = entry.message;
  if (!event?.content?.parts) return entry;
  return {
    ...entry,
    message: { event: { ...event, content: { ...event.content, parts: event.content.parts.map(map) } } },
  };
}
