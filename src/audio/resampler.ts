import { designPolyphase, type PolyphaseFilter } from './polyphase-filter.ts';

export interface Resampler {
  /** Memory of the filter and of the samples that it holds, in bytes. */
  readonly memory: number;
  /** Processes a block of any length and returns the samples that are complete, possibly none. The array belongs to the caller. */
  process(input: Float32Array): Float32Array;
  /** Returns the samples that the filter still holds and resets it. In all, n input samples become ceil(n * toHz / fromHz). */
  flush(): Float32Array;
}

/**
 * Creates a streaming sample-rate converter. Its state continues across blocks, so that the result does not depend on how a stream
 * is cut: conversion without state is what clicks at every seam. Output sample k lies at input time k * fromHz / toHz, without
 * delay. It is returned once the filter has received 40 samples (of the slower rate) beyond it.
 * @throws {RangeError} for a rate that is not a whole number above 0
 */
export function createResampler(fromHz: number, toHz: number): Resampler {
  assertRate('fromHz', fromHz);
  assertRate('toHz', toHz);
  if (fromHz === toHz) return { memory: 0, process: (input) => input.slice(), flush: () => new Float32Array(0) };
  return new PolyphaseResampler(fromHz, toHz);
}

class PolyphaseResampler implements Resampler {
  readonly #filter: PolyphaseFilter;
  /** Number of fractions in an input sample. Positions are whole fractions, because a float would drift over a long call. */
  readonly #up: number;
  /** Distance between two outputs, in fractions of an input sample. */
  readonly #down: number;
  #stored: Float32Array;
  #storedLength = 0;
  /** Start of the filter row of the next output. That output lies at #stored[#cursor + reach - 1] plus #phase/#up of a sample. */
  #cursor = 0;
  #phase = 0;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    this.#filter = designPolyphase(fromHz, toHz, this.#up);
    this.#stored = new Float32Array(4 * this.#filter.rowLength);
    this.#reset();
  }

  get memory(): number {
    return this.#filter.rows.byteLength + this.#stored.byteLength;
  }

  process(input: Float32Array): Float32Array {
    this.#append(input);
    const up = this.#up;
    const { phases } = this.#filter;
    const output = new Float32Array(this.#countReady());
    for (let k = 0; k < output.length; k++) {
      output[k] = phases === up ? this.#applyRow(this.#phase) : this.#interpolateRows((this.#phase * phases) / up);
      this.#phase += this.#down;
      const whole = Math.floor(this.#phase / up);
      this.#cursor += whole;
      this.#phase -= whole * up;
    }
    return output;
  }

  flush(): Float32Array {
    const tail = this.process(new Float32Array(this.#filter.reach));
    this.#reset();
    return tail;
  }

  #reset(): void {
    // Put silence before the first sample, so that the first output has a full row.
    this.#storedLength = this.#filter.reach - 1;
    this.#stored.fill(0, 0, this.#storedLength);
    this.#cursor = 0;
    this.#phase = 0;
  }

  #append(input: Float32Array): void {
    const kept = this.#storedLength - this.#cursor;
    if (kept < 0) {
      // With strong decimation the next row begins beyond the samples that have arrived.
      this.#cursor -= this.#storedLength;
      this.#storedLength = 0;
    } else {
      this.#stored.copyWithin(0, this.#cursor, this.#storedLength);
      this.#cursor = 0;
      this.#storedLength = kept;
    }
    const length = this.#storedLength + input.length;
    if (length > this.#stored.length) {
      const grown = new Float32Array(2 * length);
      grown.set(this.#stored.subarray(0, this.#storedLength));
      this.#stored = grown;
    }
    this.#stored.set(input, this.#storedLength);
    this.#storedLength = length;
  }

  /** Returns the number of outputs whose whole filter row lies within the stored samples. */
  #countReady(): number {
    const lastStart = this.#storedLength - this.#filter.rowLength;
    if (this.#cursor > lastStart) return 0;
    return Math.floor(((lastStart - this.#cursor) * this.#up + (this.#up - 1 - this.#phase)) / this.#down) + 1;
  }

  #applyRow(row: number): number {
    const { rows, rowLength } = this.#filter;
    const stored = this.#stored;
    const cursor = this.#cursor;
    const base = row * rowLength;
    let sum = 0;
    // #countReady() keeps the indices inside. `?? 0` only satisfies noUncheckedIndexedAccess and costs nothing measurable.
    for (let t = 0; t < rowLength; t++) sum += (rows[base + t] ?? 0) * (stored[cursor + t] ?? 0);
    return sum;
  }

  /** @param position row number with a fraction */
  #interpolateRows(position: number): number {
    const row = Math.floor(position);
    const fraction = position - row;
    return (1 - fraction) * this.#applyRow(row) + fraction * this.#applyRow(row + 1);
  }
}

function assertRate(name: string, hz: number): void {
  if (!Number.isInteger(hz) || hz <= 0) throw new RangeError(`${name} must be a whole number of Hz above 0, not ${hz}`);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
