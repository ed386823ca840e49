import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PlaybackBuffer } from '../../src/web/voice/playback-buffer.ts';

const SOURCE_RATE = 24_000;
const DEVICE_RATE = 48_000;
const QUANTUM = 128;

/** PCM of a tone that runs on over its pieces. */
function voice(ms: number, fromMs = 0, hz = 440): Int16Array {
  const first = (fromMs * SOURCE_RATE) / 1000;
  return Int16Array.from({ length: (ms * SOURCE_RATE) / 1000 }, (_, i) =>
    Math.round(16_000 * Math.sin((2 * Math.PI * hz * (first + i)) / SOURCE_RATE)),
  );
}

function render(buffer: PlaybackBuffer, ms: number): Float32Array {
  const output = new Float32Array(Math.round((ms * DEVICE_RATE) / 1000 / QUANTUM) * QUANTUM);
  for (let at = 0; at < output.length; at += QUANTUM) buffer.render(output.subarray(at, at + QUANTUM));
  return output;
}

function peak(samples: Float32Array): number {
  return samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
}

/** The largest step from one sample to the next: a click is a large one. */
function steepest(samples: Float32Array): number {
  return samples.reduce((step, sample, i) => Math.max(step, Math.abs(sample - (samples[i - 1] ?? 0))), 0);
}

/** Maximum step between two samples of a 440 Hz tone of this amplitude, with some room for the fades. */
const SMOOTH = 0.05;

test('playback starts when the buffer reaches the start threshold, not before', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(60));
  expect(peak(render(buffer, 50))).toBe(0);
  expect(buffer.stats()).toMatchObject({ playing: false, bufferedMs: 60, playedMs: 0 });
  buffer.write(voice(40, 60));
  expect(peak(render(buffer, 50))).toBeGreaterThan(0.4);
  expect(buffer.stats().playing).toBe(true);
});

test('a turn shorter than the start threshold is played once it has ended', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(30));
  buffer.endTurn();
  const output = render(buffer, 60);
  expect(peak(output)).toBeGreaterThan(0.4);
  expect(peak(output.subarray((35 * DEVICE_RATE) / 1000))).toBe(0);
  expect(buffer.stats()).toMatchObject({ playing: false, underruns: 0, bufferedMs: 0 });
});

test('the end of a turn without audio produces silence and no playback', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.endTurn();
  expect(peak(render(buffer, 20))).toBe(0);
  expect(buffer.stats()).toMatchObject({ playing: false, underruns: 0, playedMs: 0 });
});

test('the output of a turn is the same, without a seam, however its audio is cut into chunks', () => {
  const whole = voice(400);
  const reference = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  reference.write(whole);
  reference.endTurn();
  const wanted = render(reference, 500);
  expect(steepest(wanted)).toBeLessThan(SMOOTH);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
      for (let at = 0, k = 0; at < whole.length; k++) {
        const size = sizes[k % sizes.length] ?? 1;
        buffer.write(whole.subarray(at, at + size));
        at += size;
      }
      buffer.endTurn();
      expect(render(buffer, 500)).toEqual(wanted);
    }),
    { numRuns: 30 },
  );
});

test('a turn has its full duration on a device at 44.1 kHz', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, 44_100);
  buffer.write(voice(1_000));
  buffer.endTurn();
  const output = new Float32Array(44_100 * 1.2);
  buffer.render(output);
  expect(buffer.stats().playedMs).toBeCloseTo(1_000, 0);
  expect(output.findLastIndex((sample) => Math.abs(sample) > 0.001) / 44_100).toBeCloseTo(1, 2);
});

test('an underrun fades out without a click, is counted, and raises the start threshold', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(103));
  const output = render(buffer, 200);
  expect(steepest(output)).toBeLessThan(SMOOTH);
  expect(peak(output.subarray((115 * DEVICE_RATE) / 1000))).toBe(0);
  expect(buffer.stats()).toMatchObject({ playing: false, underruns: 1 });

  buffer.write(voice(100, 103));
  expect(peak(render(buffer, 20))).toBe(0);
  buffer.write(voice(60, 203));
  const again = render(buffer, 100);
  expect(peak(again)).toBeGreaterThan(0.4);
  expect(steepest(again)).toBeLessThan(SMOOTH);
});

test('many underruns raise the start threshold to 250 ms at most', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  for (let i = 0; i < 8; i++) {
    buffer.write(voice(251));
    render(buffer, 300);
  }
  expect(buffer.stats().underruns).toBe(8);
});

test('half a minute without an underrun lowers the start threshold', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(90));
  render(buffer, 150);
  for (let s = 0; s < 31; s++) {
    buffer.write(voice(1_000));
    render(buffer, 1_000);
  }
  buffer.endTurn();
  render(buffer, 500);
  buffer.write(voice(90));
  expect(peak(render(buffer, 20))).toBeGreaterThan(0);
});

test('a flush silences playback within 10 ms without a click, and later audio plays from its beginning', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(2_000));
  const before = render(buffer, 300);
  const heard = buffer.stats().playedMs;
  buffer.flush();
  const after = render(buffer, 50);
  expect(steepest(Float32Array.from([...before, ...after]))).toBeLessThan(SMOOTH);
  expect(peak(after.subarray((10 * DEVICE_RATE) / 1000))).toBe(0);
  expect(buffer.stats()).toMatchObject({ bufferedMs: 0, playing: false, underruns: 0 });
  expect(heard).toBeCloseTo(300, -1);

  buffer.write(voice(100));
  buffer.endTurn();
  render(buffer, 200);
  expect(buffer.stats().playedMs).toBeCloseTo(100, 0);
});

test('a flush before playback has started discards the audio', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(50));
  buffer.flush();
  buffer.write(new Int16Array(2_400));
  buffer.endTurn();
  expect(peak(render(buffer, 200))).toBe(0);
});

test('the played time of a second turn counts from its own beginning', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(100));
  buffer.endTurn();
  buffer.write(voice(200));
  render(buffer, 150);
  expect(buffer.stats().playedMs).toBeCloseTo(50, -1);
});

test('turns are numbered by their ends and by flushes, and keep their number until the next one is rendered', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  expect(buffer.stats().turn).toBe(0);
  buffer.write(voice(100));
  buffer.endTurn();
  render(buffer, 150);
  expect(buffer.stats().turn).toBe(1);
  buffer.write(voice(100));
  buffer.endTurn();
  buffer.write(voice(100));
  render(buffer, 50);
  buffer.flush();
  expect(buffer.stats()).toMatchObject({ turn: 2, playing: false });
  buffer.write(voice(200));
  render(buffer, 50);
  // The flush has ended the second turn and the third, of which nothing was rendered.
  expect(buffer.stats().turn).toBe(4);
});

test('the level is that of the audio rendered since the last report', () => {
  const buffer = new PlaybackBuffer(SOURCE_RATE, DEVICE_RATE);
  buffer.write(voice(500));
  render(buffer, 300);
  expect(buffer.stats().level).toBeCloseTo((16_000 / 32_768) * Math.SQRT1_2, 1);
  buffer.flush();
  render(buffer, 20);
  buffer.stats();
  render(buffer, 100);
  expect(buffer.stats().level).toBe(0);
});
