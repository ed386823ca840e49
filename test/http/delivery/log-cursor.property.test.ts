import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { IdentifiedFrame } from '../../../src/http/delivery/frame-encoder.ts';
import { LogCursor } from '../../../src/http/delivery/log-cursor.ts';
import type { LiveLog } from '../../../src/session/log/live-log.ts';
import { audioMs } from '../../../src/wire/audio-duration.ts';
import { formatCursor, parseCursor } from '../../../src/wire/cursor.ts';
import { plainDialect } from '../../../src/wire/dialects/plain.ts';
import type { LogEntry } from '../../../src/wire/log-entry.ts';
import { createLog } from '../../session/log/log-messages.ts';
import { logStep, SilencedEntries } from '../../session/log/log-steps.ts';

const LIMITS = { bytes: 6_000, ageMs: 1_000 };
const READERS = 3;

/** A frame of an entry that holds all of its audio. */
interface OriginalFrame {
  readonly id: string;
  readonly seq: number;
  readonly data: string;
  /** Duration in ms; 0 if the frame is not audio. */
  readonly audioMs: number;
}

/** Everything that was ever appended, and which of it was silenced. */
class Original {
  readonly frames: OriginalFrame[] = [];
  readonly silenced = new SilencedEntries();

  append(epoch: string, entry: LogEntry): void {
    const parts = entry.message.event?.content?.parts?.filter(({ inlineData }) => inlineData) ?? [];
    this.silenced.append(entry.seq, entry.message);
    plainDialect.encodeEntry(entry).forEach((frame, index, { length }) => {
      if (!frame) throw new Error('the entry is not whole');
      const { seq, message } = entry;
      const isAudio = frame.data.startsWith('{"mime_type":"audio/');
      const part = isAudio ? parts.shift() : undefined;
      const event = message.event && part && { ...message.event, content: { parts: [part] } };
      const id = formatCursor(epoch, seq, index === length - 1 ? undefined : index + 1);
      this.frames.push({ id, seq, data: frame.data, audioMs: audioMs(event) });
    });
  }

  /** @returns the place after the frame with this id, or after the nearest one before it */
  placeAfter(id: string): number {
    const cursor = parseCursor(id);
    if (!cursor) throw new Error(`${id} is no cursor`);
    const index = this.frames.findIndex((frame) => {
      const other = parseCursor(frame.id);
      if (!other || other.seq !== cursor.seq) return (other?.seq ?? 0) > cursor.seq;
      return (other.frames ?? Number.POSITIVE_INFINITY) > (cursor.frames ?? Number.POSITIVE_INFINITY);
    });
    return index === -1 ? this.frames.length : index;
  }
}

/** A client as the protocol describes it: it keeps the id of the last frame that arrived, and nothing else survives its connection. */
class Client {
  readonly #log: LiveLog;
  readonly #original: Original;
  #cursor: LogCursor | undefined;
  #lastId: string;
  /** Place of the next frame. */
  #place = 0;
  /** Place after the last frame that arrived: audio from there on may be reported by a `gap`. */
  #from = 0;
  /** Audio reported by each `gap` since the last frame, in ms. */
  #gapMs = 0;
  resets = 0;

  constructor(log: LiveLog, original: Original) {
    this.#log = log;
    this.#original = original;
    this.#lastId = formatCursor(log.epoch, 0);
  }

  get hasEverything(): boolean {
    return this.#place === this.#original.frames.length;
  }

