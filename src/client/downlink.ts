import type { ErrorBody } from '../wire/error-catalogue.ts';
import { fullJitter, pause } from './backoff.ts';
import type { Retry } from './events.ts';
import type { ReceivedEvent } from './exchange.ts';
import { createInquiry } from './inquiry.ts';
import { type Evidence, type Ladder, type Rung, weigh } from './ladder.ts';
import { rotateAfter } from './lifetime.ts';
import { type Ending, type Line, type Network, openLine } from './line.ts';
import type { Position } from './position.ts';
import { proveLine } from './trial.ts';
import { createTrials, SETTLED_MS } from './trial-schedule.ts';
import { listenForWake } from './wake.ts';

export interface DownlinkOptions extends Network {
  readonly random: () => number;
  readonly ladder: Ladder;
  readonly position: Position;
  /** The address of a way down, with the query that all connections have. */
  readonly address: (rung: Rung, query: Record<string, string>) => string;
  /** The same for a connection that is only a trial: under another name, from the head. */
  readonly trialAddress: (rung: Rung, query: Record<string, string>) => string;
  /** @returns whether it was new, and belongs to the log: then the connection has been of use */
  onEvent(event: ReceivedEvent): boolean;
  onLadder(ladder: Ladder): void;
  /** A connection has begun to bring something. */
  onBegun(rung: Rung): void;
  /** There is no connection. */
  onLost(): void;
  onRetry(retry: Retry): void;
  /** Nothing comes, though something was sent: the server is to be asked what it has written. */
  onDoubt(): void;
  /** 204: nothing more will come. */
  onOver(): void;
}

export interface Downlink {
  /** Drops the connection there is and makes another, with no more delay. */
  reconnect(): void;
  /** Something does not get through: a rung that was never tried is tried now, beside the one in use. */
  tryBetter(): void;
  /** The server will be gone for a while: the next connection waits, ms. */
  holdOff(ms: number): void;
  /**
   * The server has answered a POST, sent at `sentAt`, and says what it has written to the connection in use: it is dead if that does not come.
   * @param written the number of an entry; `null`: it has no such connection; `undefined`: it did not say
   */
  answered(written: number | null | undefined, sentAt: number): void;
  /** The server has ended the connection in use, in favour of a newer one. */
  superseded(): void;
  stop(): void;
  /** How something goes up over the way down, where that goes both ways. */
  readonly post: Line['post'];
  readonly statistics: { readonly reconnects: number; readonly rotations: number };
}

/** How long a stream may bring nothing before a poll is tried beside it, ms. A WebSocket has a handshake more to make. */
export const PATIENCE_MS = 1_000;
const SOCKET_PATIENCE_MS = 3_000;
/** A connection that lasted so long was a good one, ms. */
const HEALTHY_MS = 5_000;
/** One that was cut sooner is not replaced at once, whatever it brought: the next would be, too, ms. */
const LIVED_MS = 1_000;
/** The longest wait after a stray request of our own took the connection over, ms. */
const MOST_STRAY_MS = 1_000;

/**
 * The way down: one connection after the other, on the rung that the ladder says, until it is stopped. The next one is opened before the
 * last is let go of wherever that one is still good: what both bring is taken once.
 */
