import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventLog, type LogPosition } from '../../src/session/event-log.ts';
import { formatCursor, parseCursor } from '../../src/wire/cursor.ts';
import type { LogEntry, LogMessage } from '../../src/wire/log-entry.ts';
import { encodePlain } from '../../src/wire/plain-dialect.ts';
import { audio, audioLengthOf, interrupted, mixed, text, turnComplete } from './log-messages.ts';

const LIMITS = { bytes: 3_000, ageMs: 1_000 };
const READERS = 3;

type Step =
  | { do: 'text'; pieces: string[] }
  | { do: 'audio'; length: number }
  | { do: 'mixed'; length: number }
  | { do: 'interrupted' }
  | { do: 'turnComplete' }
  | { do: 'wait'; ms: number }
  | { do: 'trim' }
  /** A reader takes up to `frames` frames, then loses its connection if `leaves`. */
  | { do: 'read'; reader: number; frames: number; leaves: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('text' as const),
      pieces: fc.array(fc.string({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('audio' as const), length: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mixed' as const), length: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('interrupted' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('turnComplete' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 700 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      reader: fc.nat(READERS - 1),
      frames: fc.nat(6),
      leaves: fc.boolean(),
    }),
  },
);

function messageOf(made: Exclude<Step, { do: 'wait' | 'trim' | 'read' }>): LogMessage {
  switch (made.do) {
    case 'text':
      return text(...made.pieces);
    case 'audio':
      return audio(made.length);
    case 'mixed':
      return mixed('before', made.length, 'after');
    case 'interrupted':
      return interrupted();
    case 'turnComplete':
      return turnComplete();
  }
}

/** A reader as the contract has it: it knows the id of its last frame, and nothing else survives its connection. */
class Reader {
  readonly #log: EventLog;
  /** Each entry it has seen all of, and each reset as `undefined`. */
  readonly seen: (number | undefined)[] = [];
  /** Data of the frames of the entry that it has a part of. */
  #part: string[] = [];
  #cursor: string;
  #position: LogPosition | undefined;

  constructor(log: EventLog) {
    this.#log = log;
    this.#cursor = formatCursor(log.epoch, 0);
  }

