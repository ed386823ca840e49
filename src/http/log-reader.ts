import type { EventLog, LogPosition } from '../session/event-log.ts';
import type { ClientConnection, LiveSession, Start } from '../session/live-session.ts';
import { audioMs } from '../wire/audio-duration.ts';
import type { LogEntry } from '../wire/log-entry.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { encodePlain } from '../wire/plain-dialect.ts';
import type { EntryEncoder } from './entry-encoder.ts';

/** Where a reader writes: one connection, in the format of its kind. */
export interface Sink<Encoded> {
  /** Since when the connection takes nothing, ms since 1970; 0: it does. */
  readonly blockedSince: number;
  /** Has `resume` called whenever it takes something again. */
  onRoom(resume: () => void): void;
  readonly encode: EntryEncoder<Encoded>;
  write(encoded: Encoded): void;
  /** Writes an event for this connection alone. Without an `id` the client's place stays what it was. */
  tell(id: string | undefined, event: keyof ConnectionEvents, data: ConnectionEvents[keyof ConnectionEvents]): void;
  /**
   * Ends the connection; what was written is still sent.
   * @param goingAway it is the server that ends, not what is read
   */
  end(goingAway: boolean): void;
  /** Ends it at once. */
  cut(): void;
}

export interface LogReaderOptions {
  /** As in the query; such a reader gives way to a newer one of its client, and may bound its lag by acknowledging. */
  readonly client: string | undefined;
  readonly heartbeatMs: number;
  /** How long a reader may take nothing before its connection is cut, ms: it may come back with its cursor. */
  readonly stallMs: number;
  /** The first event. */
  readonly hello: ConnectionEvents['session'];
}

/** Audio that a client which acknowledges is sent ahead of what it has acknowledged, ms: what is in the network cannot be called back. */
const MAX_LAG_MS = 3_000;
/** The first heartbeat comes early: a client learns from its timing whether something on the way holds events back. */
const FIRST_HEARTBEAT_MS = 250;

/**
 * One connection down: a place in the log of a live session. It writes only as fast as its sink takes it; what it has not written
 * stays in the log, once for all readers.
 */
export class LogReader<Encoded> implements ClientConnection {
  readonly #sink: Sink<Encoded>;
  readonly #session: LiveSession;
  readonly #log: EventLog;
  readonly #options: LogReaderOptions;
  readonly #unsubscribe: () => void;
  /** The entry to be written next, and how many of its frames are not wanted any more. */
  #position: LogPosition;
  #written: number;
  #heartbeat: NodeJS.Timeout;
  /** It fell behind the log, and the conversation is being read for it. */
  #resetting = false;
  #ended = false;
  /** Ends a connection that does not end by itself. */
  #cut: NodeJS.Timeout | undefined;
  /** Audio that was written and not acknowledged, oldest first. */
  readonly #unacked: { seq: number; ms: number }[] = [];
  #unackedMs = 0;
  /** Audio passed by that the log had dropped, and that the client was not told of yet, ms. */
  #gapMs = 0;
  readonly #leave: (() => void) | undefined;

