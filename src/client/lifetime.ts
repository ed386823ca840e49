/** How long the network lets connections live, derived from the connections so far. All times are ms. */
export interface Lifetime {
  /** Limit of the network: a connection is replaced before it is that old. `undefined`: no limit is known. */
  readonly capMs: number | undefined;
  /** Age of the last connection that was cut. */
  readonly lastMs: number | undefined;
  /** Number of connections that were replaced in time since then. */
  readonly rotations: number;
}

/** Two ages come from the same limit if they differ by at most this part of the longer one, or by `SAME_MS`. */
const SAME_PART = 0.1;
const SAME_MS = 300;
/** Minimum limit, in ms: a network with a shorter one cuts everything. */
const MIN_CAP_MS = 2_000;
/** Age at which a connection is replaced, as a part of the limit. */
const ROTATE_AT = 0.8;
/** Rotations after which a higher limit is tried: the cuts may have been chance, or another network. A cut costs no more than a reconnect. */
const MAX_ROTATIONS = 10;
const GROWTH = 1.5;
/** Maximum limit, in ms. A higher limit counts as none. */
const MAX_CAP_MS = 15 * 60_000;

/** Lifetime after another connection was cut. */
export function withCut({ capMs, lastMs, rotations }: Lifetime, livedMs: number): Lifetime {
  const same =
    lastMs !== undefined &&
    Math.abs(livedMs - lastMs) <= Math.max(SAME_MS, SAME_PART * Math.max(livedMs, lastMs)) &&
    Math.min(livedMs, lastMs) >= MIN_CAP_MS;
  if (!same) return { capMs, lastMs: livedMs, rotations };
  return { capMs: Math.min(livedMs, lastMs, capMs ?? Number.POSITIVE_INFINITY), lastMs: livedMs, rotations: 0 };
}

/** Lifetime after another connection was replaced in time. */
export function withRotation({ capMs, lastMs, rotations }: Lifetime): Lifetime {
  if (capMs === undefined || rotations + 1 < MAX_ROTATIONS) return { capMs, lastMs, rotations: rotations + 1 };
  const grown = capMs * GROWTH;
  return { capMs: grown > MAX_CAP_MS ? undefined : grown, lastMs: undefined, rotations: 0 };
}

/** Age at which a connection is replaced by the next; `undefined`: never. */
export function rotateAfter({ capMs }: Lifetime): number | undefined {
  return capMs === undefined ? undefined : capMs * ROTATE_AT;
}
