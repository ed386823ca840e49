import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LiveRequest } from '../../wire/live-request.ts';
import type { LiveRequestQueue } from '../live-request-queue.ts';
import type { AdkBlob, AdkContent, AdkLiveRequest, AdkLiveRequestQueue } from './adk-runner.ts';

export interface AdkRequestQueueOptions {
  /** Requests of the user. */
  readonly queue: LiveRequestQueue;
  /** Converts a request of the user. An empty list: nothing is left to send now. */
  readonly convert: (request: LiveRequest) => readonly AdkLiveRequest[];
  /** Called when ADK reads the first request: ADK does so once its connection to the model is open. */
  readonly onFirstRead: () => void;
  /** Called when ADK has read that the queue is closed. */
  readonly onEndRead: () => void;
  /** Called with an error of `convert`. */
  readonly onError: (error: unknown) => void;
}

interface Reader {
  readonly resolve: (request: AdkLiveRequest) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

/** Maximum number of converted requests that wait. One more is an error of the tool that sends it: only tools send without being asked. */
const MAX_WAITING = 1_000;
/** Time after which requests that wait leave a turn of the event loop to everything else, in ms. A body holds up to 1,000 requests. */
const MAX_TURN_MS = 5;

/**
 * Our request queue as the LiveRequestQueue of ADK. A request leaves our queue only when ADK asks for one, so that the limit of our queue holds and
 * the requests that wait when a run fails are left for the next run.
 */
export class AdkRequestQueue implements AdkLiveRequestQueue {
  readonly #options: AdkRequestQueueOptions;
  /** Converted requests that ADK has not read yet. */
  readonly #waiting: AdkLiveRequest[] = [];
  /** The call of `get` that waits. ADK has one reader at a time. */
  #reader: Reader | undefined;
  #isPulling = false;
  #isClosed = false;
  #hasBeenRead = false;
  /** When the event loop last had a turn of its own between two requests, in ms. */
  #turnStart = performance.now();

  constructor(options: AdkRequestQueueOptions) {
    this.#options = options;
  }

  /** Whether the queue was closed: by the user, by the end of the run, or by a tool. ADK closes its connection then. */
  get closed(): boolean {
    return this.#isClosed;
  }

  get(abortSignal?: AbortSignal): Promise<AdkLiveRequest> {
    if (!this.#hasBeenRead) {
      this.#hasBeenRead = true;
      this.#options.onFirstRead();
    }
    const request = this.#waiting.shift() ?? (this.#isClosed ? this.#readEnd() : undefined);
    if (request) return Promise.resolve(request);
    if (abortSignal?.aborted) return Promise.reject(createAbortError());
    return new Promise((resolve, reject) => this.#waitForRequest(resolve, reject, abortSignal));
  }

  send(request: AdkLiveRequest): void {
    if (this.#isClosed) throw new Error('Cannot send to a closed queue.');
    if (this.#waiting.length >= MAX_WAITING) throw new Error(`More than ${MAX_WAITING} requests wait in the queue.`);
    this.#waiting.push(request);
    this.#serveReader();
  }

  sendContent(content: AdkContent): void {
    this.send({ content });
  }

  sendRealtime(blob: AdkBlob): void {
    this.send({ blob });
  }

  sendActivityStart(): void {
    this.send({ activityStart: {} });
  }

  sendActivityEnd(): void {
    this.send({ activityEnd: {} });
  }

  /** Closes the queue. ADK reads the converted requests that wait, then closes its connection. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.queue.release();
    this.#serveReader();
  }

  /** Closes the queue at once: ADK reads nothing more than the end. */
  end(): void {
    this.#waiting.length = 0;
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AdkLiveRequest, void, undefined> {
    for (;;) {
      const request = await this.get();
      yield request;
      if (request.close) return;
    }
  }

  #waitForRequest(resolve: Reader['resolve'], reject: Reader['reject'], signal: AbortSignal | undefined): void {
    this.#abandonReader();
    const onAbort = () => {
      this.#abandonReader();
      // Nobody waits: leave the next request in our queue.
      this.#options.queue.release();
    };
    this.#reader = { resolve, reject, signal, onAbort };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (!this.#isPulling) void this.#pull();
  }

  /** Moves requests of the user from our queue until the reader has one. */
  async #pull(): Promise<void> {
    const { queue, convert, onError } = this.#options;
    this.#isPulling = true;
    try {
      while (this.#reader && !this.#isClosed) {
        const waits = queue.isEmpty;
        if (!waits && performance.now() - this.#turnStart > MAX_TURN_MS) {
          await nextTurn();
          this.#turnStart = performance.now();
        }
        const request = await queue.get();
        if (waits) this.#turnStart = performance.now();
        if (request) this.#waiting.push(...convert(request));
        else if (queue.closed && queue.isEmpty) this.#isClosed = true;
        this.#serveReader();
      }
    } catch (error) {
      onError(error);
    } finally {
      this.#isPulling = false;
    }
  }

  #serveReader(): void {
    const reader = this.#reader;
    if (!reader) return;
    const request = this.#waiting.shift() ?? (this.#isClosed ? this.#readEnd() : undefined);
    if (!request) return;
    this.#removeReader(reader);
    reader.resolve(request);
  }

  #abandonReader(): void {
    const reader = this.#reader;
    if (!reader) return;
    this.#removeReader(reader);
    reader.reject(createAbortError());
  }

  #removeReader(reader: Reader): void {
    this.#reader = undefined;
    reader.signal?.removeEventListener('abort', reader.onAbort);
  }

  #readEnd(): AdkLiveRequest {
    this.#options.onEndRead();
    return { close: true };
  }
}

function createAbortError(): Error {
  return new Error('LiveRequestQueue.get() was aborted.');
}
