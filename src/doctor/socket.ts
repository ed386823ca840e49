import { TIME_OUT_MS } from '../client/patience.ts';
import { TRIAL_MS } from '../client/trial.ts';
import { open } from './opening.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** Whether a WebSocket gets through. Times are ms. */
export type SocketFinding =
  | { readonly kind: 'good'; readonly sessionMs: number; readonly postMs: number }
  /** Its connection broke before anything came. */
  | { readonly kind: 'refused'; readonly afterMs: number }
  /** Nothing came, and it did not break. */
  | { readonly kind: 'mute'; readonly afterMs: number }
  /** What comes down it comes only with what is next. */
  | { readonly kind: 'held' }
  /** What was sent up it was not answered. */
  | { readonly kind: 'deaf'; readonly afterMs: number }
  /** This program has none. */
  | { readonly kind: 'absent' };

const CLIENT = 'doctor-socket';

export async function examineSocket(
  target: Target,
  { cursor, roundTripMs, heartbeatMs }: Reached,
): Promise<SocketFinding> {
  if (!target.WebSocket) return { kind: 'absent' };
  const askedAt = performance.now();
  const { opening, line } = await open(target, {
    rung: 'ws',
    client: CLIENT,
    since: cursor,
    roundTripMs,
    heartbeatMs,
    patienceMs: TRIAL_MS,
  });
  const afterMs = performance.now() - askedAt;
  const { sessionMs, beatMs, held, ending } = opening;
  if (held || sessionMs === undefined || beatMs === undefined) {
    line.drop();
    if (held) return { kind: 'held' };
    return { kind: ending ? 'refused' : 'mute', afterMs };
  }
  const sentAt = performance.now();
  const post = { client: CLIENT, cseq: 1, ack: cursor, payload: [] };
  const outcome = await line.post?.(post, new AbortController().signal, TIME_OUT_MS);
  const postMs = performance.now() - sentAt;
  line.drop();
  return outcome?.kind === 'taken' ? { kind: 'good', sessionMs, postMs } : { kind: 'deaf', afterMs: postMs };
}
