import { pause } from './backoff.ts';
import type { Exchange, Outcome, ReceivedEvent } from './exchange.ts';
import type { Evidence, Rung } from './ladder.ts';
import type { Post } from './numbered-post.ts';
import { pollOnce } from './poll-transport.ts';
import type { PostOutcome } from './post.ts';
import { openSocket, type SocketConstructor } from './socket-transport.ts';
import { readStream } from './stream-transport.ts';
import { type StreamWatch, watchStream } from './stream-watch.ts';

/** One way down while it lasts: a stream, a WebSocket, or one poll after the other. */
export interface Line {
  readonly rung: Rung;
  /** Settles when it is over; never rejects. */
  readonly over: Promise<Ending>;
  /** Sends a POST over it, on a line that goes both ways. */
  readonly post: ((post: Post, signal: AbortSignal) => Promise<PostOutcome>) | undefined;
  /** Whether something has come over it. */
  readonly begun: boolean;
  /** Lets go of it. What it still says is not heard. */
  drop(): void;
}

export interface Ending {
  readonly outcome: Outcome;
  /** Since its first byte, ms, or `undefined` without one; of a poll, since it was asked. */
  readonly livedMs: number | undefined;
  /** It was given up because nothing came any more. */
  readonly silent: boolean;
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
/** An empty answer that comes sooner than this, and than it was to be held, is not worth asking for again at once, ms. */
const SHORTEST_HOLD_MS = 1_000;

export function openLine(options: LineOptions): Line {
  const abort = new AbortController();
  const { signal } = abort;
  let begun = false;
  const alive: LineOptions = {
    ...options,
    onBytes() {
      if (signal.aborted) return;
      if (!begun) {
        begun = true;
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
  const { over, post } = options.rung === 'ws' ? socket(alive, abort) : { over: down(alive, abort), post: undefined };
  return {
    rung: options.rung,
    over,
    post,
    get begun() {
      return begun;
    },
    drop: () => abort.abort(),
  };
}

async function down(options: LineOptions, abort: AbortController): Promise<Ending> {
  // Whoever opens a line must know it before it asks for its place, and for how long it is held.
  await undefined;
  return options.rung === 'poll' ? polls(options, abort.signal) : stream(options, abort);
}

async function stream(options: LineOptions, abort: AbortController): Promise<Ending> {
  const { rung } = options;
  const { watch, onBytes, onEvent } = watched(options, abort);
  const url = options.url(rung === 'stream' ? {} : { framing: rung });
  const outcome = await readStream({ ...exchangeOf(options, url, abort.signal), onBytes, onEvent });
  return endingOf(watch, outcome);
}

async function polls(options: LineOptions, signal: AbortSignal): Promise<Ending> {
  const { now, holdMs } = options;
  for (;;) {
    const askedAt = now();
    const waitMs = holdMs();
    let useful = false;
    const exchange = exchangeOf(options, options.url({ wait: String(waitMs / 1_000) }), signal);
    const onEvent = (event: ReceivedEvent) => {
      if (options.onEvent(event)) useful = true;
    };
    const outcome = await pollOnce({ ...exchange, onEvent }, waitMs);
    const tookMs = now() - askedAt;
    if (outcome.kind !== 'ended' || signal.aborted) return { outcome, livedMs: tookMs, silent: false };
    // Something on the way answers for the server, from a cache.
    if (!useful && tookMs < Math.min(SHORTEST_HOLD_MS, waitMs)) await pause(SHORTEST_HOLD_MS, signal);
  }
}

function socket(options: LineOptions, abort: AbortController): Pick<Line, 'over' | 'post'> {
  const onEvidence = (evidence: Evidence) => {
    // It says only whether one is worth having: what a stream's delay means does not hold for it.
    if (evidence.kind === 'held') options.onEvidence(evidence);
  };
  const { watch, onBytes, onEvent } = watched({ ...options, onEvidence }, abort);
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
    roundTripMs: options.roundTripMs(),
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
