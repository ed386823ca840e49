import type { ErrorBody } from '../wire/error-catalogue.ts';
import { fullJitter, pause } from './backoff.ts';
import type { Exchange, Outcome, ReceivedEvent } from './exchange.ts';
import { type Evidence, type Ladder, weigh } from './ladder.ts';
import { pollOnce } from './poll-transport.ts';
import type { Position } from './position.ts';
import { readStream } from './stream-transport.ts';
import { watchStream } from './stream-watch.ts';
import { listenForWake } from './wake.ts';

export interface DownlinkOptions {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly random: () => number;
  /** The address of a route, with the query that all connections have. */
  readonly address: (route: 'events' | 'poll', query: Record<string, string>) => string;
  readonly ladder: Ladder;
  readonly position: Position;
  readonly roundTripMs: () => number | undefined;
  /** As `session` said, ms. */
  readonly heartbeatMs: () => number;
  /** @returns whether it was new, and belongs to the log: then the connection has been of use */
  onEvent(event: ReceivedEvent): boolean;
  onRefused(failure: ErrorBody): void;
  onLadder(ladder: Ladder): void;
  /** Events arrive (true), or the way down is lost (false). */
  onOpen(open: boolean): void;
  /** 204: nothing more will come. */
  onOver(): void;
}

export interface Downlink {
  /** Drops the connection there is and makes another, with no more delay. */
  reconnect(): void;
  /** The server will be gone for a while: the next connection waits, ms. */
  holdOff(ms: number): void;
  stop(): void;
  /** Connections after the first. */
  readonly reconnects: number;
}

/** How long a stream may bring nothing before a poll is tried beside it, ms. */
const PATIENCE_MS = 1_000;
/** How long a poll is held, ms. */
const HOLD_MS = 20_000;
/** An empty answer that comes sooner is not worth asking for again at once, ms. */
const SHORTEST_HOLD_MS = 1_000;
/** What the server tells everybody who opens a stream: it is meant for an EventSource, which has no better plan. ms. */
const USUAL_RETRY_MS = 1_000;
/** A connection that lasted so long was a good one, ms. */
const HEALTHY_MS = 5_000;
/** Heartbeats that may fail to appear. */
const MISSED_HEARTBEATS = 2.5;

