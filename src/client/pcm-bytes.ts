import { describeValue } from './describe-value.ts';

/** Types of audio that `sendAudio` accepts. All hold PCM16, mono, 16 kHz; bytes are little endian. */
export type Pcm16 = Int16Array | Uint8Array | ArrayBuffer;

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const FLOAT_HINT =
  'convert samples from -1 to 1 first: Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32767)';

/**
 * Returns the bytes of PCM16, little endian. The bytes are not copied, except for an Int16Array on a big-endian platform.
 * @throws {TypeError} for any type other than Int16Array, Uint8Array and ArrayBuffer
 */
export function toPcmBytes(pcm: Pcm16): Uint8Array {
  // The tag also identifies arrays of another realm, as those of an iframe, for which `instanceof` is false.
  switch (Object.prototype.toString.call(pcm)) {
    case '[object Uint8Array]':
      return pcm as Uint8Array;
    case '[object Int16Array]':
      return toLittleEndian(pcm as Int16Array);
    case '[object ArrayBuffer]':
      return new Uint8Array(pcm as ArrayBuffer);
    case '[object Float32Array]':
    case '[object Float64Array]':
      throw new TypeError(`sendAudio: ${describeValue(pcm)} holds floating-point samples, not PCM16; ${FLOAT_HINT}`);
    default:
      throw new TypeError(
        `sendAudio: the audio must be an Int16Array, a Uint8Array or an ArrayBuffer of PCM16, mono, 16 kHz; given: ${describeValue(pcm)}`,
      );
  }
}

function toLittleEndian(samples: Int16Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = samples;
  if (isLittleEndian) return new Uint8Array(buffer, byteOffset, byteLength);
  const bytes = new DataView(new ArrayBuffer(byteLength));
  for (const [index, sample] of samples.entries()) bytes.setInt16(index * 2, sample, true);
  return new Uint8Array(bytes.buffer);
}
