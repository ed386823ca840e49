/**
 * Chooses the way down from measurements alone. The ladder knows no clock and no network, so tests can try every sequence of measurements.
 * All times are ms.
 */
import { type Lifetime, withCut, withRotation } from './lifetime.ts';
import type { Observation, Rung, Silence, TrialRung } from './observation.ts';

/** Choice of transport. `auto`: the best one that the network lets through; the others stay with one kind. */
export type Transport = 'auto' | 'sse' | 'poll' | 'ws';

export interface Ladder {
  readonly rung: Rung;
  readonly transport: Transport;
  /** Whether the rung was measured and not guessed from an outage: only then is it remembered for the next client. */
  readonly firm: boolean;
  /** Time at which the plain stream is tried again beside a lower rung; `undefined` if no rung is better. */
  readonly retryAt: number | undefined;
  /** Delay of the next such try. It doubles with each failure. */
  readonly retryMs: number;
  /** Whether a WebSocket is worth a try. */
  readonly socket: 'untried' | 'refused';
  /** How long the network lets connections live. */
  readonly lifetime: Lifetime;
  /** How long the server holds a poll. */
  readonly holdMs: number;
  /** Times at which streams were cut short. */
  readonly cuts: readonly number[];
  /** Number of connections in a row that delivered nothing. */
  readonly unopened: number;
  /** Cost of connections in a row that fell silent soon after they had opened. */
  readonly stalls: number;
  /** Time until `session` arrived, if it is late by about the delay that HAProxy adds to each chunk. */
  readonly lateMs: number | undefined;
  /** Whether `close` was tried, and was no faster. */
  readonly closeUseless: boolean;
  /** Whether a stream has ever opened. If so, a stream without data is on a dead connection. */
  readonly streams: boolean;
  /** Whether the platform can read a stream. If not, polls are the only way down over HTTP. */
  readonly canStream: boolean;
}

/** Streams that live longer are ended by idle and lifetime limits, and a reconnect is enough. */
const SHORT_LIFE_MS = 10_000;
/** Number of short streams within `CUTS_WITHIN_MS` after which polls are steadier. */
const MAX_CUTS = 4;
const CUTS_WITHIN_MS = 30_000;
/** Cost of a silent connection: heartbeats show it after 25 s, a missing event after 2 s. */
const STALL_COSTS: Record<Silence, number> = { heartbeats: 6, expected: 1 };
/** Cost of silent connections in a row, after which a poll is tried. */
const MAX_STALLS = 12;
/** Cost after which a WebSocket is left: it may deliver events down and lose POSTs. */
const MAX_SOCKET_STALLS = 3;
/** Connections in a row that deliver nothing, after which a poll is tried: a proxy may refuse streams, or the server may be down. */
const MAX_UNOPENED = 3;
/** Time for which a guessed rung is kept before the stream is tried again. */
const GUESS_MS = 60_000;
/** Time for which a guessed rung is kept where streams had worked until then. */
const DOUBTED_MS = 5_000;
/** Time for which a rung is kept that was measured to be needed. */
const MEASURED_MS = 300_000;
const MAX_RETRY_MS = 3_600_000;
/** HAProxy delays each chunk by 207 ms. Delays from `LATE_FROM_MS` to `LATE_TO_MS` are taken for that. */
export const LATE_FROM_MS = 150;
const LATE_TO_MS = 400;
/** Minimum gain of another framing. */
const WORTHWHILE_MS = 100;
/** Maximum and minimum hold of a poll. */
const HOLD_MS = 20_000;
const MIN_HOLD_MS = 1_000;

/** Knowledge of a network that is kept for the next client. */
export interface RememberedTransport {
  readonly rung: Rung;
  readonly capMs: number | undefined;
  readonly socket: Ladder['socket'];
}

export function createLadder(
  transport: Transport,
  remembered: RememberedTransport,
  now: number,
  canStream = true,
): Ladder {
  const chosen = chooseFirstRung(transport, remembered.rung);
  const rung = canStream || chosen === 'ws' ? chosen : 'poll';
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
    canStream,
  };
  return scheduleRetry(ladder, now);
}

/** Knowledge of the network that is worth remembering. */
export function summarizeLadder({ firm, rung, lifetime, socket }: Ladder): RememberedTransport {
  return { rung: firm ? rung : 'stream', capMs: lifetime.capMs, socket };
}

