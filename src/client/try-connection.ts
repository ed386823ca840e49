import { askForRefusal } from './ask-for-refusal.ts';
import { pause } from './backoff.ts';
import { type CloseInfo, DownConnection, type DownConnectionOptions } from './down-connection.ts';
import type { Outcome } from './event-request.ts';
import { isServerRefusal } from './rejection.ts';

/** Maximum duration of a trial, in ms: the first heartbeat arrives after 250 ms. */
export const TRIAL_MS = 5_000;

/** Result of a trial. */
export interface TrialResult {
  /** Whether `session` and the first heartbeat arrived, and arrived apart. */
  readonly good: boolean;
  /** Time until `session` arrived, in ms. */
  readonly delayMs: number | undefined;
  /**
   * Wait that the server asks for, in ms; `undefined` unless the server has refused the trial and may accept a later one. Such a trial shows
   * nothing of the network.
   */
  readonly retryAfterMs?: number | undefined;
}

export interface TrialOptions
  extends Pick<
    DownConnectionOptions,
    'rung' | 'url' | 'fetch' | 'WebSocket' | 'ticket' | 'headers' | 'now' | 'roundTripMs' | 'heartbeatMs'
  > {
  /** Builds the address of a poll of the same client that the server answers at once. */
  readonly pollUrl: () => string;
}

/**
 * Tries a rung beside the one in use. The address must name another client: to the server, a connection of the same client would replace the
 * one that is known to work.
 */
export async function tryConnection(options: TrialOptions, signal: AbortSignal): Promise<TrialResult> {
  const decided = new AbortController();
  let good = false;
  let held = false;
  let delayMs: number | undefined;
  const connection = new DownConnection({
    ...options,
    holdMs: () => 0,
    onFirstByte: () => undefined,
    onBytes: () => undefined,
    onCursor: () => undefined,
    onEvent({ name }) {
      if (name !== 'hb') return false;
      good = !held;
      decided.abort();
      return true;
    },
    onObservation(observation) {
      if (observation.kind === 'held') held = true;
      if (observation.kind === 'opened') delayMs = observation.delayMs;
    },
  });
  const info = await Promise.race([pause(TRIAL_MS, signal, decided.signal), connection.closed]);
  decided.abort();
  connection.close();
  if (good || !info || signal.aborted) return { good, delayMs };
  return { good, delayMs, retryAfterMs: await findRetryAfter(options, info, signal) };
}

/** Finds out whether the server refused the trial for a time, as by a limit. A WebSocket does not tell, so a poll asks. */
async function findRetryAfter(
  { rung, fetch, headers, pollUrl }: TrialOptions,
  { outcome, livedMs }: CloseInfo,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (livedMs !== undefined) return undefined;
  if (rung !== 'ws' || outcome.kind === 'refused') return readTransientRefusal(outcome);
  const onAccepted = () => undefined;
  return readTransientRefusal(await askForRefusal({ fetch, headers, url: pollUrl(), signal, onAccepted }));
}

function readTransientRefusal(outcome: Outcome | undefined): number | undefined {
  return isServerRefusal(outcome) && outcome.body.retry ? outcome.retryAfterMs : undefined;
}
