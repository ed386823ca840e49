import { formatCursor, parseCursor } from '../../src/wire/cursor.ts';
import type { LoggedFrame } from './history.ts';

/** A frame in its place. Those without data are no part of the model: nobody is ever told them. */
export interface ModelFrame extends LoggedFrame {
  readonly id: string;
  readonly seq: number;
  /** Among the frames of its entry, from 0. */
  readonly index: number;
  /** When it was appended: the index of a record. */
  readonly at: number;
  /** Audio of a turn that was interrupted later: when. */
  silencedAt: number | undefined;
}

const INTERRUPTED = '{"turn_complete":null,"interrupted":true}';
const TURN_COMPLETE = '{"turn_complete":true,"interrupted":null}';

/** The whole log of one epoch, as if nothing of it was ever let go. */
export class LogModel {
  readonly epoch: string;
  readonly frames: ModelFrame[] = [];
  /** The oldest entry that the server holds. */
  oldest = 1;
  #turnStart = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  append(seq: number, frames: readonly LoggedFrame[], at: number): void {
    frames.forEach((frame, index) => {
      const id = formatCursor(this.epoch, seq, index === frames.length - 1 ? undefined : index + 1);
      if (frame.data !== '') this.frames.push({ ...frame, id, seq, index, at, silencedAt: undefined });
    });
    const says = (what: string) => frames.some(({ name, data }) => name === 'message' && data === what);
    if (says(INTERRUPTED)) {
      for (const frame of this.frames.slice(this.#turnStart)) if (frame.audioMs > 0) frame.silencedAt ??= at;
    }
    if (says(TURN_COMPLETE)) this.#turnStart = this.frames.length;
  }

  /** The place behind `id`: the index of the first frame that a reader with it lacks. `undefined`: no id of this log. */
  placeAfter(id: string): number | undefined {
    const cursor = parseCursor(id);
    if (cursor?.epoch !== this.epoch) return undefined;
    const { seq, frames = Number.POSITIVE_INFINITY } = cursor;
    const place = this.frames.findIndex((frame) => frame.seq > seq || (frame.seq === seq && frame.index >= frames));
    return place < 0 ? this.frames.length : place;
  }

  /** The entry that a reader at that place asks for next, as far as it can know. */
  entryAt(place: number): number {
    const last = this.frames[place - 1];
    if (!last) return 1;
    return last.id.includes('-', this.epoch.length) ? last.seq : last.seq + 1;
  }

  /** The entry that a reader at that place is told of next. @param silent whether the reader is told no audio */
  neededAt(place: number, silent: boolean): number {
    const next = this.frames
      .slice(place)
      .find(({ silencedAt, audioMs }) => silencedAt === undefined && !(silent && audioMs > 0));
    return next?.seq ?? Number.POSITIVE_INFINITY;
  }

  /** The place that was the newest then. */
  headAt(at: number): number {
    const place = this.frames.findIndex((frame) => frame.at > at);
    return place < 0 ? this.frames.length : place;
  }
}
