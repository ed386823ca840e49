import type { Observation, Silence } from './observation.ts';

/** Delay of the server's first heartbeat after `session`, in ms. */
const FIRST_HEARTBEAT_MS = 250;
/** Tolerated lateness of that heartbeat beside two round trips, in ms. */
const HEARTBEAT_GRACE_MS = 1_000;
/** Maximum distance of two events that were held back together, in ms: the server writes them 250 ms apart. */
const TOGETHER_MS = 60;
/** Delay of the decision that the first heartbeat is missing, in ms: data that arrived while the program was busy is read first. */
const DECISION_MS = 50;

export interface StreamWatchOptions {
  readonly now: () => number;
  readonly roundTripMs: () => number | undefined;
  /** Time without a byte after which the connection counts as dead, in ms. Called after each byte. */
  readonly silenceMs: () => number;
  /** Whether the stream has padding. The server holds `session` of such a stream back until the first heartbeat. */
  readonly padded: boolean;
  onObservation(observation: Observation): void;
  onSilence(): void;
}

type Timer = ReturnType<typeof setTimeout>;

/** Measures one stream: when it opens, whether its first heartbeat arrives by itself, and whether it falls silent. */
export class StreamWatch {
  readonly #options: StreamWatchOptions;
  readonly #openedAt: number;
  #firstByteAt: number | undefined;
  #lastByteAt: number;
  #sessionAt: number | undefined;
  #silent: Silence | undefined;
  #stopped = false;
  #awaitsHeartbeat = true;
  #silenceTimer: Timer;
  #heartbeatTimer: Timer | undefined;
  #expectedTimer: Timer | undefined;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
    this.#openedAt = options.now();
    this.#lastByteAt = this.#openedAt;
    this.#silenceTimer = setTimeout(this.#onSilence, options.silenceMs());
  }

  /** Time until `session` arrived, in ms. */
  get sessionMs(): number | undefined {
    return this.#sessionAt && this.#sessionAt - this.#openedAt;
  }

  /** Time of the last byte on the clock `now`; before the first byte, the time of the request. */
  get lastByteAt(): number {
    return this.#lastByteAt;
  }

  /** How the stream was found to be dead; `undefined` if it was not. */
  get silent(): Silence | undefined {
    return this.#silent;
  }

  /** Age of the stream since its first byte, in ms; `undefined` without one. A dead stream ends with its last byte. */
  get livedMs(): number | undefined {
    if (this.#firstByteAt === undefined) return undefined;
    return (this.#silent === undefined ? this.#options.now() : this.#lastByteAt) - this.#firstByteAt;
  }

  onBytes(): void {
    this.#lastByteAt = this.#options.now();
    this.#firstByteAt ??= this.#lastByteAt;
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(this.#onSilence, this.#options.silenceMs());
    clearTimeout(this.#expectedTimer);
    this.#expectedTimer = undefined;
  }

  onEvent(name: string | undefined): void {
    if (name === 'hb') this.#onHeartbeat();
    else if (name === 'session') this.#onSession();
  }

  /** Gives the stream up if nothing arrives within `ms`. */
  expectWithin(ms: number): void {
    // The time counts from the first of several calls: a client that sends continuously would postpone it for ever.
    if (!this.#stopped) this.#expectedTimer ??= setTimeout(() => this.#giveUp('expected'), ms);
  }

  stop(): void {
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#heartbeatTimer);
    clearTimeout(this.#expectedTimer);
    this.#stopped = true;
    this.#awaitsHeartbeat = false;
  }

  #onSession(): void {
    const { now, onObservation } = this.#options;
    this.#sessionAt = now();
    const roundTripMs = this.#options.roundTripMs();
    onObservation({ kind: 'opened', at: this.#sessionAt, delayMs: this.#sessionAt - this.#openedAt, roundTripMs });
    const dueMs = FIRST_HEARTBEAT_MS + HEARTBEAT_GRACE_MS + 2 * (roundTripMs ?? 0);
    this.#heartbeatTimer = setTimeout(() => {
      this.#heartbeatTimer = setTimeout(() => this.#onHeld(), DECISION_MS);
    }, dueMs);
  }

  #onHeartbeat(): void {
    clearTimeout(this.#heartbeatTimer);
    if (this.#sessionAt === undefined || !this.#awaitsHeartbeat) return;
    // `session` and the heartbeat arrived together. If `session` is late as well, it had to wait for the heartbeat; if not, this program was busy.
    const together = this.#options.now() - this.#sessionAt < TOGETHER_MS;
    if (together && this.#isLate() && !this.#options.padded) this.#onHeld();
    this.#awaitsHeartbeat = false;
  }

  #onHeld(): void {
    if (this.#awaitsHeartbeat) this.#options.onObservation({ kind: 'held', at: this.#options.now() });
    this.#awaitsHeartbeat = false;
  }

  /** Whether `session` was late by about the delay of the first heartbeat, and so may have waited for it. */
  #isLate(): boolean {
    const roundTripMs = this.#options.roundTripMs() ?? Number.POSITIVE_INFINITY;
    return (
      this.#sessionAt !== undefined && this.#sessionAt - this.#openedAt > FIRST_HEARTBEAT_MS + TOGETHER_MS + roundTripMs
    );
  }

  readonly #onSilence = (): void => this.#giveUp('heartbeats');

  #giveUp(how: Silence): void {
    this.#silent = how;
    // The first heartbeat arrived with another event, which looked well. Now the last written event does not arrive by itself.
    if (how === 'expected' && this.#isLate() && !this.#options.padded) {
      this.#options.onObservation({ kind: 'held', at: this.#options.now() });
    }
    this.#options.onSilence();
  }
}
