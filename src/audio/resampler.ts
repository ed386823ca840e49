import { designPolyphase } from './polyphase-filter.ts';

export interface Resampler {
  /** Takes a block of any length and returns the samples that are complete by now: possibly none. The array is the caller's. */
  process(input: Float32Array): Float32Array;
  /** Returns what the filter still holds and starts afresh. In all, n samples in become ceil(n * toHz / fromHz) out. */
  flush(): Float32Array;
}

/**
 * A streaming sample-rate converter. Its state runs on across blocks, so the result does not depend on how a stream is cut
 * up: resampling block by block without state is what clicks at every seam. Output sample k lies at input time
 * k * fromHz / toHz, without delay; it comes out once the filter has seen 40 samples (of the slower rate) beyond it.
 */
export function createResampler(fromHz: number, toHz: number): Resampler {
  assertRate('fromHz', fromHz);
  assertRate('toHz', toHz);
  if (fromHz === toHz) {
    return { process: (input) => input.slice(), flush: () => new Float32Array(0) };
  }

  const divisor = greatestCommonDivisor(fromHz, toHz);
  // Positions are counted in whole fractions 1/up of an input sample: a float position would drift over a long call.
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const { reach, rows, rowLength, phases } = designPolyphase(fromHz, toHz, up);

  let held = new Float32Array(4 * rowLength);
  let heldLength = 0;
  // The next output lies at held[cursor + reach - 1] plus phase/up of a sample; its filter row begins at held[cursor].
  let cursor = 0;
  let phase = 0;

  function reset(): void {
    // Silence before the first sample, so that the first output has a full row to stand on.
    held.fill(0, 0, reach - 1);
    heldLength = reach - 1;
    cursor = 0;
    phase = 0;
  }

  function append(input: Float32Array): void {
    const kept = heldLength - cursor;
    if (kept < 0) {
      // Strong decimation: the next row begins beyond what has arrived.
      cursor -= heldLength;
      heldLength = 0;
    } else {
      held.copyWithin(0, cursor, heldLength);
      cursor = 0;
      heldLength = kept;
    }
    if (heldLength + input.length > held.length) {
      const grown = new Float32Array(2 * (heldLength + input.length));
      grown.set(held.subarray(0, heldLength));
      held = grown;
    }
    held.set(input, heldLength);
    heldLength += input.length;
  }

  /** How many outputs have their whole filter row within what is held. */
  function countReady(): number {
    const lastStart = heldLength - rowLength;
    if (cursor > lastStart) return 0;
    return Math.floor(((lastStart - cursor) * up + (up - 1 - phase)) / down) + 1;
  }

  function process(input: Float32Array): Float32Array {
    append(input);
    const output = new Float32Array(countReady());
    for (let k = 0; k < output.length; k++) {
      output[k] = phases === up ? dot(phase) : interpolatedDot((phase * phases) / up);
      phase += down;
      const whole = Math.floor(phase / up);
      cursor += whole;
      phase -= whole * up;
    }
    return output;
  }

  function dot(row: number): number {
    const base = row * rowLength;
    let sum = 0;
    // Indices stay inside by countReady(); `?? 0` only satisfies noUncheckedIndexedAccess and costs nothing measurable.
    for (let t = 0; t < rowLength; t++) sum += (rows[base + t] ?? 0) * (held[cursor + t] ?? 0);
    return sum;
  }

  function interpolatedDot(position: number): number {
    const row = Math.floor(position);
    const fraction = position - row;
    return (1 - fraction) * dot(row) + fraction * dot(row + 1);
  }

  reset();
  return {
    process,
    flush() {
      const tail = process(new Float32Array(reach));
      reset();
      return tail;
    },
  };
}

function assertRate(name: string, hz: number): void {
  if (!Number.isInteger(hz) || hz <= 0) throw new RangeError(`${name} must be a whole number of Hz above 0, not ${hz}`);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
