import type { Content } from '../wire/agent-event.ts';
import type { Blob, LiveRequest } from '../wire/live-request.ts';
import { weightOf } from '../wire/request-weight.ts';

/** Bytes of waiting requests: about a minute and a half of 16 kHz speech in base64. */
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/**
 * What the user sends, on its way to the model (ADK: LiveRequestQueue). One sender side, one reader: the run. Unlike ADK's it is
 * bounded: ask `hasRoomFor` first; a sender that does not ask has its request taken all the same.
 */
export class LiveRequestQueue {
  readonly #maxBytes: number;
  #waiting: LiveRequest[] = [];
  #bytes = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(options: { maxBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** Closed for senders; what waits is still read. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether these may be sent without going over the limit. An empty queue takes anything. */
  hasRoomFor(requests: readonly LiveRequest[]): boolean {
    return (
      this.#bytes === 0 || this.#bytes + requests.reduce((sum, request) => sum + weightOf(request), 0) <= this.#maxBytes
    );
  }

  /** More than half full: a sender that can wait should. */
  get congested(): boolean {
    return this.#bytes > this.#maxBytes / 2;
  }

  /** After `close()` it is dropped. */
  send(request: LiveRequest): void {
    if (this.#closed) return;
    this.#waiting.push(request);
    this.#bytes += weightOf(request);
    this.#wake?.();
  }

  /** @param partial it is not complete, and not answered before more of it comes */
  sendContent(content: Content, partial = false): void {
    this.send(partial ? { content, partial } : { content });
  }

  sendRealtime(blob: Blob): void {
    this.send({ blob });
  }

  sendActivityStart(): void {
    this.send({ activity_start: {} });
  }

  sendActivityEnd(): void {
    this.send({ activity_end: {} });
  }

  sendAudioStreamEnd(): void {
    this.send({ audio_stream_end: true });
  }

  /** What waits is read, then the run ends. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Takes out what waits, for another queue: for a run that ends before it has read it. */
  drain(): LiveRequest[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return waiting;
  }

  /** The next request; `undefined` once the queue is closed and empty, or when `release()` is called. */
  get(): Promise<LiveRequest | undefined> {
    if (this.#waiting.length > 0 || this.#closed) return Promise.resolve(this.#take());
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    }).then(() => {
      this.#wake = undefined;
      return this.#take();
    });
  }

  #take(): LiveRequest | undefined {
    const request = this.#waiting.shift();
    if (request) this.#bytes -= weightOf(request);
    return request;
  }

  /** Lets a waiting `get()` go without a request: its run is over. */
  release(): void {
    this.#wake?.();
  }
}
