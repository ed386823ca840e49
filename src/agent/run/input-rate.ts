import { bytesToPcm16, floatToPcm16, pcm16ToBytes, pcm16ToFloat } from '../../audio/pcm.ts';
import { createResampler, type Resampler } from '../../audio/resampler.ts';
import { BoundedMap } from '../../wire/bounded-map.ts';
import type { Blob } from '../../wire/live-request.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';

/** Maximum number of sample rates with a resampler of their own. A further rate replaces the one that was used least recently. */
const MAX_RATES = 8;

/**
 * Converts all audio of the user to one sample rate. A model expects one microphone, and closes the connection with 1007 if the rate changes in
 * the middle of speech. Here several clients may speak, each at its own rate.
 */
export class InputRate {
  readonly #hz: number;
  readonly #mimeType: string;
  readonly #memory: MemoryShare;
  readonly #resamplers = new BoundedMap<number, Resampler>(MAX_RATES);
  /** Rate that was used last. */
  #latestRate = 0;

  /**
   * @param hz sample rate that the model expects
   * @param memory counts the filters together with everything else in memory. Default: nobody does
   */
  constructor(hz: number, memory?: MemoryCounter) {
    this.#hz = hz;
    this.#mimeType = `audio/pcm;rate=${hz}`;
    this.#memory = new MemoryShare(memory);
  }

  /** Converts a chunk. Audio at the right rate is returned unchanged. Returns `undefined` if the chunk is too short for a sample. */
  convert(audio: Blob): Blob | undefined {
    if (audio.mime_type === this.#mimeType) return audio;
    const rate = Number(/;rate=(\d+)$/.exec(audio.mime_type)?.[1] ?? this.#hz);
    if (rate === this.#hz) return { mime_type: this.#mimeType, data: audio.data };
    const bytes = Buffer.from(audio.data, 'base64');
    // Decoding of requests rejects half samples. Other senders may leave one at the end: discard it.
    const samples = pcm16ToFloat(bytesToPcm16(bytes.subarray(0, bytes.length & ~1)));
    const converted = floatToPcm16(this.#getResampler(rate).process(samples));
    if (converted.length === 0) return undefined;
    return { mime_type: this.#mimeType, data: Buffer.from(pcm16ToBytes(converted).buffer).toString('base64') };
  }

  /** Discards the filters, because the run is over. */
  close(): void {
    this.#resamplers.clear();
    this.#memory.close();
  }

  #getResampler(rate: number): Resampler {
    const known = this.#resamplers.get(rate);
    if (known && rate === this.#latestRate) return known;
    const resampler = known ?? createResampler(rate, this.#hz);
    this.#resamplers.set(rate, resampler);
    this.#latestRate = rate;
    if (!known) this.#count();
    return resampler;
  }

  #count(): void {
    let bytes = 0;
    for (const { memory } of this.#resamplers.values()) bytes += memory;
    this.#memory.set(bytes);
  }
}
