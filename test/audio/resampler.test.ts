import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rms } from '../../src/audio/energy.ts';
import { createResampler } from '../../src/audio/resampler.ts';
import { amplitudeAt, decibels, middle, tone } from './spectrum.ts';

const RATES: [number, number][] = [
  [48_000, 16_000],
  [44_100, 16_000],
  [24_000, 48_000],
  [24_000, 44_100],
  [8_000, 16_000],
  [44_101, 16_000],
];

function convert(input: Float32Array, fromHz: number, toHz: number): Float32Array {
  const resampler = createResampler(fromHz, toHz);
  return Float32Array.from([...resampler.process(input), ...resampler.flush()]);
}

test.each(RATES)('resampling from %i to %i Hz keeps frequency, level and phase of a 1 kHz tone', (fromHz, toHz) => {
  const output = convert(tone(1_000, fromHz, 1), fromHz, toHz);
  expect(output.length).toBe(toHz);
  const wanted = tone(1_000, toHz, 1);
  const error = output.map((sample, i) => sample - (wanted[i] ?? 0));
  expect(decibels(rms(middle(error)) / rms(middle(wanted)))).toBeLessThan(-70);
});

test.each([
  [48_000, 16_000, 6_500],
  [44_100, 16_000, 6_500],
  [24_000, 48_000, 10_000],
  [8_000, 16_000, 3_400],
])(
  'resampling from %i to %i Hz attenuates a tone at %i Hz, near the band edge, by less than 0.5 dB',
  (fromHz, toHz, hz) => {
    const output = convert(tone(hz, fromHz, 1), fromHz, toHz);
    expect(Math.abs(decibels(amplitudeAt(hz, middle(output), toHz) / 0.5))).toBeLessThan(0.5);
  },
);

test.each([
  [48_000, 16_000, 8_100],
  [48_000, 16_000, 9_000],
  [48_000, 16_000, 12_000],
  [48_000, 16_000, 20_000],
  [44_100, 16_000, 10_000],
  [44_101, 16_000, 10_000],
  [96_000, 16_000, 30_000],
])('resampling from %i to %i Hz leaves no alias of a tone at %i Hz above -70 dB', (fromHz, toHz, hz) => {
  const output = convert(tone(hz, fromHz, 1), fromHz, toHz);
  expect(decibels(rms(middle(output)) / rms(tone(hz, fromHz, 1)))).toBeLessThan(-70);
});

test.each([
  [24_000, 48_000, 3_000],
  [8_000, 16_000, 1_000],
  [24_000, 44_100, 3_000],
  [8_001, 16_000, 1_000],
])('resampling from %i to %i Hz leaves no image of a tone at %i Hz above -70 dB', (fromHz, toHz, hz) => {
  const output = middle(convert(tone(hz, fromHz, 1), fromHz, toHz));
  const image = amplitudeAt(fromHz - hz, output, toHz);
  expect(decibels(image / amplitudeAt(hz, output, toHz))).toBeLessThan(-70);
});

test('the output is the same to the bit, however the input is cut into blocks', () => {
  const noise = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 900 });
  const cuts = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.constantFrom(...RATES, [16_000, 16_000], [192_000, 8_000]), noise, cuts, (rates, samples, sizes) => {
      const [fromHz = 0, toHz = 0] = rates;
      const input = Float32Array.from(samples);
      const resampler = createResampler(fromHz, toHz);
      const pieces: number[] = [];
      let at = 0;
      for (let k = 0; at < input.length; k++) {
        // A zero would never end when it is the only size.
        const size = Math.max(sizes[k % sizes.length] ?? 0, k >= sizes.length ? 1 : 0);
        pieces.push(...resampler.process(input.subarray(at, at + size)));
        at += size;
      }
      pieces.push(...resampler.flush());
      expect(Float32Array.from(pieces)).toEqual(convert(input, fromHz, toHz));
      expect(pieces.length).toBe(Math.ceil((input.length * toHz) / fromHz));
    }),
    { numRuns: 60 },
  );
});

test('after a flush the resampler processes a second stream like a new resampler', () => {
  const resampler = createResampler(44_100, 16_000);
  resampler.process(tone(700, 44_100, 0.1));
  resampler.flush();
  const second = tone(300, 44_100, 0.05);
  const output = Float32Array.from([...resampler.process(second), ...resampler.flush()]);
  expect(output).toEqual(convert(second, 44_100, 16_000));
});

test('a constant input gives a constant output without ripple', () => {
  for (const [fromHz, toHz] of RATES) {
    const output = middle(convert(new Float32Array(4_000).fill(0.25), fromHz, toHz));
    expect(Math.max(...output.map((sample) => Math.abs(sample - 0.25)))).toBeLessThan(1e-5);
  }
});

test('with equal rates the samples are returned unchanged in a new array', () => {
  const input = Float32Array.of(0.1, -0.2, 0.3);
  const output = createResampler(16_000, 16_000).process(input);
  input.fill(0);
  expect(output).toEqual(Float32Array.of(0.1, -0.2, 0.3));
});

test.each([0, -8_000, 1.5, Number.NaN])('the sample rate %p throws a RangeError', (hz) => {
  expect(() => createResampler(hz, 16_000)).toThrow(RangeError);
  expect(() => createResampler(16_000, hz)).toThrow(RangeError);
});
