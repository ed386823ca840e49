import type { IncomingMessage } from 'node:http';
import { WireError } from '../wire/wire-error.ts';
import type { BodyBudget, BodySender, PendingBody } from './body-budget.ts';
import { stopReading } from './read-turns.ts';

/** Receives what arrives of a body. */
export interface ChunkReceiver {
  /**
   * Called with each chunk, in order.
   * @throws {WireError} to refuse the rest of the body
   */
  onChunk(chunk: Buffer): void;
}

/** A body of an HTTP request, with the limits of the budget. */
export interface BodyOptions {
  readonly budget: BodyBudget;
  readonly sender: BodySender;
  /** Whether the body has no end: only its pauses are limited, not its duration. */
  readonly endless: boolean;
}

/** Chunks below this size are tiny, in bytes. */
const TINY_BYTES = 64;
/** Number of tiny chunks after which a connection waits for its turn. */
const MAX_TINY_CHUNKS = 500;

/** Receives the body of one request chunk by chunk, until its end or its refusal. */
export class BodyReceiver implements PendingBody {
  readonly endless: boolean;
  readonly sender: BodySender;
  readonly startedAt = Date.now();
  lastChunkAt = this.startedAt;
  bytes = 0;
  readonly #req: IncomingMessage;
  readonly #budget: BodyBudget;
  readonly #receiver: ChunkReceiver;
  readonly #finished = Promise.withResolvers<void>();
  #isSettled = false;
  /** Whether reading has stopped because the receiver asked for that. */
  #isStopped = false;
  #tinyChunks = 0;

  constructor(req: IncomingMessage, receiver: ChunkReceiver, { budget, sender, endless }: BodyOptions) {
    this.#req = req;
    this.#receiver = receiver;
    this.#budget = budget;
    this.sender = sender;
    this.endless = endless;
  }

  /**
   * Receives the body to its end.
   * @throws {WireError} body_timeout, server_busy, incomplete_body, or what `onChunk` throws
   */
  receive(): Promise<void> {
    const req = this.#req;
    this.#budget.add(this);
    // The listeners stay: removing them costs more than reading the body.
    req.on('data', (chunk: Buffer) => this.#receiveChunk(chunk));
    req.on('end', () => this.#complete());
    // A body that is cut off emits `close` without `end`. Node emits no `error` that nobody listens for.
    req.on('close', () => this.#close());
    // Middleware before the routes has read an empty body.
    if (req.readableEnded) this.#complete();
    else if (req.destroyed) this.#close();
    return this.#finished.promise;
  }

  /** Whether the sender waits for the server. */
  get isPaused(): boolean {
    return this.#isStopped;
  }

  /** Stops reading. What Node has read already still arrives: at most 64 KiB, with what HTTP adds to each chunk. */
  pause(): void {
    this.#isStopped = true;
    stopReading(this.#req);
  }

  resume(): void {
    this.#isStopped = false;
    this.#resumeSocket();
  }

  /** Sets the memory that the body takes. May refuse this body, or others. */
  hold(bytes: number): void {
    this.#budget.hold(this, bytes);
  }

  fail(error: WireError): void {
    this.#settle();
    this.#finished.reject(error);
  }

  #receiveChunk(chunk: Buffer): void {
    if (this.#isSettled) return;
    this.lastChunkAt = Date.now();
    if (chunk.length < TINY_BYTES) this.#countTinyChunk();
    try {
      this.#receiver.onChunk(chunk);
    } catch (error) {
      this.fail(error as WireError);
    }
  }

  #countTinyChunk(): void {
    this.#tinyChunks += 1;
    if (this.#tinyChunks % MAX_TINY_CHUNKS === 0) {
      this.#budget.turns.wait(this.#req, () => this.#resumeSocket());
    }
  }

  /** A refused body is read on, too: a client whose connection is reset while it still sends never sees the answer. */
  #resumeSocket(): void {
    if (!this.#isStopped || this.#isSettled) this.#req.socket.resume();
  }

  #complete(): void {
    this.#settle();
    this.#finished.resolve();
  }

  #close(): void {
    // Every request closes; creating an error for each would cost a stack trace.
    if (!this.#isSettled) this.fail(new WireError('incomplete_body'));
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#budget.remove(this);
    if (this.#isStopped) this.#req.socket.resume();
  }
}
