import type { Content } from '../wire/agent-event.ts';
import { type SizedRequest, toSizedRequest } from '../wire/byte-size.ts';
import type { Blob, ClientToolResult, LiveRequest } from '../wire/live-request.ts';
import { type MemoryCounter, MemoryShare } from '../wire/memory-share.ts';
import { listResultImages } from '../wire/result-images.ts';

/** Default limit of waiting requests, in bytes: about 90 s of 16 kHz speech in base64. */
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** Number of read requests at the start of the array above which the array is cut: removing each would move all that follow. */
const MAX_READ = 1_000;

/**
 * Requests of the user on their way to the model (ADK: LiveRequestQueue). A queue has one reader, the run. Unlike ADK's queue it has a
 * limit: call `hasRoomFor` before `send`. `send` itself never refuses a request.
 */
export class LiveRequestQueue {
  readonly #maxBytes: number;
  readonly #memory: MemoryShare;
  /** Requests that were read, which are `undefined`, and after them the requests that wait. */
  #requests: (SizedRequest | undefined)[] = [];
  #readCount = 0;
  #bytes = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  /**
   * @param options.maxBytes limit of waiting requests, in bytes. Default: 4 MiB
   * @param options.memory counts the waiting requests together with everything else in memory. Default: nobody does
   */
  constructor(options: { maxBytes?: number; memory?: MemoryCounter | undefined } = {}) {
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#memory = new MemoryShare(options.memory);
  }

  /** Whether `close()` was called. Requests that still wait can be read. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Whether requests fit below the limit. An empty queue has room for any request.
   * @param bytes total size of the requests, measured by `byteSize`
   */
  hasRoomFor(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes;
  }

  /** Whether no request waits. */
  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  /** Whether the queue is more than half full. A sender that can wait should wait. */
  get congested(): boolean {
    return this.#bytes > this.#maxBytes / 2;
  }

  /** Appends a request. After `close()` the request is discarded. */
  send(request: LiveRequest): void {
    this.push(toSizedRequest(request));
  }

  /** Appends a request whose size is already known. After `close()` the request is discarded. */
  push(sized: SizedRequest): void {
    if (this.#closed) return;
    this.#requests.push(sized);
    this.#setBytes(this.#bytes + sized.bytes);
    this.#wakeReader();
  }

  /**
   * Sends a message of the user. Results of functions in it go to the calls that they answer (`clientTool`).
   * @param partial whether the message is incomplete. The model does not answer before the rest arrives. Default: false
   */
  sendContent(content: Content, partial = false): void {
    const { parts = [] } = content;
    const results = parts.flatMap(({ functionResponse }) => functionResponse ?? []);
    if (results.length > 0) {
      this.sendToolResults(results.map((result) => ({ ...result, images: listResultImages(result) })));
      const message = parts.filter(({ functionResponse }) => !functionResponse);
      if (message.length > 0) this.sendContent({ ...content, parts: message }, partial);
      return;
    }
    this.send(partial ? { content, partial } : { content });
  }

  /** Sends the results of calls of a `clientTool`. A result of any other call is ignored. */
  sendToolResults(results: readonly ClientToolResult[]): void {
    this.send({ tool_results: results });
  }

  /** Asks for an answer to what was given so far. */
  sendRespond(): void {
    this.send({ respond: {} });
  }

  /** Sends a chunk of audio, or an image. */
  sendRealtime(blob: Blob): void {
    this.send({ blob });
  }

  /** Reports that the user starts to speak, for a model that does not detect speech. */
  sendActivityStart(): void {
    this.send({ activity_start: {} });
  }

  /** Reports that the user stops speaking, for a model that does not detect speech. */
  sendActivityEnd(): void {
    this.send({ activity_end: {} });
  }

  /** Reports that the microphone was turned off. */
  sendAudioStreamEnd(): void {
    this.send({ audio_stream_end: true });
  }

  /** Closes the queue. The run reads the requests that wait, then ends. */
  close(): void {
    this.#closed = true;
    this.#wakeReader();
  }

  /** Removes and returns the waiting requests, to move them to the queue of the next run. */
  drain(): SizedRequest[] {
    const waiting = this.#requests.flatMap((sized) => sized ?? []);
    this.#requests = [];
    this.#readCount = 0;
    this.#setBytes(0);
    return waiting;
  }

  /** Returns the next request. Resolves with `undefined` once the queue is closed and empty, or when `release()` is called. */
  async get(): Promise<LiveRequest | undefined> {
    if (this.#requests.length === 0 && !this.#closed) await this.waitForRequest();
    return this.take();
  }

  /** Resolves when the next request arrives, the queue is closed, or `release()` is called. */
  waitForRequest(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Makes a pending `get()` resolve with `undefined`, because its run is over. */
  release(): void {
    this.#wakeReader();
  }

  /** Removes and returns the next request. @returns `undefined` if none waits */
  take(): LiveRequest | undefined {
    const sized = this.#requests[this.#readCount];
    if (!sized) return undefined;
    this.#requests[this.#readCount] = undefined;
    this.#readCount += 1;
    if (this.#readCount === this.#requests.length) {
      this.#requests.length = 0;
      this.#readCount = 0;
    } else if (this.#readCount > MAX_READ) {
      this.#requests = this.#requests.slice(this.#readCount);
      this.#readCount = 0;
    }
    this.#setBytes(this.#bytes - sized.bytes);
    return sized.request;
  }

  /** Returns the next request, which stays in the queue. @returns `undefined` if none waits */
  peek(): LiveRequest | undefined {
    return this.#requests[this.#readCount]?.request;
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #setBytes(bytes: number): void {
    this.#bytes = bytes;
    this.#memory.set(bytes);
  }
}
