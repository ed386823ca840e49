import type { ServerResponse } from 'node:http';
import type { EventLog, LogPosition } from '../session/event-log.ts';
import type { LiveSession, Start } from '../session/live-session.ts';
import { formatCursor } from '../wire/cursor.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { encodeJsonEvent, encodeSse } from '../wire/sse.ts';
import { type EncodedEntry, encodeEntry, encodeLatest } from './entry-encoding.ts';

export interface SseReaderOptions {
  readonly heartbeatMs: number;
  /** How long a reader may take nothing before its connection is cut, ms: it may come back with its cursor. */
  readonly stallMs: number;
  /** The first event. */
  readonly hello: ConnectionEvents['session'];
}

/** How long a browser waits before it reconnects, ms. */
const RETRY_MS = 1_000;
/** The first heartbeat comes early: a client learns from its timing whether something on the way holds events back. */
const FIRST_HEARTBEAT_MS = 250;

/**
 * One SSE connection: a place in the log of a live session. It writes only as fast as its socket takes it; what it has not written
 * stays in the log, once for all readers.
 */
export class SseReader {
  readonly #res: ServerResponse;
  readonly #session: LiveSession;
  readonly #log: EventLog;
  readonly #options: SseReaderOptions;
  readonly #unsubscribe: () => void;
  /** The entry to be written next, and how many of its frames are not wanted any more. */
  #position: LogPosition;
  #heartbeat: NodeJS.Timeout;
  /** Since when the socket takes nothing, ms since 1970; 0: it does. */
  #blockedSince = 0;
  /** It fell behind the log, and the conversation is being read for it. */
  #resetting = false;
  #closed = false;

  constructor(res: ServerResponse, session: LiveSession, start: Start, options: SseReaderOptions) {
    this.#res = res;
    this.#session = session;
    this.#log = session.log;
    this.#options = options;
    this.#position = start.position;
    res.on('drain', () => {
      this.#blockedSince = 0;
      this.#pump();
    });
    this.#write(encodeSse({ retry: RETRY_MS }) + encodeSse({ id: this.#cursor() }));
    this.#tell('session', options.hello);
    if (start.reset) this.#tell('reset', start.reset);
    this.#heartbeat = setTimeout(() => this.#beat(), FIRST_HEARTBEAT_MS).unref();
    this.#unsubscribe = this.#log.subscribe(() => this.#pump());
    this.#pump();
  }

  /** Where it stands. */
  get position(): LogPosition {
    return this.#position;
  }

  /** The server is shutting down: the client is to come back in `retryMs`, to whoever answers then. */
  drain(retryMs: number): void {
    if (this.#closed) return;
    this.#write(encodeSse({ retry: retryMs }));
    this.#tell('drain', { retry_ms: retryMs });
    this.close();
  }

  /** Ends the response; what was written is still sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#heartbeat);
    this.#unsubscribe();
    this.#res.end();
  }

  #pump(): void {
    while (!this.#closed && this.#blockedSince === 0 && !this.#resetting && this.#position.seq <= this.#log.head) {
      const { seq, frames } = this.#position;
      const entry = this.#log.at(seq);
      if (!entry) {
        void this.#fallBehind();
        return;
      }
      const { text, encoding } = frames === 0 ? encodeLatest(this.#log, entry) : encodeEntry(this.#log, entry, frames);
      this.#position = { seq: seq + 1, frames: 0 };
      if (text) this.#write(text, encoding);
      if (entry.message.end) this.close();
    }
  }

  async #fallBehind(): Promise<void> {
    this.#resetting = true;
    const { position, reset } = await this.#session.reset('too_old');
    this.#resetting = false;
    if (this.#closed) return;
    this.#position = position;
    if (reset) this.#tell('reset', reset);
    this.#pump();
  }

  #beat(): void {
    this.#heartbeat = setTimeout(() => this.#beat(), this.#options.heartbeatMs).unref();
    if (this.#blockedSince === 0) this.#tell('hb', { t: Date.now() });
    else if (Date.now() - this.#blockedSince > this.#options.stallMs) this.#res.destroy();
  }

  /** An event for this connection alone. Its id is the reader's cursor: it must not move it. */
  #tell<Name extends keyof ConnectionEvents>(event: Name, data: ConnectionEvents[Name]): void {
    this.#write(encodeJsonEvent(this.#cursor(), event, JSON.stringify(data)));
  }

  #write(text: string, encoding: EncodedEntry['encoding'] = 'utf8'): void {
    if (!this.#res.write(text, encoding) && this.#blockedSince === 0) this.#blockedSince = Date.now();
  }

  #cursor(): string {
    const { seq, frames } = this.#position;
    return frames === 0 ? formatCursor(this.#log.epoch, seq - 1) : formatCursor(this.#log.epoch, seq, frames);
  }
}
