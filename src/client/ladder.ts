/**
 * Which way down is used, decided from what was measured and nothing else: no clock, no network, so that every sequence of
 * measurements can be tried. All times are ms.
 */
import { type Lifetime, withCut, withRotation } from './lifetime.ts';

/** From the best to the one that passes everywhere. */
export const RUNGS = ['ws', 'stream', 'pusher', 'close', 'poll'] as const;
export type Rung = (typeof RUNGS)[number];

/** `auto`: whatever the network lets through; the others keep to one kind. */
export type Transport = 'auto' | 'sse' | 'poll' | 'ws';

/** How it was noticed that a connection is dead: what had been written to it did not come, or heartbeats did not. */
export type Silence = 'expected' | 'heartbeats';

/** `at`: any clock that only goes forward. */
export type Evidence =
  /** `session` came, `delayMs` after it was asked for; `roundTripMs`: a POST's, as far as known. */
  | { readonly kind: 'opened'; readonly at: number; readonly delayMs: number; readonly roundTripMs: number | undefined }
  /** The first heartbeat, which needs 250 ms, came with `session` or only with the event after it: something holds events back. */
  | { readonly kind: 'held'; readonly at: number }
  /** A poll was answered while the stream had brought nothing at all. */
  | { readonly kind: 'buffered'; readonly at: number }
  /** A connection that had begun ended, not by our doing nor the server's announcement. */
  | {
      readonly kind: 'cut';
      readonly at: number;
      readonly livedMs: number;
      /** It was not ended, but fell silent. */
      readonly silent: Silence | undefined;
    }
  /** One was replaced because of its age. */
  | { readonly kind: 'rotated'; readonly at: number }
  /** One did not begin: no answer, or a status that is not ours. */
  | { readonly kind: 'unopened'; readonly at: number }
  /** A poll failed, `heldMs` after it was asked; `begun`: others before it were answered. */
  | { readonly kind: 'poll_failed'; readonly at: number; readonly heldMs: number; readonly begun: boolean }
  /** A better rung was tried beside the one in use, and carried events in time, or did not. `delayMs`: until its `session` came. */
  | {
      readonly kind: 'tried';
      readonly at: number;
      readonly rung: TrialRung;
      readonly good: boolean;
      readonly delayMs?: number | undefined;
    };

/** What may be better than the rung in use. */
export type TrialRung = 'ws' | 'stream' | 'close';

export interface Ladder {
  readonly rung: Rung;
  readonly transport: Transport;
  /** Worth remembering for the next session: measured, not guessed from an outage. */
  readonly firm: boolean;
  /** When the plain stream is tried again beside a lower rung; `undefined` where there is nothing better. */
  readonly retryAt: number | undefined;
  /** How long the next wait for that is: longer each time that it was in vain. */
  readonly retryMs: number;
  /** Whether a WebSocket is worth a try. */
  readonly socket: 'untried' | 'refused';
  /** How long connections are let live. */
  readonly lifetime: Lifetime;
  /** How long a poll is held. */
  readonly holdMs: number;
  /** When streams were cut short. */
  readonly cuts: readonly number[];
  /** Connections in a row that did not begin. */
  readonly unopened: number;
  /** What connections cost, in a row, that fell silent soon after they had begun. */
  readonly stalls: number;
  /** How long the stream took until `session` came, if that is late by about what HAProxy holds a chunk; ms. */
  readonly lateMs: number | undefined;
  /** `close` was tried, and was no faster. */
  readonly closeUseless: boolean;
  /** Streams get through here: one that brings nothing was put on a connection that is dead. */
  readonly streams: boolean;
}

/** Cut streams of less than this count; a longer one is what idle and lifetime limits do, and a reconnect mends it. */
const SHORT_LIFE_MS = 10_000;
/** So many of them ... */
const MAX_CUTS = 4;
/** ... within so long, and polls are steadier. */
const CUTS_WITHIN_MS = 30_000;
/** What a connection costs that falls silent: 25 s until it is noticed, or 2 s where something else shows it. */
const STALL_COSTS: Record<Silence, number> = { heartbeats: 6, expected: 1 };
/** In a row, before a poll is tried ... */
const MAX_STALLS = 12;
/** ... and before a WebSocket is left, which may carry things down and not up. */
const MAX_SOCKET_STALLS = 3;
/** Streams in a row that do not begin, before a poll is tried: it may be the stream that is refused, or the server is away. */
const MAX_UNOPENED = 3;
/** How long a rung that came of guessing is kept before the stream is tried again; doubles up to the most. */
const GUESS_MS = 60_000;
/** The same where the stream had been good until then. */
const DOUBTED_MS = 5_000;
/** The same for one that was measured to be needed. */
const MEASURED_MS = 300_000;
const MOST_RETRY_MS = 3_600_000;
/** What HAProxy adds to each chunk is 207 ms. */
export const LATE_FROM_MS = 150;
const LATE_TO_MS = 400;
/** How much sooner another framing must have come, ms. */
const WORTHWHILE_MS = 100;
/** The longest and the shortest hold of a poll. */
const HOLD_MS = 20_000;
const LEAST_HOLD_MS = 1_000;

