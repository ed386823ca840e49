import { endianness } from 'node:os';

const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** Copies 16-bit samples from little-endian bytes. A loop over the samples would cost ten times as much. @param count number of samples */
export function fromLittleEndian(bytes: Uint8Array, offset: number, count: number): Int16Array<ArrayBuffer> {
  const samples = new Int16Array(count);
  const copy = Buffer.from(samples.buffer);
  copy.set(bytes.subarray(offset, offset + 2 * count));
  if (!IS_LITTLE_ENDIAN) copy.swap16();
  return samples;
}

/** Returns the bytes of 16-bit samples in little-endian order. @param samples belong to the result from now on */
export function toLittleEndian(samples: Int16Array<ArrayBuffer>): Uint8Array {
  const bytes = Buffer.from(samples.buffer);
  return IS_LITTLE_ENDIAN ? bytes : bytes.swap16();
}
