import { computeKernel, KERNEL_REACH, readKernel } from './resampling-kernel.ts';

/** A low-pass filter, sampled at `phases` equidistant positions between two input samples. */
export interface PolyphaseFilter {
  /** Input samples needed on either side of an output. */
  readonly reach: number;
  readonly rowLength: number;
  readonly phases: number;
  /** `phases` rows, plus one more for interpolation if `phases` is smaller than asked for. */
  readonly rows: Float32Array;
}

/**
 * Maximum number of phases with a row each. Rates with hardly a common divisor (44,101 to 16,000) would need a row for each of 16,000 phases:
 * they interpolate between `INTERPOLATED_PHASES`, which adds an error below -83 dB.
 */
const MAX_PHASES = 512;
const INTERPOLATED_PHASES = 128;
/** Number of taps above which the kernel is read from its table. Computing each tap takes fifty times as long. */
const MAX_COMPUTED_TAPS = 4_000;

/** Designs a filter that passes what both rates can hold and rejects the rest. */
export function designPolyphase(fromHz: number, toHz: number, wantedPhases: number): PolyphaseFilter {
  // Length of an input sample in samples of the slower rate.
  const scale = Math.min(fromHz, toHz) / fromHz;
  const reach = Math.ceil(KERNEL_REACH / scale);
  const rowLength = 2 * reach;
  const phases = wantedPhases <= MAX_PHASES ? wantedPhases : INTERPOLATED_PHASES;
  const rowCount = phases === wantedPhases ? phases : phases + 1;
  const kernel = rowCount * rowLength > MAX_COMPUTED_TAPS ? readKernel : computeKernel;
  const rows = new Float32Array(rowCount * rowLength);
  for (let p = 0; p < rowCount; p++) {
    const row = rows.subarray(p * rowLength, (p + 1) * rowLength);
    let sum = 0;
    for (let t = 0; t < rowLength; t++) {
      const tap = kernel(Math.abs(t - (reach - 1) - p / phases) * scale);
      row[t] = tap;
      sum += tap;
    }
    // Every phase passes DC alike; otherwise a constant input would come out with a ripple at the phases' rhythm.
    for (let t = 0; t < rowLength; t++) row[t] = (row[t] ?? 0) / sum;
  }
  return { reach, rowLength, phases, rows };
}
