import { expect, test } from '@jest/globals';
import { type CaptureFrame, createCaptureFramer } from '../../src/web/voice/capture-framer.ts';

function capture(channels: Float32Array[], hardwareRate: number): CaptureFrame[] {
  const frames: CaptureFrame[] = [];
  const framer = createCaptureFramer(hardwareRate, (frame) => frames.push(frame));
  const length = channels[0]?.length ?? 0;
  for (let at = 0; at < length; at += 128) framer.push(channels.map((channel) => channel.subarray(at, at + 128)));
  return frames;
}

function tone(hz: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rate * seconds }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));
}

test.each([48_000, 44_100, 16_000, 96_000])(
  'a second of audio at %i Hz is captured as frames of 20 ms at 16 kHz',
  (rate) => {
    const frames = capture([tone(440, rate, 1)], rate);
    // The last one or two are still in the filter.
    expect(frames.length).toBeGreaterThanOrEqual(48);
    expect(frames.length).toBeLessThanOrEqual(50);
    for (const { pcm } of frames) expect(pcm.length).toBe(320);
    expect(frames[10]?.level).toBeCloseTo(0.5 * Math.SQRT1_2, 1);
    // No frame shares its memory with the next: they are transferred.
    expect(new Set(frames.map(({ pcm }) => pcm.buffer)).size).toBe(frames.length);
  },
);

test('a voice on only one of two channels is captured', () => {
  const voice = tone(440, 48_000, 0.5);
  const frames = capture([new Float32Array(voice.length), voice], 48_000);
  expect(frames[10]?.level).toBeCloseTo(0.25 * Math.SQRT1_2, 1);
});

test('an input without channels produces no frame', () => {
  const framer = createCaptureFramer(48_000, () => {
    throw new Error('no frame was expected');
  });
  framer.push([]);
});
