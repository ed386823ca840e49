import type { DownConnection } from './down-connection.ts';
import { dueTrial, type Ladder } from './ladder.ts';
import type { Observation, TrialRung } from './observation.ts';
import type { TrialResult } from './try-connection.ts';

/** Time for which a connection must work before a better one is tried, in ms. */
export const SETTLED_MS = 2_000;
/** Minimum time after which a trial is repeated that the server has refused, as by a limit of connections, in ms. */
const REFUSED_MS = 60_000;

export interface TrialSchedulerOptions {
  readonly now: () => number;
  readonly ladder: () => Ladder;
  /** The connection in use. */
  readonly active: () => DownConnection | undefined;
  readonly tryRung: (rung: TrialRung) => Promise<TrialResult>;
  /** @returns whether another rung is better now */
  readonly observe: (observation: Observation) => boolean;
  /** Called when another rung is better. */
  onBetter(): void;
  /** Ends all trials when aborted. */
  readonly signal: AbortSignal;
}

/** Tries better rungs beside the connection in use, one at a time. A rung takes over only if its trial was good. */
export class TrialScheduler {
  readonly #options: TrialSchedulerOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #trying = false;
  /** Time before which there is no trial, because the server has refused one, on the clock `now`. */
  #notBefore = Number.NEGATIVE_INFINITY;
  /** Failed trial, and the connection that was in use. The failure counts only if that connection shows that the network was there. */
  #unconfirmed: { readonly connection: DownConnection; readonly tried: Observation } | undefined;

  constructor(options: TrialSchedulerOptions) {
    this.#options = options;
  }

  /** Schedules the next trial. Must be called when the connection in use or the ladder has changed. */
  schedule(): void {
    const { active, ladder, now } = this.#options;
    if (this.#unconfirmed && this.#unconfirmed.connection === active()) return;
    this.#unconfirmed = undefined;
    clearTimeout(this.#timer);
    const dueAt = dueTrial(ladder(), now()) ? now() : ladder().retryAt;
    const run = () => void this.tryNow();
    this.#timer =
      dueAt === undefined ? undefined : setTimeout(run, Math.max(dueAt - now(), this.#notBefore - now(), SETTLED_MS));
  }

  /** Tries the rung that is due, if there is one. Never rejects. */
  async tryNow(): Promise<void> {
    const { active, ladder, now, tryRung, signal } = this.#options;
    const connection = active();
    // While the connection in use delivers nothing, another would deliver nothing either.
    if (this.#trying || signal.aborted || connection?.firstByteAt === undefined) return;
    if (this.#unconfirmed?.connection === connection || now() < this.#notBefore) return;
    const rung = dueTrial(ladder(), now());
    if (rung) {
      this.#trying = true;
      const { retryAfterMs, ...result } = await tryRung(rung);
      this.#trying = false;
      if (signal.aborted) return;
      if (retryAfterMs === undefined) this.#onResult({ kind: 'tried', at: now(), rung, ...result });
      else this.#notBefore = now() + Math.max(retryAfterMs, REFUSED_MS);
    }
    this.schedule();
  }

  /** Confirms that the network was there: `connection` has delivered bytes. */
  onBytes(connection: DownConnection): void {
    if (!this.#unconfirmed || this.#unconfirmed.connection !== connection) return;
    this.#options.observe(this.#unconfirmed.tried);
    this.#unconfirmed = undefined;
    this.schedule();
  }

  /** Cancels the scheduled trial. */
  clear(): void {
    clearTimeout(this.#timer);
  }

  #onResult(tried: Observation & { kind: 'tried' }): void {
    const { active, observe, onBetter } = this.#options;
    const connection = active();
    if (tried.good) {
      if (observe(tried)) onBetter();
    } else if (connection) this.#unconfirmed = { connection, tried };
  }
}