/** Returns the ladder after one more observation. */
export function reduceLadder(ladder: Ladder, observation: Observation): Ladder {
  if (observation.kind === 'tried') return reduceTrial(ladder, observation);
  if (observation.kind === 'rotated') return { ...ladder, lifetime: withRotation(ladder.lifetime) };
  if (observation.kind === 'cut' && ladder.rung !== 'poll') return reduceCut(ladder, observation);
  if (ladder.rung === 'ws') return reduceSocket(ladder, observation);
  if (ladder.rung === 'poll') return reducePoll(ladder, observation);
  switch (observation.kind) {
    case 'opened':
      return reduceDelay({ ...ladder, unopened: 0, streams: true }, observation);
    case 'held':
      // Padding does not push events through either, so only a poll does.
      if (ladder.rung === 'pusher') return moveToPoll(ladder, MEASURED_MS, observation.at);
      return scheduleRetry(
        { ...ladder, rung: 'pusher', firm: true, lateMs: undefined, retryMs: MEASURED_MS },
        observation.at,
      );
    case 'buffered':
      return moveToPoll(ladder, ladder.streams ? DOUBTED_MS : MEASURED_MS, observation.at);
    case 'unopened': {
      const unopened = ladder.unopened + 1;
      if (unopened < MAX_UNOPENED) return { ...ladder, unopened };
      return moveToPoll({ ...ladder, unopened: 0 }, GUESS_MS, observation.at);
    }
    default:
      return ladder;
  }
}

/** Better rung to try now beside the one in use; `undefined` if none is due. */
export function dueTrial(ladder: Ladder, now: number): TrialRung | undefined {
  if (ladder.transport === 'auto' && ladder.socket === 'untried' && ladder.rung !== 'ws') return 'ws';
  if (ladder.rung === 'stream' && ladder.lateMs !== undefined && !ladder.closeUseless) return 'close';
  return ladder.retryAt !== undefined && now >= ladder.retryAt ? 'stream' : undefined;
}

/** Whether a stream that opens `extraMs` later than a POST is answered may be delayed by HAProxy. */
export function isLateBy(extraMs: number): boolean {
  return extraMs >= LATE_FROM_MS && extraMs <= LATE_TO_MS;
}

function chooseFirstRung(transport: Transport, remembered: Rung): Rung {
  if (transport === 'auto') return remembered;
  if (transport !== 'sse') return transport;
  return remembered === 'poll' || remembered === 'ws' ? 'stream' : remembered;
}

/** Leaves a WebSocket that does not open. The cause may be an outage, so a WebSocket is tried again beside a stream that works. */
function reduceSocket(ladder: Ladder, { kind }: Observation): Ladder {
  const unopened = ladder.unopened + 1;
  if (kind === 'buffered' || (kind === 'unopened' && unopened >= MAX_UNOPENED)) return leaveSocket(ladder, 'untried');
  return kind === 'unopened' ? { ...ladder, unopened } : ladder;
}

function reduceTrial(ladder: Ladder, { at, rung, good, delayMs }: Observation & { kind: 'tried' }): Ladder {
  if (rung === 'ws')
    return good ? { ...ladder, rung: 'ws', firm: true, retryAt: undefined } : { ...ladder, socket: 'refused' };
  if (rung === 'close') {
    const { lateMs = 0 } = ladder;
    const isSooner = good && delayMs !== undefined && lateMs - delayMs > WORTHWHILE_MS;
    if (!isSooner || ladder.rung !== 'stream') return { ...ladder, closeUseless: true };
    return scheduleRetry({ ...ladder, rung: 'close', firm: true, retryMs: MEASURED_MS }, at);
  }
  if (!good) return scheduleRetry(ladder, at);
  // `close` is left only for a stream that is no longer late.
  const isLate = ladder.rung === 'close' && delayMs !== undefined && delayMs > (ladder.lateMs ?? 0) - WORTHWHILE_MS;
  if (isLate) return scheduleRetry(ladder, at);
  return { ...ladder, rung: 'stream', firm: false, retryAt: undefined, cuts: [], unopened: 0, lateMs: undefined };
}

