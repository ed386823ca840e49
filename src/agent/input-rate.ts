import { bytesToPcm16, floatToPcm16, pcm16ToBytes, pcm16ToFloat } from '../audio/pcm.ts';
import { createResampler, type Resampler } from '../audio/resampler.ts';
import type { Blob } from '../wire/live-request.ts';

/** Brings all audio to one rate. */
export interface InputRate {
  /** @returns `undefined` while there is not enough of it to make a sample of */
  convert(audio: Blob): Blob | undefined;
}

/** Rates that are heard at once, each with its own filter; the one that was heard first is forgotten for one more. */
const MAX_RATES = 4;

/**
 * A model hears one microphone at one rate, and closes with 1007 where that changes in mid-speech; here several clients may be speaking.
 * What has the rate already, which is nearly all, passes as it is.
 * @param hz what the model hears best
 */
export function createInputRate(hz: number): InputRate {
  const mimeType = `audio/pcm;rate=${hz}`;
  const resamplers = new Map<number, Resampler>();
  const resamplerFor = (rate: number): Resampler => {
    const known = resamplers.get(rate);
    if (known) return known;
    const [first] = resamplers.keys();
    if (resamplers.size >= MAX_RATES && first !== undefined) resamplers.delete(first);
    const added = createResampler(rate, hz);
    resamplers.set(rate, added);
    return added;
  };
  return {
    convert(audio) {
      if (audio.mime_type === mimeType) return audio;
      const rate = Number(/;rate=(\d+)$/.exec(audio.mime_type)?.[1] ?? hz);
      if (rate === hz) return { ...audio, mime_type: mimeType };
      const bytes = Buffer.from(audio.data, 'base64');
      // Half a sample at its end is nobody's: the doors let none through.
      const samples = pcm16ToFloat(bytesToPcm16(bytes.subarray(0, bytes.length & ~1)));
      const converted = floatToPcm16(resamplerFor(rate).process(samples));
      if (converted.length === 0) return undefined;
      return { mime_type: mimeType, data: Buffer.from(pcm16ToBytes(converted).buffer).toString('base64') };
    },
  };
}
