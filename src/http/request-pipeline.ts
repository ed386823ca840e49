import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { MemoryBudget } from '../session/memory-budget.ts';
import { MemoryShare } from '../wire/memory-share.ts';
import { hasBody } from './request-body.ts';
import type { StallWatch } from './stall-watch.ts';

export interface RequestPipelineOptions {
  /** Maximum number of requests that wait on one connection for the answers before them. At the limit the connection is destroyed. */
  readonly maxWaiting: number;
  readonly stalls: StallWatch;
  /** Counts the requests that wait. */
  readonly memory: MemoryBudget;
}

/** Memory of a request that waits, without its headers, and of each header without its text, in bytes. Measured on Node 26. */
const REQUEST_BYTES = 3_000;
const HEADER_BYTES = 120;
/** Maximum memory of the headers of all requests that wait on one connection, in bytes. At the limit the connection is destroyed. */
const MAX_HEADER_BYTES = 32 * 1024;

/** Requests of one connection that wait. */
interface Waiting {
  requests: number;
  /** Memory of their headers. */
  headerBytes: number;
}

/**
 * Serves the requests of each connection one after the other. Node begins pipelined requests at once and keeps their answers in memory until
 * the answers before them have been read; if the connection closes first, it tells those answers nothing. Here a request begins when the
 * answer before it has been handed to the system, so that a connection costs one answer, and every answer that has begun is told of its end.
 * @see RFC 9112, section 9.3.2
 */
export class RequestPipeline {
  readonly #options: RequestPipelineOptions;
  /** What waits on a connection. A connection on which nothing ever waited has no entry. */
  readonly #waiting = new WeakMap<Socket, Waiting>();

  constructor(options: RequestPipelineOptions) {
    this.#options = options;
  }

  /**
   * Tells whether a request may be served now. From here on its connection is destroyed if it accepts no data.
   * @returns false if an earlier request on the same connection is not answered: then `defer` the request
   */
  admits(req: IncomingMessage, res: ServerResponse): boolean {
    this.#options.stalls.watch(req.socket);
    // Node gives a response its connection when the response before it has finished.
    return res.socket !== null;
  }

  /**
   * Serves a request when the requests before it are answered. It is never served if its connection closes before that. The connection of a
   * request with a body, or of requests with many headers, is destroyed.
   */
  defer(req: IncomingMessage, res: ServerResponse, serve: () => void): void {
    const { socket } = req;
    const { memory, maxWaiting } = this.#options;
    const waiting = this.#waiting.get(socket) ?? { requests: 0, headerBytes: 0 };
    const headerBytes = countHeaders(req);
    waiting.requests += 1;
    waiting.headerBytes += headerBytes;
    const isTooMuch = waiting.requests > maxWaiting || waiting.headerBytes > MAX_HEADER_BYTES || memory.isExhausted;
    // Node keeps 64 KiB of each body that waits, which are 35 MB in chunks of one byte. No client sends a body before it has its answers.
    if (isTooMuch || hasBody(req)) {
      socket.destroy();
      return;
    }
    this.#waiting.set(socket, waiting);
    const share = new MemoryShare(memory);
    share.set(REQUEST_BYTES + headerBytes);
    req.once('close', () => share.close());
    res.once('socket', () => {
      waiting.requests -= 1;
      waiting.headerBytes -= headerBytes;
      share.close();
      // The address has sent too much: the connection is held back.
      if (socket.isPaused()) socket.once('resume', serve);
      // Node writes to the response after this event.
      else process.nextTick(serve);
    });
  }

  /** Serves a request now, or when the requests before it are answered. */
  serve(req: IncomingMessage, res: ServerResponse, serve: () => void): void {
    if (this.admits(req, res)) serve();
    else this.defer(req, res, serve);
  }
}

/** Returns the memory that the target and the headers of a request take, in bytes. */
function countHeaders({ url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((bytes, text) => bytes + text.length, url.length + (rawHeaders.length / 2) * HEADER_BYTES);
}
