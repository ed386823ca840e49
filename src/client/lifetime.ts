/** How long the network lets a connection live, learned from how long the last ones lived. All times are ms. */
export interface Lifetime {
  /** A connection is replaced before it is so old; `undefined`: nothing was seen to end it. */
  readonly capMs: number | undefined;
  /** How long the last one lived that was cut. */
  readonly lastMs: number | undefined;
  /** Connections that were replaced in time since. */
  readonly rotations: number;
}

/** Two lives are the same limit's doing if they differ by no more than this part of the longer, or this long. */
const SAME_PART = 0.1;
const SAME_MS = 300;
/** A shorter limit is no limit, but a network that cuts everything. */
const LEAST_CAP_MS = 2_000;
/** When a connection is replaced, as a part of the limit. */
const ROTATE_AT = 0.8;
/** After so many the limit is tried a little higher: it may have been chance, or another network. A cut costs no more than a reconnect. */
const MAX_ROTATIONS = 10;
const GROWTH = 1.5;
/** Beyond this no limit is known, ms. */
const MOST_CAP_MS = 15 * 60_000;

/** After another connection was cut. */
export function withCut({ capMs, lastMs, rotations }: Lifetime, livedMs: number): Lifetime {
  const same =
    lastMs !== undefined &&
    Math.abs(livedMs - lastMs) <= Math.max(SAME_MS, SAME_PART * Math.max(livedMs, lastMs)) &&
    Math.min(livedMs, lastMs) >= LEAST_CAP_MS;
  if (!same) return { capMs, lastMs: livedMs, rotations };
  return { capMs: Math.min(livedMs, lastMs, capMs ?? Number.POSITIVE_INFINITY), lastMs: livedMs, rotations: 0 };
}

/** After another was replaced before its time. */
export function withRotation({ capMs, lastMs, rotations }: Lifetime): Lifetime {
  if (capMs === undefined || rotations + 1 < MAX_ROTATIONS) return { capMs, lastMs, rotations: rotations + 1 };
  const grown = capMs * GROWTH;
  return { capMs: grown > MOST_CAP_MS ? undefined : grown, lastMs: undefined, rotations: 0 };
}

/** How old a connection may become before another is opened in its place; `undefined`: any age. */
export function rotateAfter({ capMs }: Lifetime): number | undefined {
  return capMs === undefined ? undefined : capMs * ROTATE_AT;
}
