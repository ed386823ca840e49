import type { ServerResponse } from 'node:http';
import type { EventLog, LogPosition } from '../session/event-log.ts';
import type { LiveSession, Start, Supersedable } from '../session/live-session.ts';
import { audioMs } from '../wire/audio-duration.ts';
import { formatCursor } from '../wire/cursor.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { encodeJsonEvent, encodeSse } from '../wire/sse.ts';
import { type EncodedEntry, encodeEntry, encodeLatest } from './entry-encoding.ts';

/** How the stream is written, for networks that hold events back. */
export type Framing = 'stream' | 'pusher' | 'close';

export interface SseReaderOptions {
  /** `stream`: as it is; `pusher`: after each event a padded comment, which pushes it through a buffer on the way. */
  readonly framing: Framing;
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
/** When the padding follows, ms: together with the event it would be held back with it. */
const PUSH_MS = 20;
/** Fills the buffers that were seen (8 KiB with nginx, gzip's 4 KiB twice). */
const PADDING = `:${' '.repeat(8 * 1024)}\n\n`;
/** An EventSource that gave way must not come back by itself, ms. */
const SUPERSEDED_RETRY_MS = 3_600_000;

/** How long a browser waits before it reconnects, ms. */
const RETRY_MS = 1_000;
/** The first heartbeat comes early: a client learns from its timing whether something on the way holds events back. */
const FIRST_HEARTBEAT_MS = 250;

/**
 * One SSE connection: a place in the log of a live session. It writes only as fast as its socket takes it; what it has not written
 * stays in the log, once for all readers.
 */
export class SseReader implements Supersedable {
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
  /** Audio that was written and not acknowledged, oldest first. */
  readonly #unacked: { seq: number; ms: number }[] = [];
  #unackedMs = 0;
  /** Audio passed by that the log had dropped, and that the client was not told of yet, ms. */
  #gapMs = 0;
  #pushTimer: NodeJS.Timeout | undefined;
  readonly #leave: (() => void) | undefined;

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

  /** The server is shutting down: the client is to come back in `retryMs`, to whoever answers then. */
  drain(retryMs: number): void {
    if (this.#closed) return;
    this.#write(encodeSse({ retry: retryMs }));
    this.#tell('drain', { retry_ms: retryMs });
    this.close();
  }

  /** A newer connection of the same client has been written to. */
  supersede(): void {
    if (this.#closed) return;
    this.#write(encodeSse({ retry: SUPERSEDED_RETRY_MS }));
    this.#tell('superseded', {});
    this.close();
  }

  /** Ends the response; what was written is still sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave?.();
    clearTimeout(this.#heartbeat);
    clearTimeout(this.#pushTimer);
    this.#unsubscribe();
    this.#res.end();
    // A connection that takes nothing does not take its end either.
    const cut = setTimeout(() => this.#res.destroy(), this.#options.stallMs).unref();
    this.#res.once('close', () => clearTimeout(cut));
  }

  #pump(): void {
    while (!this.#closed && this.#blockedSince === 0 && !this.#resetting && this.#position.seq <= this.#log.head) {
      const { seq, frames } = this.#position;
      const entry = this.#log.at(seq);
      if (!entry) {
        void this.#fallBehind();
        return;
      }
      // Only a client that has a name can acknowledge.
      const ms = this.#options.client === undefined ? 0 : audioMs(entry.message.event);
      if (ms > 0 && this.#lags(ms)) return;
      this.#gapMs += this.#log.lostMs(seq);
      const { text, encoding } = frames === 0 ? encodeLatest(this.#log, entry) : encodeEntry(this.#log, entry, frames);
      if (text) this.#tellGap();
      this.#position = { seq: seq + 1, frames: 0 };
      if (text) this.#write(text, encoding);
      if (ms > 0) {
        this.#unacked.push({ seq, ms });
        this.#unackedMs += ms;
      }
      if (entry.message.end) this.close();
      else if (text && this.#options.framing === 'pusher') this.#push();
    }
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

  #push(): void {
    this.#pushTimer ??= setTimeout(() => {
      this.#pushTimer = undefined;
      this.#write(PADDING, 'latin1');
    }, PUSH_MS).unref();
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
    if (this.#blockedSince === 0) {
      this.#tellGap();
      this.#tell('hb', { t: Date.now(), next: this.#session.next(this.#options.client) });
      if (this.#options.framing === 'pusher') this.#push();
    } else if (Date.now() - this.#blockedSince > this.#options.stallMs) this.#res.destroy();
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
