import { isLateBy } from '../client/ladder.ts';
import { open, patienceOf } from './opening.ts';
import type { Reached } from './reach.ts';
import type { StreamFinding } from './stream.ts';
import type { Target } from './target.ts';

/** Whether another framing of the same stream gets through better. */
export interface FramingFinding {
  readonly framing: 'pusher' | 'close';
  readonly helps: boolean;
  /** Until `session` came, ms. */
  readonly sessionMs: number | undefined;
}

/** Tries the framing that is made for what was found: padding where events are held back, no chunks where each of them is late. */
export async function examineFraming(
  target: Target,
  { cursor, roundTripMs, heartbeatMs }: Reached,
  stream: StreamFinding,
): Promise<FramingFinding | undefined> {
  if (stream.kind === 'good' || stream.kind === 'unopened') return undefined;
  const framing = stream.kind === 'late' ? 'close' : 'pusher';
  const { opening, line } = await open(target, {
    rung: framing,
    client: 'doctor-framing',
    since: cursor,
    roundTripMs,
    heartbeatMs,
    patienceMs: 2 * patienceOf(roundTripMs),
  });
  line.drop();
  const { sessionMs, beatMs, held } = opening;
  const inTime = sessionMs !== undefined && beatMs !== undefined && !held;
  const helps = inTime && (framing === 'pusher' || !isLateBy(sessionMs - roundTripMs));
  return { framing, helps, sessionMs };
}
