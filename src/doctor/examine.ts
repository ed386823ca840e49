import type { Examination } from './examination.ts';
import { examineFraming } from './framing.ts';
import { examineHold } from './hold.ts';
import { examineLifetime } from './lifetime.ts';
import { examinePost } from './post.ts';
import { examineOrder } from './post-order.ts';
import { isAvailable, type Reached, reachServer, type Trouble } from './reach.ts';
import { examineSocket } from './socket.ts';
import { examineStream } from './stream.ts';
import { buildAddress, type Target } from './target.ts';

/** Called with all findings so far, after each new one. */
export type Progress = (done: Partial<Examination>) => void;

/** Time that the SDK asks the server to hold a poll, in ms. */
const HOLD_MS = 20_000;
/** Maximum wait for the end of the session, in ms. Without the request the server ends the session by itself, but later. */
const CLOSE_MS = 3_000;

/**
 * Examines the way to a server. The examination opens one live session, sends nothing to the model, and ends the session.
 * @param watchMs time for which connections are watched, in ms
 * @param onProgress called with all findings so far, after each new one
 */
export async function examine(
  target: Target,
  watchMs: number,
  onProgress: Progress = () => undefined,
): Promise<Examination | Trouble> {
  const reached = await reachServer(target);
  if ('kind' in reached) return reached;
  try {
    return await examineReached(target, reached, watchMs, onProgress);
  } finally {
    await endSession(target);
  }
}

async function examineReached(
  target: Target,
  reached: Reached,
  watchMs: number,
  onProgress: Progress,
): Promise<Examination | Trouble> {
  onProgress({ reached });
  const stream = await examineStream(target, reached);
  onProgress({ reached, stream });
  const framing = await examineFraming(target, reached, stream);
  if (framing) onProgress({ reached, stream, framing });
  const post = await examinePost(target, reached);
  onProgress({ reached, stream, framing, post });
  const order = post.small.kind === 'through' ? await examineOrder(target, reached) : undefined;
  if (order) onProgress({ reached, stream, framing, post, order });
  const socket = await examineSocket(target, reached);
  onProgress({ reached, stream, framing, post, order, socket });
  const [hold, ...watched] = await Promise.all([
    examineHold(target, reached, Math.min(HOLD_MS, watchMs)),
    stream.kind === 'good' || stream.kind === 'late' ? examineLifetime(target, reached, 'stream', watchMs) : undefined,
    stream.kind === 'held' && framing?.helps ? examineLifetime(target, reached, 'pusher', watchMs) : undefined,
    socket.kind === 'good' ? examineLifetime(target, reached, 'ws', watchMs) : undefined,
  ]);
  const lifetimes = watched.filter((each) => each !== undefined);
  // Report no findings if the server was stopped meanwhile: they would be blamed on the network.
  if (!(await isAvailable(target))) return { kind: 'gone' };
  const examination = { reached, stream, framing, post, order, socket, lifetimes, hold };
  onProgress(examination);
  return examination;
}

async function endSession(target: Target): Promise<void> {
  await target
    .fetch(buildAddress(target, 'send'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...target.headers },
      body: JSON.stringify({ close: true }),
      signal: AbortSignal.timeout(CLOSE_MS),
    })
    .then((response) => response.text())
    .catch(() => undefined);
}
