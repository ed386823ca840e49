import { createLadder, type Evidence, type Ladder, weigh } from '../client/ladder.ts';
import { NONE } from '../client/verdict.ts';
import type { FramingFinding } from './framing.ts';
import type { HoldFinding } from './hold.ts';
import type { LifetimeFinding } from './lifetime.ts';
import type { PostFinding } from './post.ts';
import type { OrderFinding } from './post-order.ts';
import type { Reached } from './reach.ts';
import type { SocketFinding } from './socket.ts';
import type { StreamFinding } from './stream.ts';

/** All that was found out about the way to a server. */
export interface Examination {
  readonly reached: Reached;
  readonly stream: StreamFinding;
  /** `undefined`: there was no need for another. */
  readonly framing: FramingFinding | undefined;
  readonly post: PostFinding;
  /** `undefined`: POSTs do not get through at all. */
  readonly order: OrderFinding | undefined;
  readonly socket: SocketFinding;
  /** Of each kind of connection that was good enough to be watched. */
  readonly lifetimes: readonly LifetimeFinding[];
  readonly hold: HoldFinding;
}

/** Where the SDK's ladder stands after the same measurements: how the SDK will get through. */
export function ladderAfter({
  reached,
  stream,
  framing,
  socket,
  lifetimes,
}: Omit<Examination, 'post' | 'order' | 'hold'>): Ladder {
  const { roundTripMs } = reached;
  let ladder = createLadder('auto', NONE, 0);
  const learn = (...evidence: readonly Evidence[]) => {
    ladder = evidence.reduce(weigh, ladder);
  };
  const opened = (sessionMs: number): Evidence => ({ kind: 'opened', at: 0, delayMs: sessionMs, roundTripMs });
  const unopened: Evidence = { kind: 'unopened', at: 0 };
  if (stream.kind === 'good') learn(opened(stream.sessionMs));
  else if (stream.kind === 'unopened') learn(unopened, unopened, unopened);
  else if (stream.kind === 'late') learn(opened(roundTripMs + stream.extraMs));
  else learn({ kind: stream.kind, at: 0 });
  if (framing?.framing === ladder.rung && !framing.helps) learn({ kind: 'held', at: 0 });
  learn({ kind: 'tried', at: 0, rung: 'ws', good: socket.kind === 'good' });
  if (framing?.framing === 'close') {
    learn({ kind: 'tried', at: 0, rung: 'close', good: true, delayMs: framing.sessionMs });
  }
  const watched = lifetimes.find(({ rung }) => rung === ladder.rung);
  for (const { ms, silent } of watched?.lives ?? []) {
    // In a conversation something is always expected.
    learn({ kind: 'cut', at: 0, livedMs: ms, silent: silent ? 'expected' : undefined });
  }
  return ladder;
}