  read(frames: number, written: readonly LogMessage[]): void {
    const position = this.#position ?? this.#connect();
    let { seq } = position;
    let skip = position.frames;
    for (let left = frames; left > 0; ) {
      const entry = this.#log.at(seq);
      if (!entry) {
        if (seq > this.#log.head) break;
        this.#reset();
        return;
      }
      const encoded = encodePlain(entry);
      const taken = encoded.slice(skip, skip + left);
      left -= taken.length;
      for (const { data } of taken) {
        skip += 1;
        // Audio that is gone is counted, and not written.
        if (data === '') continue;
        this.#part.push(data);
        this.#cursor = formatCursor(this.#log.epoch, seq, skip === encoded.length ? undefined : skip);
      }
      if (skip < encoded.length) break;
      this.#check(entry, written);
      seq += 1;
      skip = 0;
    }
    this.#position = { seq, frames: skip };
  }

  leave(): void {
    this.#position = undefined;
  }

  #connect(): LogPosition {
    const cursor = parseCursor(this.#cursor);
    if (!cursor) throw new Error(`not a cursor: ${this.#cursor}`);
    const lookup = this.#log.locate(cursor);
    const next = cursor.frames === undefined ? cursor.seq + 1 : cursor.seq;
    if ('reset' in lookup) {
      expect(lookup.reset).toBe('too_old');
      expect(next).toBeLessThan(this.#log.oldest);
      this.#reset();
      return { seq: this.#log.head + 1, frames: 0 };
    }
    expect(lookup.found).toEqual({ seq: next, frames: cursor.frames ?? 0 });
    // What had nothing to be written may be passed again: there is nothing to be seen twice.
    while (this.seen.at(-1) !== undefined && (this.seen.at(-1) ?? 0) >= next) this.seen.pop();
    return lookup.found;
  }

  #reset(): void {
    this.seen.push(undefined);
    this.#part = [];
    this.#cursor = formatCursor(this.#log.epoch, this.#log.head);
    this.#position = { seq: this.#log.head + 1, frames: 0 };
  }

  #check({ seq, message }: LogEntry, written: readonly LogMessage[]): void {
    const original = written[seq - 1];
    const frames = original ? encodePlain({ seq, turn: 1, message: original }).map(({ data }) => data) : [];
    // Each frame of what was appended, once and in its place; audio may be missing if it is gone by now.
    const gone = audioLengthOf(message) < audioLengthOf(original ?? {});
    const isAudio = (data: string) => data.includes('audio/pcm');
    const expected = gone && !this.#part.some(isAudio) ? frames.filter((data) => !isAudio(data)) : frames;
    expect(this.#part).toEqual(expected);
    this.#part = [];
    const last = this.seen.at(-1);
    if (last !== undefined) expect(seq).toBe(last + 1);
    this.seen.push(seq);
  }
}

test('EventLog under any interleaving: each reader gets each entry once and in order, or a reset; bytes stay bounded', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      let now = 1_000_000;
      const log = new EventLog(LIMITS, () => now);
      const readers = Array.from({ length: READERS }, () => new Reader(log));
      const written: LogMessage[] = [];
      const writtenAt: number[] = [];
      /** Sequence numbers of audio whose turn was interrupted after it. */
      const silenced = new Set<number>();
      let turnStart = 1;

      for (const each of steps) {
        if (each.do === 'wait') now += each.ms;
        else if (each.do === 'read') {
          const reader = readers[each.reader];
          reader?.read(each.frames, written);
          if (each.leaves) reader?.leave();
        } else {
          const oldestBefore = log.oldest;
          if (each.do === 'trim') log.trim();
          else {
            const message = messageOf(each);
            written.push(message);
            writtenAt.push(now);
            log.append(message);
            const seq = written.length;
            if (each.do === 'interrupted') for (let s = turnStart; s < seq; s += 1) silenced.add(s);
            if (each.do === 'turnComplete') turnStart = seq + 1;
          }
          expect(log.head).toBe(written.length);
          expectBounded(log, now, writtenAt, oldestBefore);
          expectUnmoved(log, written, silenced);
        }
      }

      // Nothing is left of the reckoning when everything is gone.
      now += LIMITS.ageMs + 1;
      log.trim();
      expect([log.oldest, log.bytes]).toEqual([log.head + 1, 0]);
    }),
    { numRuns: 150 },
  );
});

function expectBounded(log: EventLog, now: number, writtenAt: readonly number[], oldestBefore: number): void {
  const held = log.head - log.oldest + 1;
  if (held > 1) expect(log.bytes).toBeLessThanOrEqual(LIMITS.bytes);
  let youngEnough = oldestBefore;
  while (youngEnough <= log.head && (writtenAt[youngEnough - 1] ?? 0) < now - LIMITS.ageMs) youngEnough += 1;
  expect(log.oldest).toBeGreaterThanOrEqual(youngEnough);
  if (log.oldest === youngEnough) return;
  // Entries went for their bytes, not their age: only the newest may still have audio.
  for (let seq = log.oldest; seq < log.head; seq += 1) expect(audioLengthOf(log.at(seq)?.message ?? {})).toBe(0);
}

function expectUnmoved(log: EventLog, written: readonly LogMessage[], silenced: ReadonlySet<number>): void {
  let heldAudio = false;
  for (let seq = log.oldest; seq <= log.head; seq += 1) {
    const entry = log.at(seq);
    const original = written[seq - 1];
    expect(entry?.seq).toBe(seq);
    expect(entry?.message.event?.id).toBe(original?.event?.id);
    if (!entry || !original || audioLengthOf(original) === 0) {
      expect(entry?.message).toEqual(original);
      continue;
    }
    const length = audioLengthOf(entry.message);
    expect([0, audioLengthOf(original)]).toContain(length);
    const texts = ({ event }: LogMessage) => event?.content?.parts?.map((part) => part.text);
    expect(texts(entry.message)).toEqual(texts(original));
    if (silenced.has(seq)) expect(length).toBe(0);
    // The oldest goes first: behind audio that is held, no other was dropped for its bytes.
    else if (heldAudio) expect(length).toBeGreaterThan(0);
    heldAudio ||= length > 0;
  }
}
