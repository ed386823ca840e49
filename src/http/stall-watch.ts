import type { Socket } from 'node:net';

/** Bounds of the time between two checks, in ms. A quarter of the limit lies between two checks, if the limit is short. */
const MIN_CHECK_MS = 250;
const MAX_CHECK_MS = 1_000;

/** Data that one connection does not accept. */
interface Stall {
  /** Bytes that the system had accepted at the last check. */
  accepted: number;
  /** Time since which the system has accepted nothing although data waits, in ms of the monotonic clock; 0 while nothing waits. */
  since: number;
}

/**
 * Destroys connections that accept no data for too long, whatever is written to them: streams, answers, files, WebSockets. All connections
 * share one timer, because most answers are read at once and a timer for each would cost more than the answer.
 */
export class StallWatch {
  readonly #stallMs: number;
  readonly #stalls = new Map<Socket, Stall>();
  #timer: NodeJS.Timeout | undefined;

  /** @param stallMs maximum time for which data may wait without progress, in ms. At the limit the connection is destroyed */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** Watches a connection until it closes. Has no effect on a connection that is watched. */
  watch(connection: Socket): void {
    if (this.#stalls.has(connection) || connection.destroyed) return;
    this.#stalls.set(connection, { accepted: 0, since: 0 });
    connection.once('close', () => this.#forget(connection));
    const checkMs = Math.min(Math.max(this.#stallMs / 4, MIN_CHECK_MS), MAX_CHECK_MS);
    this.#timer ??= setInterval(() => this.#check(), checkMs).unref();
  }

  #forget(connection: Socket): void {
    this.#stalls.delete(connection);
    if (this.#stalls.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const now = performance.now();
    for (const [connection, stall] of this.#stalls) {
      const { writableLength } = connection;
      if (writableLength === 0) {
        stall.since = 0;
        continue;
      }
      // `bytesWritten` counts the bytes that wait, too.
      const accepted = connection.bytesWritten - writableLength;
      if (stall.since === 0 || accepted !== stall.accepted) {
        stall.accepted = accepted;
        stall.since = now;
      } else if (now - stall.since >= this.#stallMs) connection.destroy();
    }
  }
}
