import { type SizedRequest, toSizedRequest } from '../../wire/byte-size.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';
import type { ToolInput } from '../tool.ts';

/** Maximum size of the requests that wait to be read, in bytes. A single request may be larger. */
const MAX_BYTES = 1024 * 1024;
/** Maximum number of requests that wait to be read: a sign of activity has hardly a size. */
const MAX_REQUESTS = 1_000;

/** Input of the user for one call of a streaming tool. A tool that does not read costs its own input only: the oldest requests are dropped. */
export class InputCopy implements ToolInput, AsyncIterator<LiveRequest, void> {
  readonly #memory: MemoryShare;
  #waiting: SizedRequest[] = [];
  #bytes = 0;
  #dropped = 0;
  #isClosed = false;
  /** Readers that wait for a request. There is one, unless the tool calls `next` without waiting. */
  #readers: ((result: IteratorResult<LiveRequest, void>) => void)[] = [];

  /** @param memory counts the waiting requests. Default: nobody does */
  constructor(memory?: MemoryCounter) {
    this.#memory = new MemoryShare(memory);
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Adds a request. After `close()` the request is discarded. */
  push(request: LiveRequest): void {
    if (this.#isClosed) return;
    const reader = this.#readers.shift();
    if (reader) {
      reader({ value: request, done: false });
      return;
    }
    const sized = toSizedRequest(request);
    this.#waiting.push(sized);
    this.#bytes += sized.bytes;
    while (this.#waiting.length > 1 && (this.#bytes > MAX_BYTES || this.#waiting.length > MAX_REQUESTS)) {
      this.#bytes -= this.#waiting.shift()?.bytes ?? 0;
      this.#dropped += 1;
    }
    this.#memory.set(this.#bytes);
  }

  /** Ends the iteration. What waits is discarded: the call is over. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#bytes = 0;
    this.#memory.close();
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) reader({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<LiveRequest, void>> {
    const sized = this.#waiting.shift();
    if (sized) {
      this.#bytes -= sized.bytes;
      this.#memory.set(this.#bytes);
      return Promise.resolve({ value: sized.request, done: false });
    }
    if (this.#isClosed) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** The reader has left the loop. It may begin another one. */
  return(): Promise<IteratorResult<LiveRequest, void>> {
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
