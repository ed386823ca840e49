import fc from 'fast-check';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import { audioBy, interrupted, mixedBy, textBy, turnComplete } from './log-messages.ts';

/** Characters of base64 in 1 ms of 24 kHz speech. */
const MS_LENGTH = 64;

const AUTHORS = ['anna', 'bert'];

/** A change of a log. */
export type LogStep =
  | { readonly do: 'append'; readonly message: () => LogMessage }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'trim' }
  /** Readers have processed this share of the entries. */
  | { readonly do: 'release'; readonly share: number };

const author = fc.constantFrom(...AUTHORS);
const piece = fc.string({ minLength: 1, maxLength: 200 });
const ms = fc.integer({ min: 1, max: 14 });

const append: fc.Arbitrary<() => LogMessage> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(author, fc.array(piece, { minLength: 1, maxLength: 3 })).map(
      ([who, pieces]) =>
        () =>
          textBy(who, ...pieces),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(author, fc.array(ms, { minLength: 1, maxLength: 2 })).map(
      ([who, lengths]) =>
        () =>
          audioBy(who, ...lengths.map((length) => length * MS_LENGTH)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(author, ms).map(
      ([who, length]) =>
        () =>
          mixedBy(who, 'before', length * MS_LENGTH, 'after'),
    ),
  },
  { weight: 1, arbitrary: author.map((who) => () => interrupted(who)) },
  { weight: 1, arbitrary: author.map((who) => () => turnComplete(who)) },
);

/** Any change of a log in which two authors speak. The duration of each piece of audio is a whole number of ms. */
export const logStep: fc.Arbitrary<LogStep> = fc.oneof(
  { weight: 8, arbitrary: append.map((message) => ({ do: 'append', message }) as const) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 700 }).map((wait) => ({ do: 'wait', ms: wait }) as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'trim' } as const) },
  {
    weight: 1,
    arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => ({ do: 'release', share }) as const),
  },
);

/** Sequence numbers of the entries whose turn was interrupted: kept beside the log, by another rule than the log's own. */
export class SilencedEntries {
  readonly #silenced = new Set<number>();
  /** Entries of the turn that each author is in. */
  readonly #turns = new Map<string, number[]>();

  append(seq: number, { event }: LogMessage): void {
    if (!event) return;
    const turn = [...(this.#turns.get(event.author) ?? []), seq];
    this.#turns.set(event.author, event.turnComplete ? [] : turn);
    if (event.interrupted) for (const each of turn) this.#silenced.add(each);
  }

  has(seq: number): boolean {
    return this.#silenced.has(seq);
  }
}