/** What is worth remembering of a network, from one session to the next. */
export interface Verdict {
  readonly rung: Rung;
  readonly capMs: number | undefined;
  readonly socket: Ladder['socket'];
}

export function createLadder(transport: Transport, remembered: Verdict, now: number): Ladder {
  const rung = firstRung(transport, remembered.rung);
  const ladder: Ladder = {
    rung,
    transport,
    firm: rung !== 'stream',
    retryAt: undefined,
    retryMs: MEASURED_MS,
    socket: remembered.socket,
    lifetime: { capMs: remembered.capMs, lastMs: undefined, rotations: 0 },
    holdMs: HOLD_MS,
    cuts: [],
    unopened: 0,
    stalls: 0,
    lateMs: undefined,
    closeUseless: false,
    streams: false,
  };
  return withRetry(ladder, now);
}

function firstRung(transport: Transport, remembered: Rung): Rung {
  if (transport === 'auto') return remembered;
  if (transport !== 'sse') return transport;
  return remembered === 'poll' || remembered === 'ws' ? 'stream' : remembered;
}

/** What the ladder has found out, for the next session. */
export function verdictOf({ firm, rung, lifetime, socket }: Ladder): Verdict {
  return { rung: firm ? rung : 'stream', capMs: lifetime.capMs, socket };
}

/** The ladder after one more measurement. */
export function weigh(ladder: Ladder, evidence: Evidence): Ladder {
  if (evidence.kind === 'tried') return weighTrial(ladder, evidence);
  if (evidence.kind === 'rotated') return { ...ladder, lifetime: withRotation(ladder.lifetime) };
  if (evidence.kind === 'cut' && ladder.rung !== 'poll') return weighCut(ladder, evidence);
  if (ladder.rung === 'ws') return weighSocket(ladder, evidence);
  if (ladder.rung === 'poll') return weighPoll(ladder, evidence);
  switch (evidence.kind) {
    case 'opened':
      return weighDelay({ ...ladder, unopened: 0, streams: true }, evidence);
    case 'held':
      // Not even padding pushes it through: then only a poll does.
      if (ladder.rung === 'pusher') return toPoll(ladder, MEASURED_MS, evidence.at);
      return withRetry({ ...ladder, rung: 'pusher', firm: true, lateMs: undefined, retryMs: MEASURED_MS }, evidence.at);
    case 'buffered':
      return toPoll(ladder, ladder.streams ? DOUBTED_MS : MEASURED_MS, evidence.at);
    case 'unopened': {
      const unopened = ladder.unopened + 1;
      if (unopened < MAX_UNOPENED) return { ...ladder, unopened };
      return toPoll({ ...ladder, unopened: 0 }, GUESS_MS, evidence.at);
    }
    default:
      return ladder;
  }
}

/** Which better rung is to be tried now, beside the one in use. */
export function dueTrial(ladder: Ladder, now: number): TrialRung | undefined {
  if (ladder.transport === 'auto' && ladder.socket === 'untried' && ladder.rung !== 'ws') return 'ws';
  if (ladder.rung === 'stream' && ladder.lateMs !== undefined && !ladder.closeUseless) return 'close';
  return ladder.retryAt !== undefined && now >= ladder.retryAt ? 'stream' : undefined;
}

/** It may be an outage: whether a WebSocket is of use is tried again beside a stream that works. */
function weighSocket(ladder: Ladder, { kind }: Evidence): Ladder {
  const unopened = ladder.unopened + 1;
  if (kind === 'buffered' || (kind === 'unopened' && unopened >= MAX_UNOPENED)) return leaveSocket(ladder, 'untried');
  return kind === 'unopened' ? { ...ladder, unopened } : ladder;
}

function weighTrial(ladder: Ladder, { at, rung, good, delayMs }: Evidence & { kind: 'tried' }): Ladder {
  if (rung === 'ws')
    return good ? { ...ladder, rung: 'ws', firm: true, retryAt: undefined } : { ...ladder, socket: 'refused' };
  if (rung === 'close') {
    const { lateMs = 0 } = ladder;
    const isSooner = good && delayMs !== undefined && lateMs - delayMs > WORTHWHILE_MS;
    if (!isSooner || ladder.rung !== 'stream') return { ...ladder, closeUseless: true };
    return withRetry({ ...ladder, rung: 'close', firm: true, retryMs: MEASURED_MS }, at);
  }
  if (!good) return withRetry(ladder, at);
  // From `close` back only if the stream is not late any more.
  const isLate = ladder.rung === 'close' && delayMs !== undefined && delayMs > (ladder.lateMs ?? 0) - WORTHWHILE_MS;
  if (isLate) return withRetry(ladder, at);
  return { ...ladder, rung: 'stream', firm: false, retryAt: undefined, cuts: [], unopened: 0, lateMs: undefined };
}

