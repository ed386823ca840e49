import { type CloseInfo, DownConnection, type DownConnectionOptions } from './down-connection.ts';
import type { ReceivedEvent } from './event-request.ts';
import { rotateAfter } from './lifetime.ts';
import type { Observation, Rung } from './observation.ts';
import type { ReconnectPolicy } from './reconnect-policy.ts';
import { isServerRefusal } from './rejection.ts';
import type { TransportSelector } from './transport-selector.ts';
import { SETTLED_MS } from './trial-scheduler.ts';

export interface ConnectionPairOptions
  extends Pick<
    DownConnectionOptions,
    'fetch' | 'WebSocket' | 'ticket' | 'headers' | 'now' | 'roundTripMs' | 'heartbeatMs'
  > {
  readonly selector: TransportSelector;
  readonly policy: ReconnectPolicy;
  /** Builds the address of a connection, which includes the place to continue from. */
  readonly address: (rung: Rung, query: Record<string, string>) => string;
  onBytes(connection: DownConnection): void;
  /** @returns whether the event was new */
  onEvent(event: ReceivedEvent): boolean;
  onCursor(id: string): void;
  /** Called when the active connection delivers its first bytes, or when another connection has become the active one. */
  onConnected(rung: Rung): void;
  /** Called when the timers of the active connection are cancelled, because it has ended or is replaced. */
  onActiveChanged(): void;
}

/** Time without data after which a poll is tried beside a stream, in ms. */
export const RACE_AFTER_MS = 1_000;
/** Time without data after which a poll is tried beside a WebSocket, in ms: its handshake takes one round trip more. */
const SOCKET_RACE_AFTER_MS = 3_000;

type Timer = ReturnType<typeof setTimeout>;

/** The connection in use (active), and the one that replaces it with its first bytes (candidate). */
export class ConnectionPair {
  readonly #options: ConnectionPairOptions;
  #active: DownConnection | undefined;
  #candidate: DownConnection | undefined;
  #opened = 0;
  #rotations = 0;
  #stopped = false;
  #raceTimer: Timer | undefined;
  #ageTimer: Timer | undefined;
  #moveTimer: Timer | undefined;

  constructor(options: ConnectionPairOptions) {
    this.#options = options;
  }

  get active(): DownConnection | undefined {
    return this.#active;
  }

  get hasCandidate(): boolean {
    return this.#candidate !== undefined;
  }

