/**
 * Which way down is used, decided from what was measured and nothing else: no clock, no network, so that every sequence of
 * measurements can be tried. All times are ms.
 */

/** From the best to the one that passes everywhere. */
export const RUNGS = ['stream', 'pusher', 'close', 'poll'] as const;
export type Rung = (typeof RUNGS)[number];

/** `at`: any clock that only goes forward. */
export type Evidence =
  /** `session` came, `delayMs` after it was asked for; `roundTripMs`: a POST's, as far as known. */
  | { readonly kind: 'opened'; readonly at: number; readonly delayMs: number; readonly roundTripMs: number | undefined }
  /** The first heartbeat, which needs 250 ms, came with `session` or only with the event after it: something holds events back. */
  | { readonly kind: 'held'; readonly at: number }
  /** A poll was answered while the stream had brought nothing at all. */
  | { readonly kind: 'buffered'; readonly at: number }
  /** A stream that had begun ended, not by our doing nor the server's announcement. */
  | { readonly kind: 'cut'; readonly at: number; readonly livedMs: number }
  /** A stream did not begin: no answer, or a status that is not ours. */
  | { readonly kind: 'unopened'; readonly at: number }
  /** A poll failed. */
  | { readonly kind: 'poll_failed'; readonly at: number }
  /** Time has passed on the poll. */
  | { readonly kind: 'polled'; readonly at: number };

export interface Ladder {
  readonly rung: Rung;
  /** Whether it may poll: otherwise the rungs of the stream are all there is. */
  readonly mayPoll: boolean;
  /** Worth remembering for the next session: measured, not guessed from an outage. */
  readonly firm: boolean;
  /** When a rung that was guessed is left again for `stream`. */
  readonly retryAt: number | undefined;
  /** When streams were cut short. */
  readonly cuts: readonly number[];
  /** Streams in a row that did not begin. */
  readonly unopened: number;
  /** Streams in a row that came late by about what HAProxy holds a chunk. */
  readonly late: number;
  /** `close` was tried, and was no faster. */
  readonly closeUseless: boolean;
}

/** Cut streams of less than this count; a longer one is what idle and lifetime limits do, and a reconnect mends it. */
const SHORT_LIFE_MS = 10_000;
/** So many of them ... */
const MAX_CUTS = 4;
/** ... within so long, and polls are steadier. */
const CUTS_WITHIN_MS = 30_000;
/** Streams in a row that do not begin, before a poll is tried: it may be the stream that is refused, or the server is away. */
const MAX_UNOPENED = 3;
/** How long a poll that came of guessing is kept. */
const GUESS_MS = 60_000;
/** What HAProxy adds to each chunk is 207 ms. */
const LATE_FROM_MS = 150;
const LATE_TO_MS = 400;
/** So often in a row, before it is taken for constant. */
const MAX_LATE = 2;

export function createLadder(rung: Rung, mayPoll: boolean): Ladder {
  const allowed = rung === 'poll' && !mayPoll ? 'stream' : rung;
  return { ...fresh(allowed, mayPoll), firm: allowed !== 'stream' };
}

/** The ladder after one more measurement. */
export function weigh(ladder: Ladder, evidence: Evidence): Ladder {
  if (ladder.rung === 'poll') return weighPoll(ladder, evidence);
  switch (evidence.kind) {
    case 'opened':
      return weighDelay({ ...ladder, unopened: 0 }, evidence);
    case 'held':
      return weighHeld(ladder);
    case 'buffered':
      return toPoll(ladder, true, undefined);
    case 'cut': {
      if (evidence.livedMs >= SHORT_LIFE_MS) return { ...ladder, cuts: [] };
      const cuts = [...ladder.cuts.filter((at) => evidence.at - at <= CUTS_WITHIN_MS), evidence.at];
      return cuts.length < MAX_CUTS ? { ...ladder, cuts } : toPoll({ ...ladder, cuts: [] }, false, evidence.at);
    }
    case 'unopened': {
      const unopened = ladder.unopened + 1;
      return unopened < MAX_UNOPENED ? { ...ladder, unopened } : toPoll({ ...ladder, unopened: 0 }, false, evidence.at);
    }
    default:
      return ladder;
  }
}

/** A poll that was measured to be needed stays; one that was guessed is left when it fails too, or after a while. */
function weighPoll(ladder: Ladder, { kind, at }: Evidence): Ladder {
  if (ladder.retryAt === undefined) return ladder;
  const failed = kind === 'poll_failed';
  return failed || (kind === 'polled' && at >= ladder.retryAt) ? fresh('stream', ladder.mayPoll) : ladder;
}

function weighHeld(ladder: Ladder): Ladder {
  if (ladder.rung === 'stream') return { ...ladder, rung: 'pusher', firm: true, late: 0 };
  // Not even padding pushes it through.
  return toPoll(ladder, true, undefined);
}

function weighDelay(ladder: Ladder, { delayMs, roundTripMs }: Evidence & { kind: 'opened' }): Ladder {
  // Padding makes `session` wait for the first heartbeat, where it is needed at all: its delay says nothing.
  if (roundTripMs === undefined || ladder.rung === 'pusher') return ladder;
  const extra = delayMs - roundTripMs;
  const isLate = extra >= LATE_FROM_MS && extra <= LATE_TO_MS;
  if (ladder.rung === 'close') {
    return isLate ? { ...ladder, rung: 'stream', firm: false, late: 0, closeUseless: true } : { ...ladder, firm: true };
  }
  const late = isLate ? ladder.late + 1 : 0;
  return late >= MAX_LATE && !ladder.closeUseless ? { ...ladder, rung: 'close', late: 0 } : { ...ladder, late };
}

function toPoll(ladder: Ladder, firm: boolean, guessedAt: number | undefined): Ladder {
  if (!ladder.mayPoll) return ladder;
  return { ...ladder, rung: 'poll', firm, retryAt: guessedAt === undefined ? undefined : guessedAt + GUESS_MS };
}

function fresh(rung: Rung, mayPoll: boolean): Ladder {
  return { rung, mayPoll, firm: false, retryAt: undefined, cuts: [], unopened: 0, late: 0, closeUseless: false };
}
