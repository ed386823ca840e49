import { rms } from '../../audio/energy.ts';
import { floatToPcm16 } from '../../audio/pcm.ts';
import { createResampler } from '../../audio/resampler.ts';

/** Sample rate that the model providers accept, in Hz. */
const CAPTURE_RATE = 16_000;
/** Number of samples in a frame: 20 ms. A message for every render quantum would be 375 messages a second. */
const FRAME_SAMPLES = 320;

export interface CaptureFrame {
  readonly pcm: Int16Array<ArrayBuffer>;
  /** Root mean square, 0 to 1. */
  readonly level: number;
}

/** Converts audio of any rate and number of channels into frames of 20 ms, mono, at 16 kHz. */
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
      // Mix all channels, because the left channel of a USB microphone may be silent.
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
