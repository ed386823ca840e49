import { POST_TIMEOUT_MS } from '../client/post-timeouts.ts';
import { TRIAL_MS } from '../client/try-connection.ts';
import { openConnection } from './opening.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** Result of a WebSocket. Times are in ms. */
export type SocketFinding =
  | { readonly kind: 'good'; readonly sessionMs: number; readonly postMs: number }
  /** The connection ended before any data arrived. */
  | { readonly kind: 'refused'; readonly afterMs: number }
  /** The connection stayed open, but no data arrived. */
  | { readonly kind: 'mute'; readonly afterMs: number }
  /** A message arrived only with the next message. */
  | { readonly kind: 'held' }
  /** Messages of the client got no answer. */
  | { readonly kind: 'deaf'; readonly afterMs: number }
  /** This version of Node has no WebSocket. */
  | { readonly kind: 'absent' };

const CLIENT = 'doctor-socket';

export async function examineSocket(
  target: Target,
  { cursor, roundTripMs, heartbeatMs }: Reached,
): Promise<SocketFinding> {
  if (!target.WebSocket) return { kind: 'absent' };
  const requestedAt = performance.now();
  const { opening, line } = await openConnection(target, {
    rung: 'ws',
    client: CLIENT,
    since: cursor,
    roundTripMs,
    heartbeatMs,
    patienceMs: TRIAL_MS,
  });
  const afterMs = performance.now() - requestedAt;
  const { sessionMs, beatMs, held, ending } = opening;
  if (held || sessionMs === undefined || beatMs === undefined) {
    line.close();
    if (held) return { kind: 'held' };
    return { kind: ending ? 'refused' : 'mute', afterMs };
  }
  const sentAt = performance.now();
  const post = { client: CLIENT, cseq: 1, ack: cursor, payload: [] };
  const outcome = await line.sendPost?.(post, new AbortController().signal, POST_TIMEOUT_MS);
  const postMs = performance.now() - sentAt;
  line.close();
  return outcome?.kind === 'accepted' ? { kind: 'good', sessionMs, postMs } : { kind: 'deaf', afterMs: postMs };
}
