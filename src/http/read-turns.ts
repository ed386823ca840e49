import type { IncomingMessage } from 'node:http';
import { TurnScheduler } from '../session/turn-scheduler.ts';

/**
 * Lets connections whose data takes long to read take turns. Node reads up to 2 MiB from a connection before it serves the others: in chunks
 * of one byte that takes 0.4 s. A connection that waits here is not read until all others have been served, and then one at a time.
 */
export class ReadTurns {
  readonly #waiting = new Map<IncomingMessage, () => void>();
  readonly #turns = new TurnScheduler(() => this.#serveNext());

  /**
   * Stops reading the connection of a request until it is its turn.
   * @param onTurn called when it is the turn of the connection, which it resumes
   */
  wait(req: IncomingMessage, onTurn: () => void): void {
    if (this.#waiting.has(req)) return;
    this.#waiting.set(req, onTurn);
    stopReading(req);
    this.#turns.schedule();
  }

  #serveNext(): void {
    for (const [req, onTurn] of this.#waiting) {
      this.#waiting.delete(req);
      onTurn();
      break;
    }
    if (this.#waiting.size > 0) this.#turns.schedule();
  }
}

/**
 * Stops reading the connection of a request whose body flows. Pausing the request would not do: Node reads on until 64 KiB of the body wait,
 * which take 35 MB in chunks of one byte. What Node has read already still arrives. Continue with `req.socket.resume()`.
 */
export function stopReading(req: IncomingMessage): void {
  // Node asks for more after each chunk, which would resume the connection. A body that flows needs no asking.
  req._read = ignoreRequest;
  req.socket.pause();
}

function ignoreRequest(): void {}
