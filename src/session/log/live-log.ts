import { AudioSlabs, storedLength } from '../../memory/audio-slabs.ts';
import { BoundedMap } from '../../wire/bounded-map.ts';
import type { Cursor } from '../../wire/cursor.ts';
import type { LogEntry } from '../../wire/log-entry.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';
import { EntryQueue } from './entry-queue.ts';
import type { HeldEntry, LogView, Lookup } from './log-view.ts';
import {
  dropResultImages,
  hasResultImages,
  NO_AUDIO,
  restoreAudio,
  type StoredEntry,
  storeEntry,
} from './stored-entry.ts';

export interface LogLimits {
  /** Maximum memory of the held entries, in bytes. Over it the oldest audio is dropped first, then the oldest pictures of results, then the oldest entries. */
  readonly bytes: number;
  /** Maximum age of a held entry, in ms. */
  readonly ageMs: number;
}

/** Memory that all logs share with everything else that is held for clients. */
export interface LogMemory extends MemoryCounter {
  /** Whether memory is short. Each log then keeps only its newest entries. */
  readonly isExhausted: boolean;
}

export interface LiveLogOptions {
  /** Name of this log, at least 16 characters of `A-Z a-z 0-9 _ -`. */
  readonly epoch: string;
  readonly limits: LogLimits;
  /** Counts the memory of the log. Default: nobody does. */
  readonly memory?: LogMemory;
  /** Sequence number of the first entry. Default: 1. */
  readonly firstSeq?: number;
  /** Clock, in ms. Default: `Date.now`. */
  readonly now?: () => number;
}

/** Memory that a log keeps while memory is short, in bytes. */
const MIN_BYTES = 64 * 1024;

/**
 * Maximum number of turns whose first entry is remembered. An interruption of an older turn walks all entries. At most 100 turns are open at a
 * time.
 */
const MAX_TURN_STARTS = 200;

/**
 * Log of a live session in memory: everything that its readers get, in order. The log is appended numbered entries and numbers nothing
 * itself, so that a mirror on another machine can be the same class. A reader is only a position in the log: a slow one costs nothing, and a
 * new one can read what it missed.
 */
export class LiveLog implements LogView {
  readonly epoch: string;
  readonly #limits: LogLimits;
  readonly #memory: LogMemory | undefined;
  readonly #share: MemoryShare;
  readonly #now: () => number;
  readonly #readers = new Set<() => void>();
  readonly #slabs = new AudioSlabs();
  readonly #entries: EntryQueue;
  /** The entry that is being appended, with its audio: readers that are up to date get it as it is. Unset after the append. */
  #newest: HeldEntry | undefined;
  #head: number;
  #bytes = 0;
  /** For each turn, the number of the first entry that may hold audio of the turn. A missing turn may have audio in any entry. */
  readonly #turnStarts = new BoundedMap<number, number>(MAX_TURN_STARTS);
  /** Highest turn number so far. Numbers first appear in ascending order. */
  #newestTurn = 0;
  /** Sequence number before which no entry has audio. */
  #firstAudio: number;
  /** Sequence numbers of the entries with pictures in results of tools, oldest first. */
  readonly #pictured: number[] = [];

  constructor({ epoch, limits, memory, firstSeq = 1, now = Date.now }: LiveLogOptions) {
    this.epoch = epoch;
    this.#limits = limits;
    this.#memory = memory;
    this.#share = new MemoryShare(memory);
    this.#now = now;
    this.#entries = new EntryQueue(firstSeq);
    this.#head = firstSeq - 1;
    this.#firstAudio = firstSeq;
  }

  get head(): number {
    return this.#head;
  }

  get oldest(): number {
    return this.#entries.oldest;
  }

