import type { EventHandlers, Outcome, ReceivedEvent } from './event-request.ts';
import type { Observation, Rung, Silence } from './observation.ts';
import { PollLoop } from './poll-loop.ts';
import type { PostSender } from './post.ts';
import { type SocketConstructor, SocketTransport } from './socket-transport.ts';
import { readStream } from './stream-transport.ts';
import { StreamWatch } from './stream-watch.ts';
import type { TicketSource } from './ticket.ts';

/** End of a connection. */
export interface CloseInfo {
  readonly outcome: Outcome;
  /** Age since the first byte, in ms, or `undefined` without one; of polls, the duration of the last. */
  readonly livedMs: number | undefined;
  /** Set if the client gave the connection up because nothing arrived any more. */
  readonly silent: Silence | undefined;
}

/** Settings and measurements that all connections of a client share. */
export interface Network {
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketConstructor | undefined;
  /** Source of the tickets of WebSockets; `undefined`: a WebSocket needs none. */
  readonly ticket?: TicketSource | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Clock that only goes forward, in ms. */
  readonly now: () => number;
  /** Duration of a POST, in ms; `undefined` before the first answer. */
  readonly roundTripMs: () => number | undefined;
  /** Interval of the server's heartbeats, in ms. */
  readonly heartbeatMs: () => number;
}

export interface DownConnectionOptions extends Network, EventHandlers {
  readonly rung: Rung;
  /** Builds the address with a query. Called for each poll: the address includes the place to continue from. */
  readonly url: (query: Record<string, string>) => string;
  /** How long the server holds a poll, in ms. The first poll is answered at once. */
  readonly holdMs: () => number;
  /** Called with the first bytes. */
  onFirstByte(): void;
  /** @returns whether the event was new */
  onEvent(event: ReceivedEvent): boolean;
  onObservation(observation: Observation): void;
}

/** Number of heartbeats without which a connection counts as dead. */
export const MISSED_HEARTBEATS = 2.5;
/** Maximum time for an event that the server has written, in ms or in round trips, whichever is longer. */
const EXPECTED_MS = 2_000;
const EXPECTED_ROUND_TRIPS = 4;
/** Maximum time for an event that was written before a POST was answered, in ms. Another connection delivers a later one sooner. */
const LACKING_MS = 1_000;
/** Maximum time by which an event may arrive after an answer that was written later, in ms or in round trips. */
const CROSSING_MS = 300;
const CROSSING_ROUND_TRIPS = 2;
/** Assumed round trip before the first answer, in ms. */
const UNKNOWN_ROUND_TRIP_MS = 1_250;

/** Connection down: a stream, a WebSocket, or one poll after the other. */
export class DownConnection {
  readonly rung: Rung;
  /** Resolves when the connection has ended. Never rejects. */
  readonly closed: Promise<CloseInfo>;
  /** Sends a POST over this connection; `undefined` unless the connection is a WebSocket. */
  readonly sendPost: PostSender | undefined;
  readonly #options: DownConnectionOptions;
  readonly #abort = new AbortController();
  #firstByteAt: number | undefined;
  #watch: StreamWatch | undefined;
  #polls: PollLoop | undefined;

  constructor(options: DownConnectionOptions) {
    this.rung = options.rung;
    this.#options = options;
    if (options.rung === 'ws') {
      const watch = this.#startWatch();
      const socket = this.#openSocket(watch);
      this.closed = socket.closed.then((outcome) => this.#finish(watch, outcome));
      this.sendPost = (post, signal, timeoutMs) => {
        // The answer arrives over this connection.
        watch.expectWithin(timeoutMs);
        return socket.sendPost(post, signal, timeoutMs);
      };
    } else this.closed = this.#runHttp();
  }

  /** Time of the first byte on the clock `now`; `undefined` before it. */
  get firstByteAt(): number | undefined {
    return this.#firstByteAt;
  }

  /**
   * Gives the connection up if no event arrives soon. The answer to a POST has shown that the server wrote an event that is missing here, or
   * that the server does not know this connection. A poll that is overdue is replaced by another poll.
   * @param sentAt time at which that POST was sent, on the clock `now`
   */
  expectEvents(sentAt: number): void {
    const watch = this.#watch;
    const expectedMs = this.#expectedMs();
    // After a long silence the written event is lost or held back, so only an answer that overtook it is waited for.
    const isQuiet = watch !== undefined && this.#options.now() - watch.lastByteAt > expectedMs;
    const roundTripMs = this.#options.roundTripMs() ?? 0;
    // Every event of a connection may be as late as its first one.
    const crossingMs = Math.max(CROSSING_MS, CROSSING_ROUND_TRIPS * Math.max(roundTripMs, watch?.sessionMs ?? 0));
    watch?.expectWithin(isQuiet ? crossingMs : Math.max(LACKING_MS, crossingMs, EXPECTED_ROUND_TRIPS * roundTripMs));
    this.#polls?.expectWithin(sentAt - expectedMs, crossingMs);
  }

  /** Ends the connection. Events that still arrive over it are ignored. */
  close(): void {
    this.#polls?.stopWaiting();
    this.#abort.abort();
  }

  async #runHttp(): Promise<CloseInfo> {
    // The owner must have stored this connection before its address is built and its first event arrives.
    await undefined;
    return this.rung === 'poll' ? this.#runPolls() : this.#runStream();
  }

