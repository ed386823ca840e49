/** How long the network lets a connection live, learned from how long the last ones lived. All times are ms. */
export interface Lifetime {
  /** A connection is replaced before it is so old; `undefined`: nothing was seen to end it. */
  readonly capMs: number | undefined;
  /** How long the last one lived that was cut. */
  readonly lastMs: number | undefined;
}

/** Two lives are the same limit's doing if they differ by no more than this part of the longer, or this long. */
const SAME_PART = 0.1;
const SAME_MS = 300;
/** A shorter limit is no limit, but a network that cuts everything. */
const LEAST_CAP_MS = 2_000;
/** When a connection is replaced, as a part of the limit. */
const ROTATE_AT = 0.8;

/** After another connection was cut. */
export function withCut({ capMs, lastMs }: Lifetime, livedMs: number): Lifetime {
  const same =
    lastMs !== undefined &&
    Math.abs(livedMs - lastMs) <= Math.max(SAME_MS, SAME_PART * Math.max(livedMs, lastMs)) &&
    Math.min(livedMs, lastMs) >= LEAST_CAP_MS;
  if (!same) return { capMs, lastMs: livedMs };
  return { capMs: Math.min(livedMs, lastMs, capMs ?? Number.POSITIVE_INFINITY), lastMs: livedMs };
}

/** How old a connection may become before another is opened in its place; `undefined`: any age. */
export function rotateAfter({ capMs }: Lifetime): number | undefined {
  return capMs === undefined ? undefined : capMs * ROTATE_AT;
}
