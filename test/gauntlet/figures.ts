import type { Outcome } from './converse.ts';
import type { Account } from './ledger.ts';

/** Figures of a run in the table. All times are in ms. */
export interface Figures {
  readonly rung: string;
  /** Median time until a client was usable, beyond the floor. Undefined if a client never was. */
  readonly usableMs: number | undefined;
  /** Latency of audio beyond the median over a direct connection: median and 95th percentile. */
  readonly down: Spread | undefined;
  readonly up: Spread | undefined;
  readonly dry: Outcome['dry'];
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Number of blocks that the client itself reported as dropped. */
  readonly announced: number;
}

interface Spread {
  readonly p50: number;
  readonly p95: number;
}

/**
 * Computes the figures of a run.
 * @param usableMs times of all clients: those of the greetings and that of the conversation
 * @param direct result of the same client over a direct connection
 */
export function computeFigures(
  outcome: Outcome,
  usableMs: readonly (number | undefined)[],
  direct: Outcome | undefined,
): Figures {
  const { up, down, floorMs } = outcome;
  const sum = (name: keyof Account) => up[name] + down[name];
  const known = usableMs.filter((ms) => ms !== undefined);
  const middle = known.length === usableMs.length ? quantile(known, 0.5) : undefined;
  return {
    rung: outcome.rung,
    usableMs: middle === undefined ? undefined : middle - floorMs,
    down: spread(outcome.downMs, direct?.downMs),
    up: spread(outcome.upMs, direct?.upMs),
    dry: outcome.dry,
    lost: sum('lost'),
    doubled: sum('doubled'),
    outOfOrder: sum('outOfOrder'),
    announced: outcome.announced,
  };
}

function spread(values: readonly number[], direct: readonly number[] = []): Spread | undefined {
  const [p50, p95] = [quantile(values, 0.5), quantile(values, 0.95)];
  const base = quantile(direct, 0.5) ?? 0;
  return p50 === undefined || p95 === undefined ? undefined : { p50: p50 - base, p95: p95 - base };
}

export function quantile(values: readonly number[], part: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
