import { rms } from '../audio/energy.ts';
import { floatToPcm16 } from '../audio/pcm.ts';
import { createResampler } from '../audio/resampler.ts';

/** What the model providers take. Hz. */
export const CAPTURE_RATE = 16_000;
/** 20 ms: a message for every render quantum would be 375 a second. */
export const FRAME_SAMPLES = 320;

export interface CaptureFrame {
  readonly pcm: Int16Array<ArrayBuffer>;
  /** 0..1 */
  readonly level: number;
}

/** Turns what the hardware delivers, at its own rate and with any number of channels, into frames of 20 ms at 16 kHz mono. */
export function createCaptureFramer(hardwareRate: number, onFrame: (frame: CaptureFrame) => void) {
  const resampler = createResampler(hardwareRate, CAPTURE_RATE);
  const frame = new Float32Array(FRAME_SAMPLES);
  let filled = 0;
  let mono = new Float32Array(128);

  return {
    push(channels: readonly Float32Array[]): void {
      const length = channels[0]?.length ?? 0;
      if (length === 0) return;
      if (mono.length !== length) mono = new Float32Array(length);
      // All of them: the left channel of a USB microphone may well be the silent one.
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (const channel of channels) sum += channel[i] ?? 0;
        mono[i] = sum / channels.length;
      }
      const samples = resampler.process(mono);
      for (let at = 0; at < samples.length; ) {
        const taken = Math.min(FRAME_SAMPLES - filled, samples.length - at);
        frame.set(samples.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
        if (filled === FRAME_SAMPLES) {
          filled = 0;
          onFrame({ pcm: floatToPcm16(frame), level: rms(frame) });
        }
      }
    },
  };
}
