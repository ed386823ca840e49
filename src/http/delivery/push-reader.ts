import type { LogPosition, LogView } from '../../session/log/log-view.ts';
import type { Attachment, ConnectionListener } from '../../session/session-handle.ts';
import { audioMs } from '../../wire/audio-duration.ts';
import type { Dialect, Frame } from '../../wire/dialects/dialect.ts';
import type { ConnectionEvents } from '../../wire/named-events.ts';
import type { IdentifiedFrame } from './frame-encoder.ts';
import { Liveness } from './liveness.ts';
import { LogCursor } from './log-cursor.ts';
import { UnackedAudio } from './unacked-audio.ts';

/** An event that is made for one connection. */
export interface ControlFrame {
  readonly name: keyof ConnectionEvents;
  /** Position of the reader. Without an id the client's own position stays as it is. */
  readonly id: string | undefined;
  /** The event in the dialect of the reader. */
  readonly frames: readonly Frame[];
  /** Wait before the client may reconnect, in ms. Default: what is usual for the event. */
  readonly retryMs?: number;
}

/** Write side of one connection, in the format of its kind. */
export interface Sink {
  /** Whether the connection accepts no data now. `StallWatch` destroys a connection for which that lasts too long. */
  readonly isBlocked: boolean;
  /**
   * Time at which the client was last heard on this connection, in ms on the clock of `performance.now()`; `undefined` if clients send nothing on
   * a connection of this kind.
   */
  readonly heardAt: number | undefined;
  /** Calls `resume` whenever the connection accepts data again. */
  onDrain(resume: () => void): void;
  /** Writes frames of the log; at least one. */
  write(frames: readonly IdentifiedFrame[]): void;
  writeControl(control: ControlFrame): void;
  /**
   * Ends the connection after everything that was written.
   * @param goingAway true if the server shuts down; false if the session or this reader is over
   */
  end(goingAway: boolean): void;
  /** Closes the connection at once. */
  destroy(): void;
}

export interface PushReaderOptions {
  readonly dialect: Dialect;
  /** Name of the client in the query. A named client has one push connection: a newer one supersedes it. */
  readonly client: string | undefined;
  /** Time between two heartbeats, in ms. */
  readonly heartbeatMs: number;
  /** As in `LivenessOptions`. */
  readonly renewMs: number;
  /** As in `LivenessOptions`. */
  readonly reconnects: boolean;
  /** Maximum time for a connection to close after its end, in ms. Then it is destroyed. */
  readonly stallMs: number;
  /**
   * What happens when a newer connection of the client supersedes this one. `end`: the connection ends. `mute`: the connection stays open and gets
   * no more events, because a page that does not know of it would reconnect and supersede the newer one. Default: `end`.
   */
  readonly whenSuperseded?: 'end' | 'mute';
  /** Data of the first event. */
  readonly sessionEvent: ConnectionEvents['session'];
}

/** Wait before the first heartbeat, in ms. Its arrival time shows a client whether something on the way holds events back. */
const FIRST_HEARTBEAT_MS = 250;
/** Bounds of the wait before a client whose connection is ended for its silence may reconnect, in ms. */
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 1_000;
/** Time for the connection of a client that counts as gone to close, in ms. A gone client closes nothing. */
const GONE_CLOSE_MS = 1_000;

/** Pushes the log of a live session down one connection, as fast as the connection accepts data. Call `start` once. */
export class PushReader implements ConnectionListener {
  readonly #sink: Sink;
  readonly #log: LogView;
  readonly #attachment: Attachment;
  readonly #options: PushReaderOptions;
  readonly #cursor: LogCursor;
  readonly #unacked = new UnackedAudio();
  readonly #liveness: Liveness;
  /** The log has overtaken this reader, and its `reset` is being prepared. */
  #isResetting = false;
  #hasEnded = false;
  /** Whether a newer connection gets the events in place of this one, which follows the log to see the end of the session. */
  #isMuted = false;
  #heartbeatTimer: NodeJS.Timeout | undefined;
  /** Destroys a connection that does not close after its end. */
  #destroyTimer: NodeJS.Timeout | undefined;
  #unsubscribe = (): void => undefined;

  constructor(sink: Sink, log: LogView, attachment: Attachment, options: PushReaderOptions) {
    this.#sink = sink;
    this.#log = log;
    this.#attachment = attachment;
    this.#options = options;
    this.#liveness = new Liveness(options);
    this.#cursor = new LogCursor(log, options.dialect, attachment.start.position);
  }

  get position(): LogPosition {
    return this.#cursor.position;
  }

