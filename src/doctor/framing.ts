import { isLateBy } from '../client/ladder.ts';
import { choosePatience, openConnection } from './opening.ts';
import type { Reached } from './reach.ts';
import type { StreamFinding } from './stream.ts';
import type { Target } from './target.ts';

/** Result of a stream with another framing. */
export interface FramingFinding {
  readonly framing: 'pusher' | 'close';
  readonly helps: boolean;
  /** Time until `session`, in ms. */
  readonly sessionMs: number | undefined;
}

/** Tries the framing for the detected problem: padding where events are held back, no chunks where each chunk is late. */
export async function examineFraming(
  target: Target,
  { cursor, roundTripMs, heartbeatMs }: Reached,
  stream: StreamFinding,
): Promise<FramingFinding | undefined> {
  if (stream.kind === 'good' || stream.kind === 'unopened') return undefined;
  const framing = stream.kind === 'late' ? 'close' : 'pusher';
  const { opening, line } = await openConnection(target, {
    rung: framing,
    client: 'doctor-framing',
    since: cursor,
    roundTripMs,
    heartbeatMs,
    patienceMs: 2 * choosePatience(roundTripMs),
  });
  line.close();
  const { sessionMs, beatMs, held } = opening;
  const inTime = sessionMs !== undefined && beatMs !== undefined && !held;
  const helps = inTime && (framing === 'pusher' || !isLateBy(sessionMs - roundTripMs));
  return { framing, helps, sessionMs };
}
