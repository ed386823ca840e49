import { randomBytes } from 'node:crypto';
import type { AgentEvent, Part } from '../wire/agent-event.ts';
import { soundMs } from '../wire/audio-duration.ts';
import { type Cursor, formatCursor } from '../wire/cursor.ts';
import type { LogEntry, LogMessage } from '../wire/log-entry.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { AudioStore, type KeptText, lengthOf } from './audio-store.ts';

export interface EventLogLimits {
  /** Bytes of the entries held. Over it the oldest audio goes first, then the oldest entries. */
  readonly bytes: number;
  /** How long an entry is held, ms. */
  readonly ageMs: number;
}

/** Where a reader begins: the entry it lacks, and how many of that entry's frames it has. */
export interface LogPosition {
  readonly seq: number;
  readonly frames: number;
}

export type Lookup = { found: LogPosition } | { reset: ConnectionEvents['reset']['reason'] };

/** For every entry that has no audio. */
const NONE: readonly never[] = [];

interface Held {
  /** Without its audio. */
  readonly entry: LogEntry;
  readonly at: number;
  bytes: number;
  /** Of each of its parts that has any, until it is dropped. */
  audio: readonly KeptText[];
  /** How long each of them lasts, ms: to find out later would be to read it. */
  readonly audioMs: readonly number[];
  /** The same, where it was dropped for want of room. */
  lostMs: readonly number[];
}

/** What an entry costs beside its text and audio: many small ones must not be free. */
const ENTRY_BYTES = 150;

/**
 * The one log of a live session: everything that goes down to its clients, in order. A reader is only a place in it, so that a
 * slow one costs nothing and a new one can have what it missed.
 */
export class EventLog {
  /** Random, so that a cursor of another log is known as such. */
  readonly epoch = randomBytes(12).toString('base64url');
  readonly #limits: EventLogLimits;
  readonly #now: () => number;
  readonly #readers = new Set<() => void>();
  readonly #audio = new AudioStore();
  /** By sequence number, in that order: what goes is the oldest, which an array would move all others for. */
  readonly #held = new Map<number, Held>();
  /** The entry that is being appended, whole: readers that are up to date take it at once, and it is kept no longer than that. */
  #newest: LogEntry | undefined;
  #head = 0;
  #bytes = 0;
  /** Entries before it have no audio left to drop. */
  #firstAudio = 1;
  #turn = 1;
  /** Kept beside the entries, which may be gone before the reply is over: a client that has them lets go of them. */
  #replying = false;
  #replySoFar = '';
  /** The first entry of the reply being given. */
  #turnStart = 1;

  constructor(limits: EventLogLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Sequence number of the newest entry; 0 if there was none yet. */
  get head(): number {
    return this.#head;
  }

  /** Sequence number of the oldest entry held; one more than the head if there is none. */
  get oldest(): number {
    return this.#head + 1 - this.#held.size;
  }

  /** Bytes held, by the log's own reckoning. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A reply has begun and not ended. */
  get midTurn(): boolean {
    return this.#replying;
  }

  /** What was said of the reply being given and is not known whole yet. */
  replySoFar(): string {
    return this.#replySoFar;
  }

  append(message: LogMessage): void {
    this.#head += 1;
    const entry: LogEntry = { seq: this.#head, turn: this.#turn, message };
    const bytes = sizeOf(message);
    const audio = this.#keepAudio(message.event);
    this.#held.set(entry.seq, {
      entry: audio === NONE ? entry : replaceAudio(entry, () => ''),
      at: this.#now(),
      bytes,
      audio,
      audioMs: audio === NONE ? NONE : durationsOf(message.event),
      lostMs: NONE,
    });
    this.#newest = entry;
    this.#bytes += bytes;
    if (message.event) this.#followReply(message.event);
    if (message.event?.interrupted) this.#dropTurnAudio();
    if (message.event?.turnComplete) {
      this.#turn += 1;
      this.#turnStart = entry.seq + 1;
    }
    this.trim();
    this.wakeReaders();
    this.#newest = undefined;
  }

