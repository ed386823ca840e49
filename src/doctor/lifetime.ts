import { pause } from '../client/backoff.ts';
import { type CloseInfo, DownConnection } from '../client/down-connection.ts';
import { withCut } from '../client/lifetime.ts';
import type { Rung } from '../client/observation.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import type { Reached } from './reach.ts';
import { buildAddress, type Target } from './target.ts';

/** A connection that ended or fell silent without an announcement. */
export interface Life {
  readonly ms: number;
  /** Whether the connection stayed open but delivered nothing more. */
  readonly silent: boolean;
}

/** Lifetimes of the connections of one kind. */
export interface LifetimeFinding {
  readonly rung: Rung;
  readonly watchedMs: number;
  readonly lives: readonly Life[];
  /** Age at which connections are ended, in ms, if all were about equally old. */
  readonly capMs: number | undefined;
  /** Whether the watch stopped because the server shuts down. */
  readonly drained: boolean;
}

/** Pause between two connections, in ms, so that the operator's log stays short. */
const PAUSE_MS = 500;
/** Maximum wait for `superseded` on the old connection, in ms, beside a few round trips. */
const SUPERSEDED_MS = 2_500;

/**
 * Keeps a connection open, and opens another when it ends. At the end a newer connection of the same client makes the server send
 * `superseded` on the old one, which does not arrive on a dead connection. Streams with padding are not tested that way: the
 * network holds back their last event.
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
  let renewed = false;
  const openOne = (onBegun: () => void): DownConnection =>
    new DownConnection({
      ...target,
      rung,
      url: (query) =>
        buildAddress(target, rung === 'ws' ? 'ws' : 'events', {
          client: `doctor-life-${rung}`,
          since: cursor,
          ...query,
        }),
      now: () => performance.now(),
      roundTripMs: () => roundTripMs,
      heartbeatMs: () => heartbeatMs,
      holdMs: () => 0,
      onFirstByte: onBegun,
      onBytes: () => undefined,
      onCursor: () => undefined,
      onObservation: () => undefined,
      onEvent({ name, data }) {
        if (name === 'superseded') announced = true;
        // A connection that the server renews says nothing about the network.
        if (name === 'drain') renewed = (data as ConnectionEvents['drain']).reason !== undefined;
        if (name === 'drain' && !renewed) drained = true;
        return name !== 'session';
      },
    });
  while (left() > 0 && !drained) {
    let beganMs: number | undefined;
    renewed = false;
    const line = openOne(() => {
      beganMs = performance.now();
    });
    const ending = await raceTimer(line.closed, left());
    if (drained) break;
    if (ending && !renewed) lives.push(...toLives(ending));
    else if (!ending && beganMs !== undefined && rung !== 'pusher') {
      const ms = performance.now() - beganMs;
      const alive = await isAlive(line, openOne, () => announced, SUPERSEDED_MS + 4 * roundTripMs);
      if (!alive) lives.push({ ms, silent: true });
    }
    line.close();
    if (left() > 0) await pause(PAUSE_MS);
  }
  return { rung, watchedMs: performance.now() - beganAt, lives, capMs: findCap(lives), drained };
}

/** Waits for a promise, but returns undefined after `ms` milliseconds. */
async function raceTimer<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const settled = new AbortController();
  try {
    return await Promise.race([promise, pause(ms, settled.signal).then(() => undefined)]);
  } finally {
    settled.abort();
  }
}

function toLives({ livedMs, silent }: CloseInfo): Life[] {
  return livedMs === undefined ? [] : [{ ms: livedMs, silent: silent !== undefined }];
}

/** Returns whether `superseded` arrives on a connection. Opens up to two newer ones, because the first may be lost itself. */
async function isAlive(
  line: DownConnection,
  openOne: (onBegun: () => void) => DownConnection,
  isAnnounced: () => boolean,
  patienceMs: number,
): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const newer = openOne(() => undefined);
    const ended = await raceTimer(line.closed, patienceMs);
    newer.close();
    if (isAnnounced() || ended) return true;
  }
  return false;
}

function findCap(lives: readonly Life[]): number | undefined {
  return lives.filter(({ silent }) => !silent).reduce(addLife, { capMs: undefined, lastMs: undefined, rotations: 0 })
    .capMs;
}

function addLife(lifetime: Parameters<typeof withCut>[0], { ms }: Life) {
  return withCut(lifetime, ms);
}
