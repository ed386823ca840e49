import { pause } from './backoff.ts';
import type { PostOutcome } from './post.ts';

/**
 * Waits as long as the refusal of an acknowledgement asks to, and then reports it as unanswered, so that the `Acknowledger` sends another.
 * Without another the server would hold audio back until the next event, which the client would never receive. Never rejects.
 * @param signal ends the wait
 */
export async function waitOutRefusal(answer: Promise<PostOutcome>, signal: AbortSignal): Promise<PostOutcome> {
  const outcome = await answer;
  if (outcome.kind !== 'refused' || outcome.retryAfterMs === 0) return outcome;
  await pause(outcome.retryAfterMs, signal);
  return { kind: 'failed', retryAfterMs: 0 };
}
