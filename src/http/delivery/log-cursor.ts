import { formatPosition, type HeldEntry, type LogPosition, type LogView } from '../../session/log/log-view.ts';
import type { Dialect } from '../../wire/dialects/dialect.ts';
import type { LogEntry } from '../../wire/log-entry.ts';
import { encodeFrames, type IdentifiedFrame } from './frame-encoder.ts';

const NONE: readonly never[] = [];

/**
 * Position of one reader in a log. The reader pulls frames when its connection can take them; until then they stay in the log, once for
 * all readers. Server-sent events, WebSockets and polls all read through this class.
 *
 * Dropped audio that the cursor passes is reported by one `gap`, right before the next frame. The id of that `gap` lies behind the dropped
 * audio and before the frame: a client that lost its connection before the `gap` is told again when it resumes, and one that has the `gap` is
 * not.
 */
export class LogCursor {
  readonly #log: LogView;
  /** Dialect of the entries that are read from now on. */
  dialect: Dialect;
  #position: LogPosition;
  /** Duration of the dropped audio that was passed and is not reported yet, in ms. */
  #gapMs = 0;

  constructor(log: LogView, dialect: Dialect, start: LogPosition) {
    this.#log = log;
    this.dialect = dialect;
    this.#position = start;
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** Id that leads back to the position. */
  get id(): string {
    return formatPosition(this.#log.epoch, this.#position);
  }

  /** Whether the log has released an entry that this reader has not read: the reader needs a `reset`. */
  get isOvertaken(): boolean {
    return this.#position.seq < this.#log.oldest;
  }

  /** @returns the next entry; `undefined` at the end of the log, or if the cursor is overtaken */
  peek(): HeldEntry | undefined {
    return this.#log.at(this.#position.seq);
  }

  /**
   * Moves past an entry.
   * @param held the entry that `peek` has just returned
   * @returns frames that the reader lacks, in order; empty if there is nothing to send
   */
  take({ entry, lostAudioMs }: HeldEntry): readonly IdentifiedFrame[] {
    const { seq, frames: from } = this.#position;
    const { places, frames } = encodeFrames(this.#log, this.dialect, entry);
    // The usual case returns the same array to every reader, so that sinks can share what they make of it.
    const isWhole = from === 0 && lostAudioMs === 0 && (this.#gapMs === 0 || frames.length === 0);
    const taken = isWhole
      ? frames
      : this.#takePlaces(places, seq, from, lostAudioMs === 0 ? NONE : listDroppedMs(entry));
    this.#position = { seq: seq + 1, frames: 0 };
    return taken;
  }

  /** @returns a `gap` for dropped audio that was passed and is not reported yet. Send it before any event whose id is the position. */
  takeGap(): IdentifiedFrame | undefined {
    return this.#createGap(this.#position);
  }

  /** Continues elsewhere after a `reset`, which also accounts for the dropped audio that was passed. */
  moveTo(position: LogPosition): void {
    this.#position = position;
    this.#gapMs = 0;
  }

  /** @param droppedMs duration of each dropped part, in the order of the empty places */
  #takePlaces(
    places: readonly (IdentifiedFrame | undefined)[],
    seq: number,
    from: number,
    droppedMs: readonly number[],
  ): readonly IdentifiedFrame[] {
    const taken: IdentifiedFrame[] = [];
    let dropped = 0;
    // A frame that holds all of the entry stays without its audio.
    if (places.length === 1) this.#gapMs += droppedMs.reduce((sum, ms) => sum + ms, 0);
    for (const [index, frame] of places.entries()) {
      const lostMs = frame || places.length === 1 ? 0 : (droppedMs[dropped++] ?? 0);
      if (index < from) continue;
      this.#gapMs += lostMs;
      if (!frame) continue;
      const gap = this.#createGap({ seq, frames: index });
      if (gap) taken.push(gap);
      taken.push(frame);
    }
    return taken;
  }

  #createGap(position: LogPosition): IdentifiedFrame | undefined {
    if (this.#gapMs === 0) return undefined;
    const [frame] = this.dialect.encodeControl('gap', { audio_ms: Math.round(this.#gapMs) });
    this.#gapMs = 0;
    return frame && { id: formatPosition(this.#log.epoch, position), ...frame };
  }
}

function listDroppedMs({ message }: LogEntry): readonly number[] {
  const parts = message.event?.content?.parts ?? NONE;
  return parts.flatMap(({ droppedAudio }) => (droppedAudio ? [droppedAudio.ms] : []));
}