/** The way down: one connection after the other, on the rung that the ladder says, until it is stopped. */
export function createDownlink(options: DownlinkOptions): Downlink {
  const now = () => performance.now();
  const stopped = new AbortController();
  let ladder = options.ladder;
  let current = new AbortController();
  let wake = new AbortController();
  let lastBytesAt = now();
  let holdOffMs = 0;
  let connections = 0;
  /** The current connection was dropped on purpose. */
  let moving = false;
  /** It has brought something that was not known. */
  let useful = false;

  const reconnect = () => {
    moving = true;
    wake.abort();
    current.abort();
  };
  const learn = (evidence: Evidence) => {
    const before = ladder;
    ladder = weigh(ladder, evidence);
    if (ladder === before) return;
    options.onLadder(ladder);
    if (ladder.rung !== before.rung && evidence.kind !== 'cut' && evidence.kind !== 'unopened') reconnect();
  };
  const exchange = (signal: AbortSignal, url: string, onBytes: () => void): Exchange => ({
    fetch: options.fetch,
    url,
    headers: options.headers,
    signal,
    onBytes: () => {
      lastBytesAt = now();
      onBytes();
    },
    onEvent: (event) => {
      if (options.onEvent(event)) useful = true;
    },
    onRetry: (ms) => {
      if (ms > USUAL_RETRY_MS) holdOffMs = Math.max(holdOffMs, ms);
    },
    onCursor: (id) => options.position.pass(id),
  });
  const query = (more: Record<string, string>): Record<string, string> =>
    options.position.id === undefined ? more : { since: options.position.id, ...more };
  const poll = async (signal: AbortSignal, holdMs: number, onBytes: () => void): Promise<Outcome> => {
    const url = options.address('poll', query({ wait: String(holdMs / 1000) }));
    return pollOnce(exchange(signal, url, onBytes), holdMs);
  };

  /** Polls beside a stream that brings nothing, until one of them has brought something. */
  const race = async (signal: AbortSignal, patienceMs: number) => {
    await pause(patienceMs, signal);
    while (!signal.aborted) {
      const outcome = await poll(signal, 0, () => options.onOpen(true));
      // Only now: the end of the race would cut the batch short.
      if (outcome.kind === 'ended' && !signal.aborted) learn({ kind: 'buffered', at: now() });
      else await pause(patienceMs, signal);
    }
  };

  const connectStream = async (abort: AbortController): Promise<Outcome> => {
    const { signal } = abort;
    const { rung } = ladder;
    const roundTripMs = options.roundTripMs();
    const undecided = new AbortController();
    const decide = () => undecided.abort();
    signal.addEventListener('abort', decide);
    const watch = watchStream({
      now,
      roundTripMs,
      silenceMs: () => MISSED_HEARTBEATS * options.heartbeatMs(),
      padded: rung === 'pusher',
      onEvidence: learn,
      onSilence: () => abort.abort(),
    });
    if (ladder.mayPoll) void race(undecided.signal, Math.max(PATIENCE_MS, 2 * (roundTripMs ?? 0)));
    const url = options.address('events', query(rung === 'stream' ? {} : { framing: rung }));
    const stream = exchange(signal, url, () => {
      decide();
      watch.bytes();
      options.onOpen(true);
    });
    const outcome = await readStream({
      ...stream,
      onEvent: (event) => {
        watch.event(event.name);
        stream.onEvent(event);
      },
    });
    const livedMs = watch.lived();
    watch.stop();
    decide();
    signal.removeEventListener('abort', decide);
    if (moving || stopped.signal.aborted || outcome.kind === 'over') return outcome;
    if (livedMs !== undefined && livedMs >= HEALTHY_MS) useful = true;
    // A refusal of our own server's is not the stream's fault, nor is an end that was announced.
    const explained = holdOffMs > 0 || (outcome.kind === 'refused' && isErrorBody(outcome.body));
    if (!explained) {
      const at = now();
      learn(livedMs === undefined ? { kind: 'unopened', at } : { kind: 'cut', at, livedMs });
    }
    return outcome;
  };

  const connectPoll = async ({ signal }: AbortController): Promise<Outcome> => {
    const outcome = await poll(signal, HOLD_MS, () => options.onOpen(true));
    if (!moving) learn({ kind: outcome.kind === 'ended' ? 'polled' : 'poll_failed', at: now() });
    return outcome;
  };

  const run = async () => {
    let attempt = 0;
    /** The refusal that was told last: not again and again. */
    let refusedCode: string | undefined;
    while (!stopped.signal.aborted) {
      current = new AbortController();
      wake = new AbortController();
      moving = false;
      useful = false;
      connections += 1;
      const polling = ladder.rung === 'poll';
      const askedAt = now();
      const outcome = await (polling ? connectPoll(current) : connectStream(current));
      if (stopped.signal.aborted) return;
      if (outcome.kind === 'over') {
        options.onOver();
        return;
      }
      if (moving) continue;
      if (polling && outcome.kind === 'ended') {
        connections -= 1; // the next poll is no reconnect
        attempt = 0;
        // Something on the way answers for the server, from a cache.
        if (!useful && now() - askedAt < SHORTEST_HOLD_MS) await pause(SHORTEST_HOLD_MS, wake.signal);
        continue;
      }
      options.onOpen(false);
      if (outcome.kind === 'refused') {
        holdOffMs = Math.max(holdOffMs, outcome.retryAfterMs);
        const { body } = outcome;
        if (isErrorBody(body) && body.code !== refusedCode) options.onRefused(body);
        refusedCode = isErrorBody(body) ? body.code : undefined;
      } else refusedCode = undefined;
      attempt = useful ? 1 : attempt + 1;
      const delayMs = Math.max(holdOffMs, fullJitter(attempt, options.random));
      holdOffMs = 0;
      await pause(delayMs, wake.signal);
    }
  };

  const stopListening = listenForWake((certain) => {
    const stale = now() - lastBytesAt > options.heartbeatMs();
    if (certain || stale) reconnect();
    else wake.abort();
  });
  void run();
  return {
    reconnect,
    holdOff(ms) {
      holdOffMs = Math.max(holdOffMs, ms);
    },
    stop() {
      stopListening();
      stopped.abort();
      reconnect();
    },
    get reconnects() {
      return Math.max(0, connections - 1);
    },
  };
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'code' in body && 'error' in body;
}
