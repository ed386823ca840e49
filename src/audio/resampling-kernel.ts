const STOPBAND_DB = 80;
/** Half the length of the kernel, in samples of the slower rate: 40 gives a transition band of 1 kHz at 16 kHz, 2.5 ms ahead. */
export const KERNEL_REACH = 40;
/** Entries of the table for each sample of the slower rate. Interpolation between them adds an error below -110 dB. */
const RESOLUTION = 512;

const KAISER_BETA = 0.1102 * (STOPBAND_DB - 8.7);
/** Width of the transition band by Kaiser's formula, as a fraction of the slower rate. The band ends exactly where aliasing begins. */
const TRANSITION = (STOPBAND_DB - 8) / (2.285 * 2 * KERNEL_REACH * 2 * Math.PI);
const WINDOW_PEAK = besselI0(KAISER_BETA);

let table: Float32Array | undefined;

/**
 * Computes the kernel of all sample-rate conversions, a Kaiser-windowed sinc.
 * @param distance from the middle of the kernel, in samples of the slower rate, 0 or more
 */
export function computeKernel(distance: number): number {
  const edge = distance / KERNEL_REACH;
  if (edge >= 1) return 0;
  const window = besselI0(KAISER_BETA * Math.sqrt(1 - edge * edge)) / WINDOW_PEAK;
  return sinc((1 - TRANSITION) * distance) * window;
}

/** Reads the kernel from a table, which the first call computes in some 10 ms. */
export function readKernel(distance: number): number {
  table ??= computeTable();
  const position = distance * RESOLUTION;
  const index = Math.floor(position);
  const left = table[index] ?? 0;
  return left + (position - index) * ((table[index + 1] ?? 0) - left);
}

function computeTable(): Float32Array {
  return Float32Array.from({ length: KERNEL_REACH * RESOLUTION + 2 }, (_, index) => computeKernel(index / RESOLUTION));
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