  /** Memory of the held entries as the limit counts it, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends the next entry and wakes the readers. An entry whose event is `interrupted` drops the audio of all entries of the same turn:
   * audio that the user cut off must not be heard later, by a slow reader or in a replay.
   * @throws {RangeError} the number of the entry is not `head + 1`
   */
  append(entry: LogEntry): void {
    if (entry.seq !== this.#head + 1) throw new RangeError(`entry ${entry.seq} cannot follow entry ${this.#head}`);
    // An entry that cannot be measured throws here, and leaves no gap in the numbers.
    const stored = storeEntry(entry, this.#slabs, this.#now());
    this.#head = entry.seq;
    this.#entries.append(stored);
    this.#bytes += stored.bytes;
    if (entry.turn > this.#newestTurn) {
      this.#newestTurn = entry.turn;
      this.#turnStarts.set(entry.turn, entry.seq);
    }
    if (hasResultImages(entry)) this.#pictured.push(entry.seq);
    if (stored.audio !== NO_AUDIO) this.#newest = { entry, lostAudioMs: 0 };
    if (entry.message.event?.interrupted) this.#silenceTurn(entry.turn);
    this.trim();
    this.wakeReaders();
    this.#newest = undefined;
  }

  /** Has every reader check again whether it can continue. */
  wakeReaders(): void {
    for (const wake of this.#readers) wake();
  }

  /** Releases the entries up to `seq`: all readers have processed them. */
  release(seq: number): void {
    while (this.oldest <= Math.min(seq, this.#head)) this.#releaseOldest();
    this.#count();
  }

  at(seq: number): HeldEntry | undefined {
    const stored = this.#entries.at(seq);
    if (!stored || stored.audio === NO_AUDIO) return stored;
    if (this.#newest?.entry.seq === seq) return this.#newest;
    return { entry: restoreAudio(stored, this.#slabs), lostAudioMs: 0 };
  }

  locate({ epoch, seq, frames }: Cursor): Lookup {
    if (epoch !== this.epoch) return { reset: 'unknown_epoch' };
    const next = frames === undefined ? seq + 1 : seq;
    if (next > this.head + 1 || (frames !== undefined && next > this.head)) return { reset: 'ahead' };
    if (next < this.oldest) return { reset: 'too_old' };
    return { found: { seq: next, frames: frames ?? 0 } };
  }

  subscribe(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => this.#readers.delete(wake);
  }

  /** Enforces the limits. `append` does this as well; call it regularly for a log that gets no new entries. */
  trim(): void {
    const oldestAllowed = this.#now() - this.#limits.ageMs;
    while ((this.#entries.at(this.oldest)?.appendedAt ?? oldestAllowed) < oldestAllowed) this.#releaseOldest();
    this.#reduceTo(this.#limits.bytes);
    this.#count();
    if (!this.#memory?.isExhausted) return;
    this.#reduceTo(MIN_BYTES);
    this.#count();
  }

  /** Stops counting the memory of this log for good, because nobody reads it any more. */
  close(): void {
    this.#share.close();
  }

  #reduceTo(bytes: number): void {
    while (this.#bytes > bytes && this.#dropOldestAudio());
    while (this.#bytes > bytes && this.#dropOldestPictures());
    // The newest entry stays, whatever its size: its readers have not seen it yet.
    while (this.#bytes > bytes && this.oldest < this.#head) this.#releaseOldest();
  }

  /** Counts the memory that the log holds now, that of half-empty slabs included. */
  #count(): void {
    this.#share.set(this.#bytes + this.#slabs.unusedBytes);
  }

  #releaseOldest(): void {
    const stored = this.#entries.releaseOldest();
    if (!stored) return;
    this.#bytes -= stored.bytes;
    for (const text of stored.audio) this.#slabs.free(text);
    if (this.#pictured[0] !== undefined && this.#pictured[0] < this.oldest) this.#pictured.shift();
  }

  /** @returns false if no entry but the newest has audio */
  #dropOldestAudio(): boolean {
    this.#firstAudio = Math.max(this.#firstAudio, this.oldest);
    while (this.#firstAudio < this.#head) {
      const stored = this.#entries.at(this.#firstAudio);
      this.#firstAudio += 1;
      if (!stored || stored.audio === NO_AUDIO) continue;
      this.#dropAudio(stored);
      stored.lostAudioMs = stored.audioMs;
      return true;
    }
    return false;
  }

  /** Replaces the pictures of the oldest result of a tool that has some by their number. @returns false if only the newest entry has some */
  #dropOldestPictures(): boolean {
    const [seq = this.#head] = this.#pictured;
    if (seq === this.#head) return false;
    this.#pictured.shift();
    const stored = this.#entries.at(seq);
    if (stored) this.#bytes -= dropResultImages(stored);
    return true;
  }

  /**
   * Drops the audio of an interrupted turn, that of the interrupting entry included. Visits only entries since the turn began or was last
   * interrupted: a model may interrupt itself as fast as it can send.
   */
  #silenceTurn(turn: number): void {
    for (let seq = Math.max(this.oldest, this.#turnStarts.get(turn) ?? 0); seq <= this.#head; seq += 1) {
      const stored = this.#entries.at(seq);
      if (stored?.entry.turn !== turn) continue;
      this.#dropAudio(stored);
      // Audio of this turn that was dropped before would not be heard now either, so that no reader needs to know of it.
      stored.lostAudioMs = 0;
    }
    this.#turnStarts.set(turn, this.#head + 1);
  }

  /** The entry stays without its audio, so that the ids of later frames do not move. */
  #dropAudio(stored: StoredEntry): void {
    for (const text of stored.audio) {
      this.#slabs.free(text);
      stored.bytes -= storedLength(text);
      this.#bytes -= storedLength(text);
    }
    stored.audio = NO_AUDIO;
  }
}
