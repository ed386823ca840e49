import { pause } from '../client/backoff.ts';
import type { Rung } from '../client/ladder.ts';
import { withCut } from '../client/lifetime.ts';
import { type Ending, type Line, openLine } from '../client/line.ts';
import type { Reached } from './reach.ts';
import { addressOf, type Target } from './target.ts';

/** A connection that came to an end that nobody had announced. */
export interface Life {
  readonly ms: number;
  /** It was not ended, but nothing came over it any more. */
  readonly silent: boolean;
}

/** How long connections of one kind live. */
export interface LifetimeFinding {
  readonly rung: Rung;
  readonly watchedMs: number;
  readonly lives: readonly Life[];
  /** After what age, ms, they are ended, if they had about the same. */
  readonly capMs: number | undefined;
  /** The server is shutting down: the watch ended. */
  readonly drained: boolean;
}

/** Between two of them: an operator's log is not to be filled. */
const PAUSE_MS = 500;
/** How long a connection may take to say that a newer one has come, ms, beside a few round trips. */
const TOLD_MS = 2_500;

/**
 * Keeps a connection open, and opens another when it ends. At last newer ones of the same name have the server say so on the old one: one that
 * is dead, and does not know it, does not hear that. Nor does one that holds back what is last, and needs padding.
 */
export async function examineLifetime(
  target: Target,
  { cursor, roundTripMs, heartbeatMs }: Reached,
  rung: Exclude<Rung, 'poll'>,
  watchMs: number,
): Promise<LifetimeFinding> {
  const beganAt = performance.now();
  const left = () => watchMs - (performance.now() - beganAt);
  const lives: Life[] = [];
  let announced = false;
  let drained = false;
  const openOne = (onBegun: () => void): Line =>
    openLine({
      ...target,
      rung,
      url: (query) =>
        addressOf(target, rung === 'ws' ? 'ws' : 'events', { client: `doctor-life-${rung}`, since: cursor, ...query }),
      now: () => performance.now(),
      roundTripMs: () => roundTripMs,
      heartbeatMs: () => heartbeatMs,
      holdMs: () => 0,
      onBegun,
      onBytes: () => undefined,
      onCursor: () => undefined,
      onEvidence: () => undefined,
      onEvent({ name }) {
        if (name === 'superseded') announced = true;
        if (name === 'drain') drained = true;
        return name !== 'session';
      },
    });
  while (left() > 0 && !drained) {
    let beganMs: number | undefined;
    const line = openOne(() => {
      beganMs = performance.now();
    });
    const ending = await unlessPassed(line.over, left());
    if (drained) break;
    if (ending) lives.push(...lifeOf(ending));
    else if (beganMs !== undefined && rung !== 'pusher') {
      const ms = performance.now() - beganMs;
      const told = await isTold(line, openOne, () => announced, TOLD_MS + 4 * roundTripMs);
      if (!told) lives.push({ ms, silent: true });
    }
    line.drop();
    if (left() > 0) await pause(PAUSE_MS);
  }
  return { rung, watchedMs: performance.now() - beganAt, lives, capMs: capOf(lives), drained };
}

/** @returns `undefined` after so many ms without it */
async function unlessPassed<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const settled = new AbortController();
  try {
    return await Promise.race([promise, pause(ms, settled.signal).then(() => undefined)]);
  } finally {
    settled.abort();
  }
}

function lifeOf({ livedMs, silent }: Ending): Life[] {
  return livedMs === undefined ? [] : [{ ms: livedMs, silent: silent !== undefined }];
}

/** Whether a line hears the server say that there is a newer one. That may get lost itself, on a connection that is dead: it has two tries. */
async function isTold(
  line: Line,
  openOne: (onBegun: () => void) => Line,
  isAnnounced: () => boolean,
  patienceMs: number,
): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const newer = openOne(() => undefined);
    const ended = await unlessPassed(line.over, patienceMs);
    newer.drop();
    if (isAnnounced() || ended) return true;
  }
  return false;
}

function capOf(lives: readonly Life[]): number | undefined {
  return lives.filter(({ silent }) => !silent).reduce(withCutOf, { capMs: undefined, lastMs: undefined, rotations: 0 })
    .capMs;
}

function withCutOf(lifetime: Parameters<typeof withCut>[0], { ms }: Life) {
  return withCut(lifetime, ms);
}
