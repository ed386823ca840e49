import { poll } from './poll-once.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** What becomes of a request that waits for its answer. */
export type HoldFinding =
  | { readonly kind: 'held'; readonly heldMs: number }
  /** It was given up before its time; `status` of whoever did. */
  | { readonly kind: 'cut'; readonly heldMs: number; readonly status: number | undefined }
  /** Nobody has answered it, long after its time. */
  | { readonly kind: 'unanswered'; readonly afterMs: number }
  /** There was always something to answer: nothing was learned. */
  | { readonly kind: 'busy' };

const MAX_TRIES = 3;
/** After its time, ms. */
const LATE_MS = 5_000;

/** Polls, and has the server wait with its answer. @param holdMs how long, at the most */
export async function examineHold(target: Target, reached: Reached, holdMs: number): Promise<HoldFinding> {
  let { cursor } = reached;
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const polled = await poll(target, cursor, holdMs, 'doctor-poll');
    const { answered, tookMs, status } = polled;
    if (!answered && tookMs > holdMs + LATE_MS) return { kind: 'unanswered', afterMs: tookMs };
    if (!answered) return { kind: 'cut', heldMs: tookMs, status };
    if (polled.events.length === 0) return { kind: 'held', heldMs: tookMs };
    cursor = polled.cursor ?? cursor;
  }
  return { kind: 'busy' };
}
