import { pause } from './backoff.ts';
import { type LineOptions, openLine } from './line.ts';

/** How long a trial may take to show that it carries events in time, ms: the first heartbeat comes after 250. */
export const TRIAL_MS = 5_000;

/**
 * Tries a rung beside the one in use. `delayMs`: until `session` came. It is good if `session` and the first heartbeat come, and come apart. Under a name of its own: to the
 * server it would otherwise take the place of the connection that is known to work.
 */
export async function proveLine(
  options: Pick<
    LineOptions,
    'rung' | 'url' | 'fetch' | 'WebSocket' | 'headers' | 'now' | 'roundTripMs' | 'heartbeatMs'
  >,
  signal: AbortSignal,
): Promise<{ good: boolean; delayMs: number | undefined }> {
  const decided = new AbortController();
  let good = false;
  let held = false;
  let delayMs: number | undefined;
  const line = openLine({
    ...options,
    holdMs: () => 0,
    onBegun: () => undefined,
    onBytes: () => undefined,
    onCursor: () => undefined,
    onEvent({ name }) {
      if (name !== 'hb') return false;
      good = !held;
      decided.abort();
      return true;
    },
    onEvidence(evidence) {
      if (evidence.kind === 'held') held = true;
      if (evidence.kind === 'opened') delayMs = evidence.delayMs;
    },
  });
  await Promise.race([pause(TRIAL_MS, signal, decided.signal), line.over]);
  decided.abort();
  line.drop();
  return { good, delayMs };
}