  /** Writes the first events, supersedes the client's older connection, and follows the log from now on. */
  start(): void {
    const { reset } = this.#attachment.start;
    this.#sink.onDrain(() => this.#pump());
    // If the old position is lost, `session` does not carry the new one yet: a client whose connection drops before `reset` must come back
    // with its old id and be sent the `reset` then.
    this.#writeControl('session', this.#options.sessionEvent, reset ? undefined : this.#cursor.id);
    // Supersede the older connection after the first write: before it the older connection is all that the client has.
    this.#attachment.activate(this);
    // The session was drained while this reader was being attached.
    if (this.#hasEnded) return;
    if (reset) this.#writeControl('reset', reset, this.#cursor.id);
    this.#heartbeatTimer = setTimeout(() => this.#beat(), FIRST_HEARTBEAT_MS).unref();
    this.#unsubscribe = this.#log.subscribe(() => this.#pump());
    this.#pump();
  }

  /** Continues in another dialect. */
  changeDialect(dialect: Dialect): void {
    this.#cursor.dialect = dialect;
  }

  /** Ends the connection because the server shuts down. @param retryMs wait before the client may reconnect, in ms */
  onDrain(retryMs: number): void {
    this.#retire({ retry_ms: retryMs });
  }

  /** Ends or mutes the connection because a newer one of the same client has been written to. */
  onSuperseded(): void {
    if (this.#hasEnded) return;
    this.#writeControl('superseded', {}, this.#cursor.id);
    if (this.#options.whenSuperseded === 'mute') this.#isMuted = true;
    else this.#end(false);
  }

  /** Call this when the connection has closed, whichever side closed it. */
  onClosed(): void {
    this.#end(false);
    clearTimeout(this.#destroyTimer);
  }

  /** Ends the connection, and has the client reconnect. */
  #retire(drain: ConnectionEvents['drain'], closeMs?: number): void {
    if (this.#hasEnded) return;
    this.#writeControl('drain', drain, this.#cursor.id, drain.retry_ms);
    this.#end(true, closeMs);
  }

  /** @param closeMs maximum time for the connection to close, in ms */
  #end(goingAway: boolean, closeMs = this.#options.stallMs): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#heartbeatTimer);
    this.#unsubscribe();
    this.#sink.end(goingAway);
    // A connection that accepts no data does not accept its end either.
    this.#destroyTimer = setTimeout(() => this.#sink.destroy(), closeMs).unref();
  }

  #pump(): void {
    while (!this.#hasEnded && !this.#isResetting && !this.#sink.isBlocked) {
      const held = this.#cursor.peek();
      if (!held) {
        if (this.#cursor.isOvertaken) void this.#reset().catch(() => this.#sink.destroy());
        return;
      }
      const { seq, message } = held.entry;
      // Only a named client can acknowledge.
      const { client } = this.#options;
      const ms = client === undefined || !this.#cursor.dialect.hasAudio ? 0 : audioMs(message.event);
      if (ms > 0 && !this.#unacked.hasSpace(ms, this.#attachment.acked)) return;
      const frames = this.#cursor.take(held);
      if (frames.length > 0) {
        if (!this.#isMuted) this.#sink.write(frames);
        this.#attachment.recordWritten(seq);
      }
      if (ms > 0) this.#unacked.add(seq, ms);
      if (message.end) this.#end(false);
    }
  }

  /** Continues at the head of the log, after a `reset` with the conversation so far. */
  async #reset(): Promise<void> {
    this.#isResetting = true;
    const start = await this.#attachment.restart().catch(() => undefined);
    this.#isResetting = false;
    if (!start) {
      // The client reconnects with the id of its last event.
      this.#sink.destroy();
      return;
    }
    const { position, reset } = start;
    if (this.#hasEnded) return;
    this.#cursor.moveTo(position);
    if (reset) this.#writeControl('reset', reset, this.#cursor.id);
    this.#pump();
  }

  #beat(): void {
    this.#heartbeatTimer = setTimeout(() => this.#beat(), this.#options.heartbeatMs).unref();
    const { next, postedAt } = this.#attachment;
    const reason = this.#liveness.check({ heardAt: this.#sink.heardAt ?? this.#attachment.heardAt, postedAt });
    if (reason) {
      const retryMs = Math.round(MIN_RETRY_MS + Math.random() * (MAX_RETRY_MS - MIN_RETRY_MS));
      this.#retire({ retry_ms: retryMs, reason }, reason === 'unheard' ? GONE_CLOSE_MS : undefined);
      return;
    }
    if (this.#sink.isBlocked) return;
    // The id of a heartbeat lies behind dropped audio that was passed: report that first.
    const gap = this.#cursor.takeGap();
    if (gap) this.#sink.write([gap]);
    this.#writeControl('hb', { t: Date.now(), next }, this.#cursor.id);
  }

  /** Writes an event that is made for this connection. @param id the position of the reader, so that the event moves no client */
  #writeControl<Name extends keyof ConnectionEvents>(
    name: Name,
    data: ConnectionEvents[Name],
    id: string | undefined,
    retryMs?: number,
  ): void {
    const frames = this.#cursor.dialect.encodeControl(name, data);
    this.#sink.writeControl({ name, id, frames, ...(retryMs === undefined ? {} : { retryMs }) });
  }
}
