import { pause } from './backoff.ts';
import type { Exchange, Outcome, ReceivedEvent } from './exchange.ts';
import type { Evidence, Rung, Silence } from './ladder.ts';
import { pollOnce } from './poll-transport.ts';
import { openSocket, type SendOnce, type SocketConstructor } from './socket-transport.ts';
import { readStream } from './stream-transport.ts';
import { type StreamWatch, watchStream } from './stream-watch.ts';

/** One way down while it lasts: a stream, a WebSocket, or one poll after the other. */
export interface Line {
  readonly rung: Rung;
  /** Settles when it is over; never rejects. */
  readonly over: Promise<Ending>;
  /** Sends a POST over it, on a line that goes both ways. */
  readonly post: SendOnce | undefined;
  /** When the first of it came, by `now`; `undefined`: nothing has. */
  readonly begunAt: number | undefined;
  /**
   * At `sentAt`, by `now`, something was sent whose answer says that something was written to it that is not here, or that the server knows
   * nothing of it: unless something comes soon, it is given up; a poll that was asked long before, at once, for another.
   */
  expect(sentAt: number): void;
  /** Lets go of it. What it still says is not heard. */
  drop(): void;
}

export interface Ending {
  readonly outcome: Outcome;
  /** Since its first byte, ms, or `undefined` without one; of a poll, since it was asked. */
  readonly livedMs: number | undefined;
  /** It was given up because nothing came any more. */
  readonly silent: Silence | undefined;
}

/** What all lines of a client have in common. */
export interface Network {
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketConstructor | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly now: () => number;
  readonly roundTripMs: () => number | undefined;
  /** As `session` said, ms. */
  readonly heartbeatMs: () => number;
}

export interface LineOptions extends Network {
  readonly rung: Rung;
  /** Asked for anew for each poll: it has the place to go on from. */
  readonly url: (query: Record<string, string>) => string;
  /** How long a poll is to be held, ms. */
  readonly holdMs: () => number;
  /** The first bytes have come. */
  onBegun(): void;
  onBytes(): void;
  /** @returns whether it was new */
  onEvent(event: ReceivedEvent): boolean;
  onCursor(id: string): void;
  onEvidence(evidence: Evidence): void;
}

/** Heartbeats that may fail to appear. */
export const MISSED_HEARTBEATS = 2.5;
/** What was written to a connection takes no longer than this to get here, ms, or than so many round trips. */
const EXPECTED_MS = 2_000;
const EXPECTED_ROUND_TRIPS = 4;
/** What was written before something was answered may come so much later, ms, or so many round trips: if it does not, another connection tells sooner. */
const LACKING_MS = 1_000;
/** What was written before an answer may come so much later than it, ms, or so many round trips. */
const CROSSING_MS = 300;
const CROSSING_ROUND_TRIPS = 2;
/** As long as nothing is known of the way. */
const UNKNOWN_ROUND_TRIP_MS = 1_250;
/** An empty answer that comes sooner than this, and than it was to be held, is not worth asking for again at once, ms. */
const SHORTEST_HOLD_MS = 1_000;

export function openLine(options: LineOptions): Line {
  const abort = new AbortController();
  const { signal } = abort;
  let begunAt: number | undefined;
  let watch: StreamWatch | undefined;
  const alive: LineOptions = {
    ...options,
    onBytes() {
      if (signal.aborted) return;
      if (begunAt === undefined) {
        begunAt = options.now();
        options.onBegun();
      }
      options.onBytes();
    },
    onEvent: (event) => !signal.aborted && options.onEvent(event),
    onCursor: (id) => {
      if (!signal.aborted) options.onCursor(id);
    },
    onEvidence: (evidence) => {
      if (!signal.aborted) options.onEvidence(evidence);
    },
  };
  const onWatch = (begun: StreamWatch) => {
    watch = begun;
  };
  const asked: AskedPoll = { at: Number.POSITIVE_INFINITY, abort, overdue: undefined };
  const { over, post } =
    options.rung === 'ws'
      ? socket(alive, abort, onWatch)
      : { over: down(alive, abort, onWatch, asked), post: undefined };
  return {
    rung: options.rung,
    over,
    post:
      post &&
      ((sent, signal, patienceMs) => {
        // Its answer comes over this connection.
        watch?.expect(patienceMs);
        return post(sent, signal, patienceMs);
      }),
    get begunAt() {
      return begunAt;
    },
    expect(sentAt) {
      // Nothing has come for so long that what was written must be lost, or held: an answer that crosses it is all that is waited for.
      const isQuiet = watch !== undefined && options.now() - watch.lastByteAt > expectedMs(options);
      const roundTripMs = options.roundTripMs() ?? 0;
      // As late as its first event, what comes over it may always be.
      const crossingMs = Math.max(CROSSING_MS, CROSSING_ROUND_TRIPS * Math.max(roundTripMs, watch?.sessionMs ?? 0));
      watch?.expect(isQuiet ? crossingMs : Math.max(LACKING_MS, crossingMs, EXPECTED_ROUND_TRIPS * roundTripMs));
      if (sentAt - asked.at <= expectedMs(options)) return;
      // From the first of several on: otherwise one who speaks would put it off for ever.
      asked.overdue ??= setTimeout(() => asked.abort.abort(), crossingMs);
    },
    drop() {
      settlePoll(asked);
      abort.abort();
    },
  };
}

