/** A low-pass filter, sampled at `phases` equidistant positions between two input samples. */
export interface PolyphaseFilter {
  /** Input samples needed on either side of an output. */
  readonly reach: number;
  readonly rowLength: number;
  readonly phases: number;
  /** `phases` rows, plus one more for interpolation if `phases` is smaller than asked for. */
  readonly rows: Float32Array;
}

const STOPBAND_DB = 80;
/** Half the filter's length, in samples of the slower rate: 40 gives a transition band of 1 kHz at 16 kHz, 2.5 ms ahead. */
const ZERO_CROSSINGS = 40;
/** Rates with hardly a common divisor (44,101 to 16,000) would need a row for each of 16,000 phases: those interpolate. */
const MAX_PHASES = 512;

const KAISER_BETA = 0.1102 * (STOPBAND_DB - 8.7);

/** A Kaiser-windowed sinc that passes what both rates can hold and rejects the rest. */
export function designPolyphase(fromHz: number, toHz: number, wantedPhases: number): PolyphaseFilter {
  const slowHz = Math.min(fromHz, toHz);
  const reach = Math.ceil((ZERO_CROSSINGS * fromHz) / slowHz);
  const rowLength = 2 * reach;
  // Kaiser's formula for the width of the transition; it ends exactly where aliasing begins.
  const transitionHz = ((STOPBAND_DB - 8) / (2.285 * rowLength)) * (fromHz / (2 * Math.PI));
  const cutoff = (slowHz - transitionHz) / fromHz;

  const phases = Math.min(wantedPhases, MAX_PHASES);
  const rowCount = phases === wantedPhases ? phases : phases + 1;
  const rows = new Float32Array(rowCount * rowLength);
  const windowPeak = besselI0(KAISER_BETA);
  for (let p = 0; p < rowCount; p++) {
    const row = rows.subarray(p * rowLength, (p + 1) * rowLength);
    let sum = 0;
    for (let t = 0; t < rowLength; t++) {
      const distance = t - (reach - 1) - p / phases;
      const edge = distance / reach;
      const window = Math.abs(edge) >= 1 ? 0 : besselI0(KAISER_BETA * Math.sqrt(1 - edge * edge)) / windowPeak;
      const tap = sinc(cutoff * distance) * window;
      row[t] = tap;
      sum += tap;
    }
    // Every phase passes DC alike; otherwise a constant input would come out with a ripple at the phases' rhythm.
    for (let t = 0; t < rowLength; t++) row[t] = (row[t] ?? 0) / sum;
  }
  return { reach, rowLength, phases, rows };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  const quarterSquare = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= quarterSquare / (k * k);
    sum += term;
  }
  return sum;
}