  /** Has every reader look again: there is more, or it may take more. */
  wakeReaders(): void {
    for (const wake of this.#readers) wake();
  }

  /** Of each part of an entry whose audio was dropped for want of room, in their order: how long it was, ms. */
  lostMs(seq: number): readonly number[] {
    return this.#held.get(seq)?.lostMs ?? NONE;
  }

  /** Lets go of the entries up to `seq`: whoever reads has them. */
  release(seq: number): void {
    while (this.oldest <= Math.min(seq, this.#head)) this.#releaseOldest();
  }

  /** The entry, or `undefined` if it is not held: not any more, or not yet. */
  at(seq: number): LogEntry | undefined {
    const held = this.#held.get(seq);
    if (!held || held.audio === NONE) return held?.entry;
    return seq === this.#newest?.seq ? this.#newest : this.#whole(held);
  }

  /** Where a reader goes on that has everything up to `cursor`. */
  locate(cursor: Cursor): Lookup {
    if (cursor.epoch !== this.epoch) return { reset: 'unknown_epoch' };
    const next = cursor.frames === undefined ? cursor.seq + 1 : cursor.seq;
    if (next > this.head + 1 || (cursor.frames !== undefined && next > this.head)) return { reset: 'ahead' };
    if (next < this.oldest) return { reset: 'too_old' };
    return { found: { seq: next, frames: cursor.frames ?? 0 } };
  }

  /** The id that leads back to `position`. */
  idAt({ seq, frames }: LogPosition): string {
    return frames === 0 ? formatCursor(this.epoch, seq - 1) : formatCursor(this.epoch, seq, frames);
  }

  /** Calls `wake` after each append. @returns how to stop it */
  subscribe(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => this.#readers.delete(wake);
  }

  /** Enforces the limits; `append` does, and a timer does for a log that nothing is appended to. */
  trim(): void {
    const oldest = this.#now() - this.#limits.ageMs;
    while ((this.#held.get(this.oldest)?.at ?? oldest) < oldest) this.#releaseOldest();
    while (this.#bytes > this.#limits.bytes && this.#dropOldestAudio());
    // The newest stays, whatever its size: its readers have not seen it yet.
    while (this.#bytes > this.#limits.bytes && this.oldest < this.#head) this.#releaseOldest();
  }

  #releaseOldest(): void {
    const seq = this.oldest;
    const held = this.#held.get(seq);
    if (!held) return;
    this.#held.delete(seq);
    this.#bytes -= held.bytes;
    for (const kept of held.audio) this.#audio.drop(kept);
  }

  /** @returns false if there is none, beside that of the newest entry */
  #dropOldestAudio(): boolean {
    this.#firstAudio = Math.max(this.#firstAudio, this.oldest);
    while (this.#firstAudio < this.#head) {
      const held = this.#held.get(this.#firstAudio);
      this.#firstAudio += 1;
      if (held && held.audio !== NONE) {
        held.lostMs = held.audioMs;
        this.#dropAudio(held);
        return true;
      }
    }
    return false;
  }

  /** What was not heard when the user interrupted is never to be heard: not by a slow reader, not in a replay. */
  #dropTurnAudio(): void {
    // The newest is the one that says so; an ADK Runner's may hold audio itself.
    for (let seq = Math.max(this.#turnStart, this.oldest); seq <= this.#head; seq += 1) {
      const held = this.#held.get(seq);
      if (!held) continue;
      this.#dropAudio(held);
      // It would not be heard now either: nobody needs to be told that there was no room for it.
      held.lostMs = NONE;
    }
  }

  /** An entry stays, without its audio: the ids of what comes after must not move. */
  #dropAudio(held: Held): void {
    for (const kept of held.audio) {
      this.#audio.drop(kept);
      held.bytes -= lengthOf(kept);
      this.#bytes -= lengthOf(kept);
    }
    held.audio = NONE;
  }

  #keepAudio(event: AgentEvent | undefined): readonly KeptText[] {
    let audio: readonly KeptText[] = NONE;
    for (const { inlineData } of event?.content?.parts ?? NONE) {
      if (!inlineData) continue;
      const kept = this.#audio.keep(inlineData.data);
      audio = audio === NONE ? [kept] : [...audio, kept];
    }
    return audio;
  }

  #whole({ entry, audio }: Held): LogEntry {
    let index = 0;
    return replaceAudio(entry, () => this.#audio.read(audio[index++] ?? ''));
  }

  #followReply(event: AgentEvent): void {
    const { content, partial, outputTranscription: spoken, turnComplete } = event;
    let written = '';
    for (const { text, thought } of content?.parts ?? NONE) if (text && !thought) written += text;
    if (spoken) this.#replySoFar = spoken.finished ? '' : this.#replySoFar + spoken.text;
    if (written) this.#replySoFar = partial ? this.#replySoFar + written : '';
    if (turnComplete) this.#replySoFar = '';
    this.#replying = !turnComplete && (this.#replying || isReply(event));
  }
}

function durationsOf(event: AgentEvent | undefined): readonly number[] {
  const parts = event?.content?.parts ?? [];
  return parts.flatMap(({ inlineData }) => (inlineData ? [soundMs(inlineData)] : []));
}

/** A file is of a reply that is over. */
function isReply({ content, outputTranscription }: AgentEvent): boolean {
  const isFile = content?.parts?.every(({ fileData }) => fileData) ?? false;
  return (content?.role === 'model' && !isFile) || outputTranscription !== undefined;
}

/** The parts keep their places: a cursor may point between two of them. */
function replaceAudio({ seq, turn, message: { event } }: LogEntry, next: () => string): LogEntry {
  if (!event?.content?.parts) return { seq, turn, message: {} };
  const parts: Part[] = [];
  for (const part of event.content.parts) {
    const { inlineData } = part;
    parts.push(inlineData ? { inlineData: { mimeType: inlineData.mimeType, data: next() } } : part);
  }
  return { seq, turn, message: { event: { ...event, content: { ...event.content, parts } } } };
}

/** Audio is measured, not serialised: it is nearly everything that passes here. */
function sizeOf({ event, failure }: LogMessage): number {
  let size = ENTRY_BYTES + (failure?.error.length ?? 0);
  size += (event?.inputTranscription?.text.length ?? 0) + (event?.outputTranscription?.text.length ?? 0);
  if (event) {
    const { groundingMetadata, usageMetadata, toolCancellation, voiceActivity } = event;
    for (const each of [groundingMetadata, usageMetadata, toolCancellation, voiceActivity]) {
      if (each) size += JSON.stringify(each).length;
    }
    const { turnCompleteReason, errorCode, errorMessage, liveSessionId } = event;
    for (const each of [turnCompleteReason, errorCode, errorMessage, liveSessionId]) size += each?.length ?? 0;
  }
  for (const { text, inlineData, functionCall, functionResponse, ...code } of event?.content?.parts ?? []) {
    size += (text?.length ?? 0) + (inlineData ? inlineData.mimeType.length + inlineData.data.length : 0);
    if (functionCall) size += JSON.stringify(functionCall).length;
    if (functionResponse) size += JSON.stringify(functionResponse).length;
    if (code.executableCode || code.codeExecutionResult) size += JSON.stringify(code).length;
  }
  return size;
}