export function createDownlink(options: DownlinkOptions): Downlink {
  const { now } = options;
  const stopped = new AbortController();
  let ladder = options.ladder;
  /** The connection in use, and one that is to take its place once it has brought something. */
  let incumbent: Line | undefined;
  let challenger: Line | undefined;
  let wake = new AbortController();
  /** By the wall: other clocks may stop while a machine sleeps. */
  let lastBytesAt = Date.now();
  let holdOffMs = 0;
  /** The server has said that it ends the connection. */
  let announced = false;
  let connections = 0;
  let rotations = 0;
  /** The connection in use has brought something that was not known. */
  let useful = false;
  /** Beside a connection in use: when to poll because it brings nothing, to replace it because of its age. */
  let raceTimer: ReturnType<typeof setTimeout> | undefined;
  let ageTimer: ReturnType<typeof setTimeout> | undefined;
  let moveTimer: ReturnType<typeof setTimeout> | undefined;
  /** How the connection in use opened. */
  let opened: { readonly line: Line; readonly evidence: Evidence & { kind: 'opened' } } | undefined;
  const inquiry = createInquiry(options.onDoubt);

  const open = (rung: Rung): Line => {
    const line: Line = openLine({
      ...options,
      rung,
      url: (query) => {
        const { id } = options.position;
        return options.address(rung, id === undefined ? query : { since: id, ...query });
      },
      // The first poll is answered at once: whatever waits for a connection does not wait for an event.
      holdMs: () => (line.begunAt !== undefined ? ladder.holdMs : 0),
      onBegun: () => onBegun(line),
      onBytes: () => {
        lastBytesAt = Date.now();
        inquiry.heard();
        trials.heard(line);
      },
      onEvent: (event) => {
        const isNew = options.onEvent(event);
        if (isNew && line === incumbent) useful = true;
        return isNew;
      },
      onCursor: (id) => options.position.pass(id),
      onEvidence: (evidence) => {
        if (line !== incumbent) return;
        if (evidence.kind === 'opened') opened = { line, evidence };
        if (learn(evidence)) replace();
      },
    });
    return line;
  };
  /** @returns whether another rung is better now */
  const learn = (evidence: Evidence): boolean => {
    const before = ladder;
    ladder = weigh(ladder, evidence);
    if (ladder !== before) options.onLadder(ladder);
    return ladder.rung !== before.rung;
  };
  /** When the first stream opened, nobody knew yet what a round trip takes; and the first one may have been slow by itself. */
  const weighOpening = () => {
    const roundTripMs = options.roundTripMs();
    if (!opened || opened.line !== incumbent || roundTripMs === undefined) return;
    if (roundTripMs >= (opened.evidence.roundTripMs ?? Number.POSITIVE_INFINITY)) return;
    opened = { line: opened.line, evidence: { ...opened.evidence, roundTripMs } };
    learn(opened.evidence);
    trials.plan();
  };
  const dropChallenger = () => {
    challenger?.drop();
    challenger = undefined;
  };
  const challenge = (line: Line) => {
    dropChallenger();
    challenger = line;
    void line.over.then(() => {
      if (challenger !== line) return;
      challenger = undefined;
      if (line.rung !== ladder.rung || !incumbent || incumbent.rung === ladder.rung) return;
      // What is in use may be worse, but it is there.
      learn({ kind: 'unopened', at: now() });
      moveTimer = after(moveTimer, SETTLED_MS, () => {
        if (incumbent?.rung !== ladder.rung) replace();
      });
    });
  };
  /** Opens the next connection beside the one in use. */
  const replace = () => {
    if (stopped.signal.aborted) return;
    if (incumbent) challenge(open(ladder.rung));
  };
  const promote = (line: Line) => {
    const before = incumbent;
    incumbent = line;
    challenger = undefined;
    rotations += 1;
    announced = false;
    clearTimers();
    before?.drop();
  };
  const onBegun = (line: Line) => {
    if (line === challenger) {
      // It was opened to race the stream: a poll is answered, while the stream brings nothing at all.
      if (line.rung === 'poll' && incumbent && incumbent.begunAt === undefined) learn({ kind: 'buffered', at: now() });
      else if (line.rung === incumbent?.rung && incumbent.begunAt !== undefined) learn({ kind: 'rotated', at: now() });
      promote(line);
      useful = true;
    } else if (line !== incumbent) return;
    clearTimeout(raceTimer);
    dropChallenger();
    if (line.rung !== ladder.rung) replace();
    ageTimer = after(ageTimer, line.rung === 'poll' ? undefined : rotateAfter(ladder.lifetime), replace);
    trials.plan();
    options.onBegun(line.rung);
  };
  const after = (old: typeof raceTimer, ms: number | undefined, action: () => void) => {
    clearTimeout(old);
    return ms === undefined ? undefined : setTimeout(action, ms);
  };
  const clearTimers = () => {
    for (const timer of [raceTimer, ageTimer, moveTimer]) clearTimeout(timer);
    trials.clear();
  };
  /** Opens another of `rung` beside one that brings nothing, and if that brings nothing either, polls, until one of them has brought something. */
  const race = (patienceMs: number, rung: Rung = 'poll') => {
    raceTimer = after(raceTimer, patienceMs, () => {
      if (challenger?.rung !== rung) challenge(open(rung));
      race(patienceMs);
    });
  };
  const holdOff = (ms: number) => {
    holdOffMs = Math.max(holdOffMs, ms);
  };
  const reconnect = () => {
    if (stopped.signal.aborted) return;
    clearTimers();
    dropChallenger();
    const before = incumbent;
    incumbent = open(ladder.rung);
    connections += 1;
    before?.drop();
    wake.abort();
  };

  /** What the end of a connection teaches. */
  const learnFromEnd = ({ rung, begunAt }: Line, { outcome, livedMs, silent }: Ending) => {
    const at = now();
    const begun = begunAt !== undefined;
    if (rung === 'poll' ? begun : livedMs !== undefined && livedMs >= HEALTHY_MS) useful = true;
    // A refusal of our own server's is not the way's fault, nor is an end that was announced.
    if (announced || (outcome.kind === 'refused' && isErrorBody(outcome.body))) return;
    if (rung === 'poll') learn({ kind: 'poll_failed', at, heldMs: livedMs ?? 0, begun });
    else learn(livedMs === undefined ? { kind: 'unopened', at } : { kind: 'cut', at, livedMs, silent });
  };
  const run = async () => {
    let attempt = 0;
    while (!stopped.signal.aborted) {
      if (!incumbent) {
        incumbent = open(ladder.rung);
        connections += 1;
      }
      const line = incumbent;
      const mayRace = ladder.transport === 'auto' && line.rung !== 'poll' && line.begunAt === undefined;
      const patienceMs = line.rung === 'ws' ? SOCKET_PATIENCE_MS : PATIENCE_MS;
      if (mayRace) race(Math.max(patienceMs, 2 * (options.roundTripMs() ?? 0)), ladder.streams ? line.rung : 'poll');
      const ending = await line.over;
      if (stopped.signal.aborted) return;
      // Another has taken its place.
      if (line !== incumbent) continue;
      if (ending.outcome.kind === 'over') return options.onOver();
      learnFromEnd(line, ending);
      if (challenger && challenger.rung === ladder.rung) {
        promote(challenger);
        continue;
      }
      incumbent = undefined;
      announced = false;
      dropChallenger();
      clearTimers();
      const { outcome } = ending;
      // One that was well and was cut is replaced at once, for somebody may be speaking; if that fails, it is an outage.
      const isCut = useful && outcome.kind === 'ended' && (ending.livedMs ?? 0) >= LIVED_MS;
      attempt = useful ? 1 : attempt + 1;
      useful = false;
      if (outcome.kind === 'refused') holdOffMs = Math.max(holdOffMs, outcome.retryAfterMs);
      const delayMs = Math.max(holdOffMs, isCut ? 0 : fullJitter(attempt, options.random));
      holdOffMs = 0;
      options.onLost();
      options.onRetry({ attempt, delayMs, ...whyNot(ending) });
      wake = new AbortController();
      await pause(delayMs, wake.signal, stopped.signal);
    }
  };

  const stopListening = listenForWake((certain) => {
    const usualMs = incumbent?.rung === 'poll' ? ladder.holdMs + options.heartbeatMs() : options.heartbeatMs();
    if (certain || Date.now() - lastBytesAt > usualMs) reconnect();
    else wake.abort();
  });
  const trials = createTrials({
    now,
    ladder: () => ladder,
    incumbent: () => incumbent,
    prove: (rung) => {
      const url = (query: Record<string, string>) => options.trialAddress(rung, query);
      return proveLine({ ...options, rung, url }, stopped.signal);
    },
    learn,
    onBetter: () => replace(),
    signal: stopped.signal,
  });
  void run();
  return {
    reconnect,
    tryBetter: trials.now,
    holdOff(ms) {
      announced = true;
      holdOff(ms);
    },
    answered(written, sentAt) {
      if (stopped.signal.aborted || incumbent?.begunAt === undefined) return;
      inquiry.sent();
      weighOpening();
      const lacks = written === null || (written !== undefined && written > options.position.seq);
      if (lacks && incumbent.begunAt < sentAt) incumbent.expect(sentAt);
    },
    superseded() {
      announced = true;
      // The name is random: it was one of our own, given up by us and not by a proxy, or the one that is just being opened.
      if (!challenger) holdOff(MOST_STRAY_MS * options.random());
    },
    stop() {
      stopListening();
      stopped.abort();
      inquiry.stop();
      clearTimers();
      dropChallenger();
      incumbent?.drop();
    },
    get post() {
      return incumbent?.begunAt === undefined ? undefined : incumbent.post;
    },
    get statistics() {
      return { reconnects: Math.max(0, connections - 1), rotations };
    },
  };
}

function whyNot({ outcome }: Ending): Pick<Retry, 'status' | 'statusText' | 'failure'> {
  if (outcome.kind !== 'refused') return {};
  const { status, statusText, body } = outcome;
  return { status, statusText, ...(isErrorBody(body) ? { failure: body } : {}) };
}

export function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'code' in body && 'error' in body;
}
