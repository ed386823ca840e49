import { pollServer } from './poll-once.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** Result of a request whose response the server delays. */
export type HoldFinding =
  | { readonly kind: 'held'; readonly heldMs: number }
  /** The request was ended early. `status` is that of the response, if there was one. */
  | { readonly kind: 'cut'; readonly heldMs: number; readonly status: number | undefined }
  /** The request got no response, long after its time. */
  | { readonly kind: 'unanswered'; readonly afterMs: number }
  /** Every poll had events to return at once. Nothing was learned. */
  | { readonly kind: 'busy' };

const MAX_TRIES = 3;
/** Delay beyond the requested wait after which a poll counts as unanswered, in ms. */
const LATE_MS = 5_000;

/** Sends a poll that the server holds. @param holdMs maximum time that the server is asked to wait, in ms */
export async function examineHold(target: Target, reached: Reached, holdMs: number): Promise<HoldFinding> {
  let { cursor } = reached;
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const polled = await pollServer(target, cursor, holdMs, 'doctor-poll');
    const { answered, tookMs, status } = polled;
    if (!answered && tookMs > holdMs + LATE_MS) return { kind: 'unanswered', afterMs: tookMs };
    if (!answered) return { kind: 'cut', heldMs: tookMs, status };
    if (polled.events.length === 0) return { kind: 'held', heldMs: tookMs };
    cursor = polled.cursor ?? cursor;
  }
  return { kind: 'busy' };
}