function expectedMs({ roundTripMs }: LineOptions): number {
  return Math.max(EXPECTED_MS, EXPECTED_ROUND_TRIPS * (roundTripMs() ?? UNKNOWN_ROUND_TRIP_MS));
}

type OnWatch = (watch: StreamWatch) => void;

/** The poll under way. */
interface AskedPoll {
  /** When it was asked, by `now`; infinity: its answer has begun, or there is none. */
  at: number;
  abort: AbortController;
  /** When it is given up. */
  overdue: ReturnType<typeof setTimeout> | undefined;
}

/** It is not waited for any more. */
function settlePoll(asked: AskedPoll): void {
  asked.at = Number.POSITIVE_INFINITY;
  clearTimeout(asked.overdue);
  asked.overdue = undefined;
}

async function down(options: LineOptions, abort: AbortController, onWatch: OnWatch, asked: AskedPoll): Promise<Ending> {
  // Whoever opens a line must know it before it asks for its place, and for how long it is held.
  await undefined;
  return options.rung === 'poll' ? polls(options, abort.signal, asked) : stream(options, abort, onWatch);
}

async function stream(options: LineOptions, abort: AbortController, onWatch: OnWatch): Promise<Ending> {
  const { rung } = options;
  const { watch, onBytes, onEvent } = watched(options, abort);
  onWatch(watch);
  const url = options.url(rung === 'stream' ? {} : { framing: rung });
  const outcome = await readStream({ ...exchangeOf(options, url, abort.signal), onBytes, onEvent });
  return endingOf(watch, outcome);
}

async function polls(options: LineOptions, signal: AbortSignal, asked: AskedPoll): Promise<Ending> {
  const { now, holdMs } = options;
  const giveUp = () => asked.abort.abort();
  signal.addEventListener('abort', giveUp);
  for (;;) {
    asked.abort = new AbortController();
    if (signal.aborted) giveUp();
    const askedAt = now();
    asked.at = askedAt;
    const waitMs = holdMs();
    let useful = false;
    const exchange = exchangeOf(options, options.url({ wait: String(waitMs / 1_000) }), asked.abort.signal);
    const onEvent = (event: ReceivedEvent) => {
      if (options.onEvent(event)) useful = true;
    };
    const fetchIt: typeof fetch = async (...request) => {
      const response = await options.fetch(...request);
      // It is read, however long that takes.
      settlePoll(asked);
      return response;
    };
    const outcome = await pollOnce({ ...exchange, fetch: fetchIt, onEvent }, waitMs, expectedMs(options));
    const tookMs = now() - askedAt;
    settlePoll(asked);
    // It was lost with the connection that it was put on; another one tells.
    if (asked.abort.signal.aborted && !signal.aborted) continue;
    if (outcome.kind !== 'ended' || signal.aborted) return { outcome, livedMs: tookMs, silent: undefined };
    // Something on the way answers for the server, from a cache.
    if (!useful && tookMs < Math.min(SHORTEST_HOLD_MS, waitMs)) await pause(SHORTEST_HOLD_MS, signal);
  }
}

function socket(options: LineOptions, abort: AbortController, onWatch: OnWatch): Pick<Line, 'over' | 'post'> {
  const onEvidence = (evidence: Evidence) => {
    // It says only whether one is worth having: what a stream's delay means does not hold for it.
    if (evidence.kind === 'held') options.onEvidence(evidence);
  };
  const { watch, onBytes, onEvent } = watched({ ...options, onEvidence }, abort);
  onWatch(watch);
  const { WebSocket } = options;
  const { over, post } = openSocket({ url: options.url({}), WebSocket, signal: abort.signal, onBytes, onEvent });
  return { over: over.then((outcome) => endingOf(watch, outcome)), post };
}

function endingOf(watch: StreamWatch, outcome: Outcome): Ending {
  const { silent } = watch;
  const livedMs = watch.lived();
  watch.stop();
  return { outcome, livedMs, silent };
}

/** Measures a line while it lasts, and gives it up when it falls silent. */
function watched(options: LineOptions, abort: AbortController) {
  const watch = watchStream({
    now: options.now,
    roundTripMs: options.roundTripMs,
    silenceMs: () => MISSED_HEARTBEATS * options.heartbeatMs(),
    padded: options.rung === 'pusher',
    onEvidence: options.onEvidence,
    onSilence: () => abort.abort(),
  });
  return {
    watch,
    onBytes() {
      watch.bytes();
      options.onBytes();
    },
    onEvent(event: ReceivedEvent) {
      watch.event(event.name);
      options.onEvent(event);
    },
  };
}

function exchangeOf(options: LineOptions, url: string, signal: AbortSignal): Exchange {
  const { fetch, headers, onBytes, onEvent, onCursor } = options;
  return { fetch, headers, url, signal, onBytes, onEvent, onCursor };
}