  async #runStream(): Promise<CloseInfo> {
    const { fetch, headers, url } = this.#options;
    const watch = this.#startWatch();
    const outcome = await readStream({
      fetch,
      headers,
      url: url(this.rung === 'stream' ? {} : { framing: this.rung }),
      signal: this.#abort.signal,
      onBytes: () => this.#onWatchedBytes(watch),
      onEvent: (event) => this.#onWatchedEvent(watch, event),
      onCursor: this.#onCursor,
    });
    return this.#finish(watch, outcome);
  }

  async #runPolls(): Promise<CloseInfo> {
    const { fetch, headers, now, url } = this.#options;
    this.#polls = new PollLoop({
      fetch,
      headers,
      now,
      url,
      holdMs: () => (this.#firstByteAt === undefined ? 0 : this.#options.holdMs()),
      graceMs: () => this.#expectedMs(),
      onBytes: this.#onBytes,
      onEvent: this.#onEvent,
      onCursor: this.#onCursor,
    });
    const { outcome, tookMs } = await this.#polls.runPollLoop(this.#abort.signal);
    return { outcome, livedMs: tookMs, silent: undefined };
  }

  #openSocket(watch: StreamWatch): SocketTransport {
    const { url, WebSocket, ticket } = this.#options;
    return new SocketTransport({
      url: url({}),
      WebSocket,
      ticket,
      signal: this.#abort.signal,
      onBytes: () => this.#onWatchedBytes(watch),
      onEvent: (event) => this.#onWatchedEvent(watch, event),
    });
  }

  #startWatch(): StreamWatch {
    const { now, roundTripMs, heartbeatMs } = this.#options;
    this.#watch = new StreamWatch({
      now,
      roundTripMs,
      silenceMs: () => MISSED_HEARTBEATS * heartbeatMs(),
      padded: this.rung === 'pusher',
      onObservation: this.#onObservation,
      onSilence: () => this.#abort.abort(),
    });
    return this.#watch;
  }

  #finish(watch: StreamWatch, outcome: Outcome): CloseInfo {
    const { silent, livedMs } = watch;
    watch.stop();
    return { outcome, livedMs, silent };
  }

  #onWatchedBytes(watch: StreamWatch): void {
    watch.onBytes();
    this.#onBytes();
  }

  #onWatchedEvent(watch: StreamWatch, event: ReceivedEvent): void {
    watch.onEvent(event.name);
    this.#onEvent(event);
  }

  readonly #onBytes = (): void => {
    if (this.#abort.signal.aborted) return;
    if (this.#firstByteAt === undefined) {
      this.#firstByteAt = this.#options.now();
      this.#options.onFirstByte();
    }
    this.#options.onBytes();
  };

  readonly #onEvent = (event: ReceivedEvent): boolean => !this.#abort.signal.aborted && this.#options.onEvent(event);

  readonly #onCursor = (id: string): void => {
    if (!this.#abort.signal.aborted) this.#options.onCursor(id);
  };

  readonly #onObservation = (observation: Observation): void => {
    if (this.#abort.signal.aborted) return;
    // The delay of a WebSocket has another meaning than that of a stream. Only held events count for both.
    if (this.rung !== 'ws' || observation.kind === 'held') this.#options.onObservation(observation);
  };

  #expectedMs(): number {
    const roundTripMs = this.#options.roundTripMs() ?? UNKNOWN_ROUND_TRIP_MS;
    return Math.max(EXPECTED_MS, EXPECTED_ROUND_TRIPS * roundTripMs);
  }
}