function reduceCut(ladder: Ladder, { at, livedMs, silent }: Observation & { kind: 'cut' }): Ladder {
  if (livedMs < SHORT_LIFE_MS && silent) return reduceStall(ladder, STALL_COSTS[silent], at);
  // The client gave the connection up and may have been wrong, so its age says nothing about a limit.
  const lifetime = silent === 'expected' ? ladder.lifetime : withCut(ladder.lifetime, livedMs);
  const known = { ...ladder, lifetime, unopened: 0, stalls: 0 };
  if (livedMs >= SHORT_LIFE_MS) return { ...known, cuts: [] };
  // The connection was cut at the same age as the one before. From now on it is replaced in time, which is better than polls.
  if (lifetime.capMs !== undefined && lifetime.capMs !== ladder.lifetime.capMs) return { ...known, cuts: [] };
  const cuts = [...ladder.cuts.filter((cutAt) => at - cutAt <= CUTS_WITHIN_MS), at];
  if (cuts.length < MAX_CUTS) return { ...known, cuts };
  const steady = { ...known, cuts: [] };
  return ladder.rung === 'ws' ? leaveSocket(steady, 'refused') : moveToPoll(steady, GUESS_MS, at);
}

function reduceStall(ladder: Ladder, cost: number, at: number): Ladder {
  const stalls = ladder.stalls + cost;
  if (stalls < (ladder.rung === 'ws' ? MAX_SOCKET_STALLS : MAX_STALLS)) return { ...ladder, stalls };
  const moved = { ...ladder, stalls: 0 };
  return ladder.rung === 'ws' ? leaveSocket(moved, 'refused') : moveToPoll(moved, GUESS_MS, at);
}

/** Leaves a guessed poll that fails too: the server is down, and a stream finds it again as well as a poll. */
function reducePoll(ladder: Ladder, observation: Observation): Ladder {
  if (observation.kind !== 'poll_failed' || ladder.transport === 'poll') return shortenHold(ladder, observation);
  // A poll that was measured to be needed is left later. The measurement may come from another network.
  const unopened = observation.begun ? 0 : ladder.unopened + 1;
  const isHopeless = ladder.canStream && (!ladder.firm || unopened >= MAX_UNOPENED);
  if (!isHopeless) return shortenHold({ ...ladder, unopened }, observation);
  return { ...ladder, rung: 'stream', firm: false, retryAt: undefined, unopened: 0 };
}

/** Shortens the hold of polls where a proxy gives up a waiting request. */
function shortenHold(ladder: Ladder, observation: Observation): Ladder {
  if (observation.kind !== 'poll_failed' || observation.heldMs < MIN_HOLD_MS) return ladder;
  const holdMs = Math.max(MIN_HOLD_MS, Math.round(Math.min(ladder.holdMs, observation.heldMs) * 0.8));
  return { ...ladder, holdMs };
}

/** Notes a late stream: a proxy that delays each chunk does not delay a stream without chunks. */
function reduceDelay(ladder: Ladder, { delayMs, roundTripMs }: Observation & { kind: 'opened' }): Ladder {
  if (roundTripMs === undefined || ladder.rung !== 'stream') return ladder;
  return { ...ladder, lateMs: isLateBy(delayMs - roundTripMs) ? delayMs : undefined };
}

function leaveSocket(ladder: Ladder, socket: Ladder['socket']): Ladder {
  if (ladder.transport === 'ws') return ladder;
  if (!ladder.canStream) return { ...ladder, rung: 'poll', socket, unopened: 0 };
  return { ...ladder, rung: 'stream', firm: false, socket, unopened: 0 };
}

/** @param retryMs minimum delay until the stream is tried again: the surer the need of a poll, the longer */
function moveToPoll(ladder: Ladder, retryMs: number, at: number): Ladder {
  if (ladder.transport === 'sse') return ladder;
  const firm = retryMs === MEASURED_MS;
  const wait = firm ? Math.max(ladder.retryMs, retryMs) : retryMs;
  return scheduleRetry({ ...ladder, rung: 'poll', firm, retryMs: wait }, at);
}

/** Schedules the next try of the stream, if a lower rung is in use, and doubles the delay of the one after it. */
function scheduleRetry(ladder: Ladder, at: number): Ladder {
  if (!ladder.canStream || ladder.rung === 'stream' || ladder.rung === 'ws' || ladder.transport === 'poll')
    return ladder;
  return {
    ...ladder,
    retryAt: at + ladder.retryMs,
    retryMs: Math.min(ladder.retryMs * 2, MAX_RETRY_MS),
  };
}