  constructor(sink: Sink<Encoded>, session: LiveSession, start: Start, options: LogReaderOptions) {
    this.#sink = sink;
    this.#session = session;
    this.#log = session.log;
    this.#options = options;
    this.#position = start.position;
    this.#written = start.position.seq - 1;
    sink.onRoom(() => this.#pump());
    // Not yet the new place, if the old one is lost: cut off before `reset`, the client would come back without ever being told.
    sink.tell(start.reset ? undefined : this.#log.idAt(this.#position), 'session', options.hello);
    // After the first write: until then the older one is all that the client has.
    this.#leave = options.client === undefined ? undefined : session.takeOver(options.client, this);
    if (start.reset) this.#tell('reset', start.reset);
    this.#heartbeat = setTimeout(() => this.#beat(), FIRST_HEARTBEAT_MS).unref();
    this.#unsubscribe = this.#log.subscribe(() => this.#pump());
    this.#pump();
  }

  /** Where it stands. */
  get position(): LogPosition {
    return this.#position;
  }

  get written(): number {
    return this.#written;
  }

  /** The server is shutting down: the client is to come back in `retryMs`, to whoever answers then. */
  drain(retryMs: number): void {
    if (this.#ended) return;
    this.#tell('drain', { retry_ms: retryMs });
    this.#end(true);
  }

  /** A newer connection of the same client has been written to. */
  supersede(): void {
    if (this.#ended) return;
    this.#tell('superseded', {});
    this.#end();
  }

  /** To be called when the connection is closed, by whomever. */
  closed(): void {
    this.#end();
    clearTimeout(this.#cut);
  }

  #end(goingAway = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave?.();
    clearTimeout(this.#heartbeat);
    this.#unsubscribe();
    this.#sink.end(goingAway);
    // A connection that takes nothing does not take its end either.
    this.#cut = setTimeout(() => this.#sink.cut(), this.#options.stallMs).unref();
  }

  #pump(): void {
    while (!this.#ended && this.#sink.blockedSince === 0 && !this.#resetting && this.#position.seq <= this.#log.head) {
      const { seq, frames } = this.#position;
      const entry = this.#log.at(seq);
      if (!entry) {
        void this.#fallBehind();
        return;
      }
      // Only a client that has a name can acknowledge.
      const ms = this.#options.client === undefined ? 0 : audioMs(entry.message.event);
      if (ms > 0 && this.#lags(ms)) return;
      if (this.#log.lostMs(seq).length > 0) this.#writeAround(entry, frames);
      else {
        const encoded = this.#sink.encode(this.#log, entry, frames);
        if (encoded) this.#tellGap();
        this.#position = { seq: seq + 1, frames: 0 };
        if (encoded) this.#write(encoded, seq);
      }
      if (ms > 0) {
        this.#unacked.push({ seq, ms });
        this.#unackedMs += ms;
      }
      if (entry.message.end) this.#end();
    }
  }

  /** Writes what is left of an entry that has lost audio: the gap is told where the audio was, before what comes after it. */
  #writeAround(entry: LogEntry, from: number): void {
    const { seq } = entry;
    const lost = [...this.#log.lostMs(seq)];
    encodePlain(entry).forEach(({ data }, index) => {
      const lostMs = data === '' ? (lost.shift() ?? 0) : 0;
      if (index < from) return;
      this.#gapMs += lostMs;
      const encoded = this.#sink.encode(this.#log, entry, index, index + 1);
      if (!encoded) return;
      this.#position = { seq, frames: index };
      this.#tellGap();
      this.#write(encoded, seq);
    });
    this.#position = { seq: seq + 1, frames: 0 };
  }

  #write(encoded: Encoded, seq: number): void {
    this.#sink.write(encoded);
    this.#written = seq;
  }

  /** Whether the client has to acknowledge before it is sent more audio. One that never acknowledges has only its socket to wait for. */
  #lags(ms: number): boolean {
    const acked = this.#session.acked(this.#options.client);
    if (acked === undefined) {
      // It may begin to: until then as much is remembered as would have it wait.
      while (this.#unackedMs - (this.#unacked[0]?.ms ?? MAX_LAG_MS) >= MAX_LAG_MS) {
        this.#unackedMs -= this.#unacked.shift()?.ms ?? 0;
      }
      return false;
    }
    while (this.#unacked[0] && this.#unacked[0].seq <= acked) this.#unackedMs -= this.#unacked.shift()?.ms ?? 0;
    return this.#unacked.length > 0 && this.#unackedMs + ms > MAX_LAG_MS;
  }

  /** Before anything else whose id lies behind the lost audio: a client that comes back from there is not told any more. */
  #tellGap(): void {
    if (this.#gapMs === 0) return;
    this.#tell('gap', { audio_ms: Math.round(this.#gapMs) });
    this.#gapMs = 0;
  }

  async #fallBehind(): Promise<void> {
    this.#resetting = true;
    const { position, reset } = await this.#session.reset('too_old');
    this.#resetting = false;
    if (this.#ended) return;
    this.#position = position;
    this.#written = position.seq - 1;
    // What it had passed by is told with it.
    this.#gapMs = 0;
    if (reset) this.#tell('reset', reset);
    this.#pump();
  }

  #beat(): void {
    this.#heartbeat = setTimeout(() => this.#beat(), this.#options.heartbeatMs).unref();
    const { blockedSince } = this.#sink;
    if (blockedSince === 0) {
      this.#tellGap();
      this.#tell('hb', { t: Date.now(), next: this.#session.next(this.#options.client) });
    } else if (Date.now() - blockedSince > this.#options.stallMs) this.#sink.cut();
  }

  /** Its id is the reader's cursor: an event for this connection alone must not move it. */
  #tell<Name extends keyof ConnectionEvents>(event: Name, data: ConnectionEvents[Name]): void {
    this.#sink.tell(this.#log.idAt(this.#position), event, data);
  }
}
