import type { Examination } from './examination.ts';
import { examineFraming } from './framing.ts';
import { examineHold } from './hold.ts';
import { examineLifetime } from './lifetime.ts';
import { examinePost } from './post.ts';
import { examineOrder } from './post-order.ts';
import { isThere, type Reached, reach, type Trouble } from './reach.ts';
import { examineSocket } from './socket.ts';
import { examineStream } from './stream.ts';
import { addressOf, type Target } from './target.ts';

/** Told of each finding as it is made. */
export type Progress = (done: Partial<Examination>) => void;

/** How long the SDK has a poll held, ms. */
const HOLD_MS = 20_000;
/** How long the goodbye may take, ms: the server ends the session without it, too, only later. */
const GOODBYE_MS = 3_000;

/**
 * Examines the way to a server. Costs it one live session, without a word to the model, which is ended at last.
 * @param watchMs how long connections are watched
 * @param onProgress told of what is known so far, each time that there is more
 */
export async function examine(
  target: Target,
  watchMs: number,
  onProgress: Progress = () => undefined,
): Promise<Examination | Trouble> {
  const reached = await reach(target);
  if ('kind' in reached) return reached;
  try {
    return await examineReached(target, reached, watchMs, onProgress);
  } finally {
    await sayGoodbye(target);
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
  // Of a server that was stopped meanwhile everything would be taken for the network's doing.
  if (!(await isThere(target))) return { kind: 'gone' };
  const examination = { reached, stream, framing, post, order, socket, lifetimes, hold };
  onProgress(examination);
  return examination;
}

async function sayGoodbye(target: Target): Promise<void> {
  await target
    .fetch(addressOf(target, 'send'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...target.headers },
      body: JSON.stringify({ close: true }),
      signal: AbortSignal.timeout(GOODBYE_MS),
    })
    .then((response) => response.text())
    .catch(() => undefined);
}