function weighCut(ladder: Ladder, { at, livedMs, silent }: Evidence & { kind: 'cut' }): Ladder {
  if (livedMs < SHORT_LIFE_MS && silent) return weighStall(ladder, STALL_COSTS[silent], at);
  // It was given up by us, who may have been wrong: that says nothing of how long it would have lived.
  const lifetime = silent === 'expected' ? ladder.lifetime : withCut(ladder.lifetime, livedMs);
  const known = { ...ladder, lifetime, unopened: 0, stalls: 0 };
  if (livedMs >= SHORT_LIFE_MS) return { ...known, cuts: [] };
  // Cut after the same time as before: from now on it is replaced in time, which is better than to poll.
  if (lifetime.capMs !== undefined && lifetime.capMs !== ladder.lifetime.capMs) return { ...known, cuts: [] };
  const cuts = [...ladder.cuts.filter((each) => at - each <= CUTS_WITHIN_MS), at];
  if (cuts.length < MAX_CUTS) return { ...known, cuts };
  const steady = { ...known, cuts: [] };
  return ladder.rung === 'ws' ? leaveSocket(steady, 'refused') : toPoll(steady, GUESS_MS, at);
}

function weighStall(ladder: Ladder, cost: number, at: number): Ladder {
  const stalls = ladder.stalls + cost;
  if (stalls < (ladder.rung === 'ws' ? MAX_SOCKET_STALLS : MAX_STALLS)) return { ...ladder, stalls };
  const moved = { ...ladder, stalls: 0 };
  return ladder.rung === 'ws' ? leaveSocket(moved, 'refused') : toPoll(moved, GUESS_MS, at);
}

/** A poll that was guessed is left when it fails too: the server is away, and the stream is as good a way to find it. */
function weighPoll(ladder: Ladder, evidence: Evidence): Ladder {
  if (evidence.kind !== 'poll_failed' || ladder.transport === 'poll') return shorterHold(ladder, evidence);
  // One that was measured to be needed is not left so soon; but it may have been in another network.
  const unopened = evidence.begun ? 0 : ladder.unopened + 1;
  const isHopeless = !ladder.firm || unopened >= MAX_UNOPENED;
  if (!isHopeless) return shorterHold({ ...ladder, unopened }, evidence);
  return { ...ladder, rung: 'stream', firm: false, retryAt: undefined, unopened: 0 };
}

/** Something on the way gives up a request that waits: it must be answered sooner. */
function shorterHold(ladder: Ladder, evidence: Evidence): Ladder {
  if (evidence.kind !== 'poll_failed' || evidence.heldMs < LEAST_HOLD_MS) return ladder;
  const holdMs = Math.max(LEAST_HOLD_MS, Math.round(Math.min(ladder.holdMs, evidence.heldMs) * 0.8));
  return { ...ladder, holdMs };
}

/** Whether a stream that begins so much later than a POST is answered, ms, may have been held by what HAProxy does. */
export function isLateBy(extraMs: number): boolean {
  return extraMs >= LATE_FROM_MS && extraMs <= LATE_TO_MS;
}

/** Whether another framing is to be tried: what holds each chunk for a while does not hold what is not in chunks. */
function weighDelay(ladder: Ladder, { delayMs, roundTripMs }: Evidence & { kind: 'opened' }): Ladder {
  if (roundTripMs === undefined || ladder.rung !== 'stream') return ladder;
  return { ...ladder, lateMs: isLateBy(delayMs - roundTripMs) ? delayMs : undefined };
}

function leaveSocket(ladder: Ladder, socket: Ladder['socket']): Ladder {
  if (ladder.transport === 'ws') return ladder;
  return { ...ladder, rung: 'stream', firm: false, socket, unopened: 0 };
}

/** @param retryMs at the least until the stream is tried again: how sure it is that a poll is needed */
function toPoll(ladder: Ladder, retryMs: number, at: number): Ladder {
  if (ladder.transport === 'sse') return ladder;
  const firm = retryMs === MEASURED_MS;
  const wait = firm ? Math.max(ladder.retryMs, retryMs) : retryMs;
  return withRetry({ ...ladder, rung: 'poll', firm, retryMs: wait }, at);
}

/** Sets the next try of the stream, where there is a lower rung in use, and makes the one after it wait longer. */
function withRetry(ladder: Ladder, at: number): Ladder {
  if (ladder.rung === 'stream' || ladder.rung === 'ws' || ladder.transport === 'poll') return ladder;
  return {
    ...ladder,
    retryAt: at + ladder.retryMs,
    retryMs: Math.min(ladder.retryMs * 2, MOST_RETRY_MS),
  };
}
