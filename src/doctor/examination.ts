import { createLadder, type Ladder, reduceLadder } from '../client/ladder.ts';
import type { Observation } from '../client/observation.ts';
import { UNKNOWN_NETWORK } from '../client/remembered-transport.ts';
import type { FramingFinding } from './framing.ts';
import type { HoldFinding } from './hold.ts';
import type { LifetimeFinding } from './lifetime.ts';
import type { PostFinding } from './post.ts';
import type { OrderFinding } from './post-order.ts';
import type { Reached } from './reach.ts';
import type { SocketFinding } from './socket.ts';
import type { StreamFinding } from './stream.ts';

/** Results of all probes of the way to a server. */
export interface Examination {
  readonly reached: Reached;
  readonly stream: StreamFinding;
  /** Undefined if no other framing was needed. */
  readonly framing: FramingFinding | undefined;
  readonly post: PostFinding;
  /** Undefined if POSTs do not get through. */
  readonly order: OrderFinding | undefined;
  readonly socket: SocketFinding;
  /** Lifetimes of each kind of connection that worked well enough to be watched. */
  readonly lifetimes: readonly LifetimeFinding[];
  readonly hold: HoldFinding;
}

/** Replays the measurements on the SDK's ladder. The result shows which transport the SDK would use. */
export function simulateLadder({
  reached,
  stream,
  framing,
  socket,
  lifetimes,
}: Omit<Examination, 'post' | 'order' | 'hold'>): Ladder {
  const { roundTripMs } = reached;
  let ladder = createLadder('auto', UNKNOWN_NETWORK, 0);
  const learn = (...observations: readonly Observation[]) => {
    ladder = observations.reduce(reduceLadder, ladder);
  };
  const opened = (sessionMs: number): Observation => ({ kind: 'opened', at: 0, delayMs: sessionMs, roundTripMs });
  const unopened: Observation = { kind: 'unopened', at: 0 };
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
    // Count every silence as unexpected, because a conversation always waits for something.
    learn({ kind: 'cut', at: 0, livedMs: ms, silent: silent ? 'expected' : undefined });
  }
  return ladder;
}
