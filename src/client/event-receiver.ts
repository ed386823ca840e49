import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import type { Emitter } from './emitter.ts';
import type { ReceivedEvent } from './event-request.ts';
import type { WayUp } from './link.ts';
import type { Position } from './position.ts';
import type { SessionSettings } from './session-settings.ts';

/** Heartbeat interval until `session` names it, in ms. */
const DEFAULT_HEARTBEAT_MS = 10_000;
/** Minimum and maximum interval that a server may set, in ms. */
const MIN_HEARTBEAT_MS = 1_000;
const MAX_HEARTBEAT_MS = 60_000;

/** Events that the server makes for one connection. They have no number in the log. */
const CONNECTION_EVENTS: readonly (string | undefined)[] = [
  'session',
  'hb',
  'gap',
  'superseded',
  'reset',
  'drain',
] satisfies (keyof ConnectionEvents)[];

export interface EventReceiverOptions {
  readonly position: Position;
  readonly settings: SessionSettings;
  readonly emitter: Emitter;
  readonly up: WayUp;
  /** Called when a new live session lacks the settings of this client. */
  onSettingsMissing(): void;
  /** Called when the live session has ended. */
  onEnd(): void;
}

/** Receives the events of all connections, and passes each on once and in order. */
export class EventReceiver {
  readonly #options: EventReceiverOptions;
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;
  #lagMs = 0;
  #minDelayMs = Number.POSITIVE_INFINITY;
  #duplicates = 0;

  constructor(options: EventReceiverOptions) {
    this.#options = options;
  }

  /** Interval of the server's heartbeats, in ms. */
  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  /** How much later than the quickest heartbeat the last one arrived, in ms. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** Number of events that arrived again and were discarded. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** @returns whether the event belongs to the log and is new */
  receive(event: ReceivedEvent): boolean {
    const { position, settings, emitter, up, onEnd } = this.#options;
    const { name, id, data } = event;
    // Audio that was dropped for one connection may have arrived over another, as may have the `gap` itself.
    if (name === 'gap' && !position.advance(id)) return false;
    if (CONNECTION_EVENTS.includes(name)) {
      this.#onConnectionEvent(event);
      // A connection is superseded by another connection of this client, which concerns no user.
      if (name !== 'superseded') emitter.emit(name ?? 'message', data);
      return false;
    }
    if (!position.accept(id)) {
      this.#duplicates += 1;
      return false;
    }
    up.onLogEvent();
    if (name === 'settings') settings.onChanged(data as LogEvents['settings']);
    emitter.emit(name ?? 'message', data);
    if (name === 'end') onEnd();
    return true;
  }

  #onConnectionEvent({ name, id, data }: ReceivedEvent): void {
    const { position, up } = this.#options;
    if (name === 'session' && !this.#onSession(data as ConnectionEvents['session'], id)) return;
    if (name === 'reset' && id !== undefined) position.moveTo(id);
    else if (name === 'hb') this.#onHeartbeat(data as ConnectionEvents['hb']);
    position.advance(id);
    if (name === 'hb') up.onHeartbeat(this.#heartbeatMs);
  }

  /** @returns whether the connection has the settings of this client */
  #onSession(session: ConnectionEvents['session'], id: string | undefined): boolean {
    const { position, settings, up, onSettingsMissing } = this.#options;
    const { epoch, next, limits } = session;
    this.#heartbeatMs = clampNumber(limits.heartbeat_ms, MIN_HEARTBEAT_MS, MAX_HEARTBEAT_MS);
    const isNew = !position.id?.startsWith(`${epoch}.`);
    if (!settings.onSession(session, isNew)) {
      // The next connection starts at the old position, so that the server sends the `reset` that it was about to send over this one.
      onSettingsMissing();
      return false;
    }
    if (id !== undefined && isNew) position.moveTo(id);
    up.onSession({ epoch, next, bodyBytes: limits.body_bytes });
    return true;
  }

  #onHeartbeat({ t }: ConnectionEvents['hb']): void {
    const delayMs = Date.now() - t;
    this.#minDelayMs = Math.min(this.#minDelayMs, delayMs);
    this.#lagMs = delayMs - this.#minDelayMs;
  }
}

/** Limits a number of the server to a range that a timer can use: a timer with a huge delay, or none, fires at once. */
export function clampNumber(value: unknown, min: number, max: number): number {
  return typeof value === 'number' && value >= min ? Math.min(value, max) : min;
}