  /** Reads `entries` entries; the connection is cut after `arriving` frames. */
  read(entries: number, arriving: number): void {
    this.#cursor ??= this.#connect();
    let left = arriving;
    for (let taken = 0; taken < entries; taken += 1) {
      const held = this.#cursor.peek();
      if (!held) {
        if (this.#cursor.isOvertaken) this.#reset(this.#cursor);
        break;
      }
      for (const frame of this.#cursor.take(held)) {
        if (left === 0) this.#cursor = undefined;
        if (!this.#cursor) return;
        left -= 1;
        this.#receive(frame);
      }
    }
  }

  /** A heartbeat, or the end of the answer of a poll. */
  beat(arrives: boolean): void {
    if (!this.#cursor) return;
    const gap = this.#cursor.takeGap();
    if (!arrives) this.#cursor = undefined;
    else {
      if (gap) this.#receive(gap);
      // The client takes the id of the heartbeat as its position.
      else this.#moveTo(this.#cursor.id);
    }
  }

  readAll(): void {
    this.read(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.read(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.beat(true);
    this.beat(true);
  }

  #connect(): LogCursor {
    const cursor = parseCursor(this.#lastId);
    if (!cursor) throw new Error(`${this.#lastId} is no cursor`);
    const lookup = this.#log.locate(cursor);
    if ('found' in lookup) return new LogCursor(this.#log, plainDialect, lookup.found);
    expect(lookup.reset).toBe('too_old');
    const next = cursor.frames === undefined ? cursor.seq + 1 : cursor.seq;
    expect(next).toBeLessThan(this.#log.oldest);
    const opened = new LogCursor(this.#log, plainDialect, { seq: this.#log.head + 1, frames: 0 });
    this.#reset(opened);
    return opened;
  }

  /** A reset accounts for everything up to the head. */
  #reset(cursor: LogCursor): void {
    cursor.moveTo({ seq: this.#log.head + 1, frames: 0 });
    this.#lastId = cursor.id;
    this.#place = this.#original.frames.length;
    this.#from = this.#place;
    this.#gapMs = 0;
    this.resets += 1;
  }

  #receive(frame: IdentifiedFrame): void {
    if (frame.event === 'gap') {
      this.#gapMs += JSON.parse(frame.data).audio_ms;
      this.#moveTo(frame.id);
      return;
    }
    const place = this.#original.frames.findIndex(({ id }) => id === frame.id);
    expect(place).toBeGreaterThanOrEqual(this.#place);
    expect(frame.data).toBe(this.#original.frames[place]?.data);
    this.#pass(place);
    this.#expectGapFits(place);
    this.#place = place + 1;
    this.#gapMs = 0;
    this.#from = this.#place;
    this.#lastId = frame.id;
  }

  /** The id of a `gap` or heartbeat moves the client past nothing but audio. */
  #moveTo(id: string): void {
    const place = this.#original.placeAfter(id);
    this.#pass(place);
    this.#expectGapFits(place);
    this.#place = Math.max(this.#place, place);
    this.#lastId = id;
  }

  #pass(place: number): void {
    for (const passed of this.#original.frames.slice(this.#place, place)) expect(passed.audioMs).toBeGreaterThan(0);
  }

  /** Audio that is missing is reported, each piece once; that of an interrupted turn need not be, if it was dropped before the report. */
  #expectGapFits(place: number): void {
    const missing = this.#original.frames.slice(this.#from, place);
    const sum = (frames: readonly OriginalFrame[]) => frames.reduce((ms, frame) => ms + frame.audioMs, 0);
    expect(this.#gapMs).toBeLessThanOrEqual(sum(missing));
    expect(this.#gapMs).toBeGreaterThanOrEqual(sum(missing.filter(({ seq }) => !this.#original.silenced.has(seq))));
  }
}

type Step =
  | { readonly do: 'read'; readonly client: number; readonly entries: number; readonly arriving: number }
  | { readonly do: 'beat'; readonly client: number; readonly arrives: boolean };

const readStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(READERS - 1), fc.integer({ min: 1, max: 6 }), fc.oneof(fc.nat(8), fc.constant(1_000)))
      .map(([client, entries, arriving]) => ({ do: 'read' as const, client, entries, arriving })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(READERS - 1), fc.boolean())
      .map(([client, arrives]) => ({ do: 'beat' as const, client, arrives })),
  },
);

test('LogCursor after any steps and cuts gives each reader each frame once and in order, or a gap or reset that accounts for it', () => {
  const seen = { resets: 0, gaps: 0 };
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: logStep }, { weight: 2, arbitrary: readStep }), {
        minLength: 20,
        maxLength: 150,
      }),
      (steps) => {
        let now = 1_000_000;
        const { log, writer } = createLog({ limits: LIMITS, now: () => now });
        const original = new Original();
        const clients = Array.from({ length: READERS }, () => new Client(log, original));
        for (const step of steps) {
          if (step.do === 'read') clients[step.client]?.read(step.entries, step.arriving);
          else if (step.do === 'beat') clients[step.client]?.beat(step.arrives);
          else if (step.do === 'append') original.append(log.epoch, writer.append(step.message()));
          else if (step.do === 'wait') now += step.ms;
          else if (step.do === 'trim') log.trim();
          else log.release(Math.floor(step.share * log.head));
        }
        for (const client of clients) {
          client.readAll();
          expect(client.hasEverything).toBe(true);
          seen.resets += client.resets;
        }
        for (let seq = log.oldest; seq <= log.head; seq += 1) seen.gaps += log.at(seq)?.lostAudioMs ? 1 : 0;
      },
    ),
    { numRuns: 300 },
  );
  // The steps reach the cases that this test is about.
  expect(seen.resets).toBeGreaterThan(50);
  expect(seen.gaps).toBeGreaterThan(50);
});