  /** `reconnects`: active connections after the first. `rotations`: candidates that became active. */
  get statistics(): { readonly reconnects: number; readonly rotations: number } {
    return { reconnects: Math.max(0, this.#opened - 1), rotations: this.#rotations };
  }

  /** Opens a connection in place of the active one. */
  openActive(): DownConnection {
    const before = this.#active;
    const connection = this.#open(this.#rung);
    this.#active = connection;
    this.#opened += 1;
    before?.close();
    return connection;
  }

  /** Opens a candidate beside the active connection. */
  replaceActive(): void {
    if (!this.#stopped && this.#active) this.#openCandidate(this.#rung);
  }

  /** Makes the candidate the active connection. @returns false if there is none on the rung that the ladder chooses */
  promoteCandidate(): boolean {
    if (this.#candidate?.rung !== this.#rung) return false;
    this.#promote(this.#candidate);
    return true;
  }

  /** Forgets the active connection, which has ended, and closes the candidate. */
  clear(): void {
    this.#active = undefined;
    this.#closeCandidate();
    this.clearTimers();
  }

  /** Closes the active connection and the candidate. */
  closeActive(): void {
    const before = this.#active;
    this.clear();
    before?.close();
  }

  stop(): void {
    this.#stopped = true;
    this.clearTimers();
    this.#closeCandidate();
    this.#active?.close();
  }

  /** Opens a second connection beside one that delivers nothing. If that delivers nothing either, polls until one of them does. */
  startRace(connection: DownConnection): void {
    const { selector, roundTripMs } = this.#options;
    const { transport, streams } = selector.ladder;
    if (transport !== 'auto' || connection.rung === 'poll' || connection.firstByteAt !== undefined) return;
    const raceMs = connection.rung === 'ws' ? SOCKET_RACE_AFTER_MS : RACE_AFTER_MS;
    this.#race(Math.max(raceMs, 2 * (roundTripMs() ?? 0)), streams ? connection.rung : 'poll');
  }

  /** Prepares a new active connection: closes the candidate and cancels the timers. */
  reset(): void {
    this.clearTimers();
    this.#closeCandidate();
  }

  clearTimers(): void {
    for (const timer of [this.#raceTimer, this.#ageTimer, this.#moveTimer]) clearTimeout(timer);
    this.#options.onActiveChanged();
  }

  get #rung(): Rung {
    return this.#options.selector.ladder.rung;
  }

  #open(rung: Rung): DownConnection {
    const { selector, policy, address, onBytes, onEvent } = this.#options;
    const connection: DownConnection = new DownConnection({
      ...this.#options,
      rung,
      url: (query) => address(rung, query),
      holdMs: () => selector.ladder.holdMs,
      onFirstByte: () => this.#onFirstByte(connection),
      onBytes: () => onBytes(connection),
      onEvent: (event) => {
        const isNew = onEvent(event);
        if (isNew && connection === this.#active) policy.markUseful();
        return isNew;
      },
      onObservation: (observation) => this.#onObservation(connection, observation),
    });
    return connection;
  }

  #onFirstByte(connection: DownConnection): void {
    const { selector, onConnected } = this.#options;
    if (connection === this.#candidate) this.#onCandidateOpened(connection);
    else if (connection !== this.#active) return;
    clearTimeout(this.#raceTimer);
    this.#closeCandidate();
    if (connection.rung !== this.#rung) this.replaceActive();
    const rotateMs = connection.rung === 'poll' ? undefined : rotateAfter(selector.ladder.lifetime);
    this.#ageTimer = restart(this.#ageTimer, rotateMs, () => this.replaceActive());
    onConnected(connection.rung);
  }

  #onObservation(connection: DownConnection, observation: Observation): void {
    const { selector } = this.#options;
    if (connection !== this.#active) return;
    if (observation.kind === 'opened') selector.noteOpening(connection, observation);
    if (selector.observe(observation)) this.replaceActive();
  }

  #onCandidateOpened(candidate: DownConnection): void {
    const { selector, policy, now } = this.#options;
    const { rung } = candidate;
    const active = this.#active;
    // The candidate raced a stream: the poll was answered, while the stream has delivered nothing at all.
    if (rung === 'poll' && active && active.firstByteAt === undefined) {
      selector.observe({ kind: 'buffered', at: now() });
    } else if (rung === active?.rung && active.firstByteAt !== undefined) {
      selector.observe({ kind: 'rotated', at: now() });
    }
    this.#promote(candidate);
    policy.markUseful();
  }

  #promote(candidate: DownConnection): void {
    const before = this.#active;
    this.#active = candidate;
    this.#candidate = undefined;
    this.#rotations += 1;
    this.#options.policy.clearAnnouncement();
    this.clearTimers();
    before?.close();
  }

  #openCandidate(rung: Rung): void {
    this.#closeCandidate();
    const candidate = this.#open(rung);
    this.#candidate = candidate;
    void candidate.closed.then((info) => this.#onCandidateClosed(candidate, info));
  }

  #onCandidateClosed(candidate: DownConnection, { outcome }: CloseInfo): void {
    const { selector, now } = this.#options;
    if (this.#candidate !== candidate) return;
    this.#candidate = undefined;
    const retryAfterMs = outcome.kind === 'refused' ? outcome.retryAfterMs : 0;
    if (retryAfterMs > 0 && this.#active?.firstByteAt === undefined) this.#race(retryAfterMs, 'poll');
    if (candidate.rung !== this.#rung || !this.#active || this.#active.rung === this.#rung) return;
    // The active connection may be on a worse rung, but it works. The network is not the cause of a refusal by the server.
    if (!isServerRefusal(outcome)) selector.observe({ kind: 'unopened', at: now() });
    this.#moveTimer = restart(this.#moveTimer, Math.max(SETTLED_MS, retryAfterMs), () => {
      if (this.#active?.rung !== this.#rung) this.replaceActive();
    });
  }

  #closeCandidate(): void {
    this.#candidate?.close();
    this.#candidate = undefined;
  }

  #race(afterMs: number, rung: Rung): void {
    this.#raceTimer = restart(this.#raceTimer, afterMs, () => {
      if (this.#candidate?.rung !== rung) this.#openCandidate(rung);
      this.#race(afterMs, 'poll');
    });
  }
}

/** Replaces a timer. @param ms `undefined`: no new timer */
function restart(timer: Timer | undefined, ms: number | undefined, action: () => void): Timer | undefined {
  clearTimeout(timer);
  return ms === undefined ? undefined : setTimeout(action, ms);
}
