import { fullJitter } from './backoff.ts';
import type { CloseInfo } from './down-connection.ts';

/** Minimum age of a useful connection that is replaced without delay, in ms: younger ones would be cut again. */
const LIVED_MS = 1_000;

/** Decides how long the client waits before it opens the next connection. */
export class ReconnectPolicy {
  readonly #random: () => number;
  /** Connections in a row that were not useful. */
  #attempt = 0;
  #useful = false;
  /** Minimum delay of the next connection, in ms. */
  #holdOffMs = 0;
  #endAnnounced = false;

  /** @param random returns a number from 0 to below 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether the server has announced the end of the active connection. */
  get endAnnounced(): boolean {
    return this.#endAnnounced;
  }

  /** Notes that the active connection has delivered something new, or was healthy. */
  markUseful(): void {
    this.#useful = true;
  }

  announceEnd(): void {
    this.#endAnnounced = true;
  }

  /** Forgets the announcement: another connection is active. */
  clearAnnouncement(): void {
    this.#endAnnounced = false;
  }

  /** Has the next connection wait for at least `ms`. */
  holdOff(ms: number): void {
    this.#holdOffMs = Math.max(this.#holdOffMs, ms);
  }

  /** Delay after the end of the active connection. `attempt`: connections in a row that were not useful, from 1. */
  next({ outcome, livedMs = 0 }: CloseInfo): { readonly attempt: number; readonly delayMs: number } {
    // A working connection that was cut is replaced at once, because somebody may be speaking. If that fails, there is an outage.
    const isCut = this.#useful && outcome.kind === 'ended' && livedMs >= LIVED_MS;
    this.#attempt = this.#useful ? 1 : this.#attempt + 1;
    if (outcome.kind === 'refused') this.holdOff(outcome.retryAfterMs);
    const delayMs = Math.max(this.#holdOffMs, isCut ? 0 : fullJitter(this.#attempt, this.#random));
    this.#useful = false;
    this.#holdOffMs = 0;
    this.#endAnnounced = false;
    return { attempt: this.#attempt, delayMs };
  }
}
