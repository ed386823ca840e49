import { backoff } from './backoff.ts';
import { sayError } from './error-text.ts';
import type { Probe } from './probe.ts';
import { SeenEvents } from './seen-events.ts';
import { CONNECTION_EVENTS, LOG_EVENTS, type ServerEvent } from './server-event.ts';

export type ConnectionState =
  | { phase: 'connecting' | 'live' | 'reconnecting' }
  /** It goes on trying; `error` says what the server said, if it said anything. */
  | { phase: 'offline'; error?: string }
  /** The conversation was ended; it stays so until `open()`. */
  | { phase: 'ended' };

/** The part of EventSource that is used. */
export interface EventStream {
  readonly readyState: number;
  onerror: ((event: Event) => void) | null;
  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface ConnectionOptions {
  /** Relative to the page. */
  readonly address: (query: URLSearchParams) => string;
  readonly openStream: (address: string) => EventStream;
  readonly probe: (address: string) => Promise<Probe>;
  readonly onEvent: (event: ServerEvent) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** The server sends a heartbeat every 10 s. What has been silent for longer than two of them is dead, whatever TCP believes. */
const SILENCE_MS = 25_000;
const WATCH_MS = 5_000;
/** After so many failures in a row the page says that the server cannot be reached. */
const OFFLINE_AFTER = 3;

const CLOSED = 2;

/** A cursor that no server knows: it is answered with `reset`, which tells a page that was loaded anew what was said before. */
const TELL_ME_ALL = 'page-load';

/**
 * The way down. EventSource resumes by itself after a cut, with the id of the last event; but one answer that is not a stream (a
 * proxy's 502 while the server restarts) closes it for good, so then this goes on.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #seen = new SeenEvents();
  #stream: EventStream | undefined;
  #isAudio = false;
  #heardAt = 0;
  #failures = 0;
  /** The stream has begun with `session`. */
  #welcomed = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** For a page that knows nothing yet, and for going on with a conversation that has ended. */
  open(isAudio: boolean): void {
    this.#isAudio = isAudio;
    this.#failures = 0;
    this.#options.onState({ phase: 'connecting' });
    this.#connect(TELL_ME_ALL);
  }

  /** Changes between text and voice: the server begins another run of the same conversation, and nothing is missed or doubled. */
  switchTo(isAudio: boolean): void {
    this.#isAudio = isAudio;
    this.#failures = 0;
    this.#options.onState({ phase: 'connecting' });
    this.#connect(this.#cursor());
  }

  /** Does not wait any longer: the network is back, or the user asks for it. */
  retryNow(): void {
    if (this.#failures > 0) this.#connect(this.#cursor());
  }

  close(): void {
    this.#drop();
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #drop(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#stream?.close();
    this.#stream = undefined;
  }

  #cursor(): string {
    return this.#seen.lastId ?? TELL_ME_ALL;
  }

  #address(cursor: string | undefined): string {
    const query = new URLSearchParams({ is_audio: String(this.#isAudio) });
    if (cursor) query.set('since', cursor);
    return this.#options.address(query);
  }

  #connect(cursor: string | undefined): void {
    this.#drop();
    const stream = this.#options.openStream(this.#address(cursor));
    this.#stream = stream;
    this.#welcomed = false;
    this.#heardAt = Date.now();
    this.#watch ??= setInterval(() => this.#checkSilence(), WATCH_MS);
    for (const name of [...LOG_EVENTS, ...CONNECTION_EVENTS]) {
      stream.addEventListener(name, (event) => {
        if (this.#stream === stream) this.#receive(name, event);
      });
    }
    stream.onerror = () => {
      if (this.#stream !== stream) return;
      this.#welcomed = false;
      if (stream.readyState === CLOSED) this.#recover();
      else this.#fail();
    };
  }

  #receive(name: ServerEvent['name'], message: MessageEvent<string>): void {
    this.#heardAt = Date.now();
    // What the server says under one of these names has this shape: it is of the same release, and typed by the same types.
    const event = { name, data: JSON.parse(message.data) } as ServerEvent;
    if (event.name === 'failure' && !this.#welcomed) {
      // A server that has no room answers a reconnecting EventSource with this instead of an error status.
      this.#fail(sayError(event.data.error, event.data.hint));
      return;
    }
    if (name === 'reset') this.#seen.standAt(message.lastEventId);
    else if ((LOG_EVENTS as readonly string[]).includes(name) && !this.#seen.isNew(message.lastEventId)) return;
    if (name === 'session') {
      this.#welcomed = true;
      this.#failures = 0;
      this.#options.onState({ phase: 'live' });
    }
    this.#options.onEvent(event);
    if (name === 'end') this.#finish();
  }

  #checkSilence(): void {
    if (!this.#stream || Date.now() - this.#heardAt < SILENCE_MS) return;
    this.#fail();
    this.#connect(this.#cursor());
  }

  #fail(error?: string): void {
    this.#failures++;
    if (this.#failures < OFFLINE_AFTER && !error) this.#options.onState({ phase: 'reconnecting' });
    else this.#options.onState({ phase: 'offline', ...(error ? { error } : {}) });
  }

  #finish(): void {
    this.close();
    this.#options.onState({ phase: 'ended' });
  }

  #recover(error?: string): void {
    this.#drop();
    this.#fail(error);
    this.#retry = setTimeout(() => void this.#probeAndConnect(), backoff(this.#failures));
  }

  /** EventSource does not tell a 204 from a 502, nor what an error answer says: a fetch of the same address does. */
  async #probeAndConnect(): Promise<void> {
    const waiting = this.#retry;
    const cursor = this.#cursor();
    const probe = await this.#options.probe(this.#address(cursor));
    // Somebody else has opened, closed or retried meanwhile.
    if (this.#retry !== waiting) return;
    if (probe.answer === 'ended') this.#finish();
    else if (probe.answer === 'stream') this.#connect(cursor);
    else this.#recover(probe.error);
  }
}
