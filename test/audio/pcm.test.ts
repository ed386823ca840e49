import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rms } from '../../src/audio/energy.ts';
import { muLawToPcm16 } from '../../src/audio/mu-law.ts';
import { bytesToPcm16, floatToPcm16, pcm16ToBytes, pcm16ToFloat } from '../../src/audio/pcm.ts';

const anyPcm = fc.array(fc.integer({ min: -0x8000, max: 0x7fff }), { maxLength: 200 }).map((v) => Int16Array.from(v));

test('every 16-bit value survives the conversion to float and back', () => {
  const all = Int16Array.from({ length: 0x10000 }, (_, i) => i - 0x8000);
  expect(floatToPcm16(pcm16ToFloat(all))).toEqual(all);
});

test('samples survive the conversion to bytes and back at any alignment', () => {
  fc.assert(
    fc.property(anyPcm, fc.integer({ min: 0, max: 3 }), (pcm, offset) => {
      const bytes = pcm16ToBytes(pcm);
      const shifted = new Uint8Array(bytes.length + offset);
      shifted.set(bytes, offset);
      expect(bytesToPcm16(shifted.subarray(offset))).toEqual(pcm);
    }),
  );
});

test('the conversion of any float stays within 16 bits and keeps its sign', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      const [sample = 0] = floatToPcm16(Float32Array.of(value));
      const exact = Math.max(-1, Math.min(1, value));
      // Half a step of rounding, and a step between the two scales: 32767 above zero, 32768 below.
      expect(Math.abs(sample / 0x8000 - exact)).toBeLessThan(1.5 / 0x7fff);
      expect(sample === 0 || Math.sign(sample) === Math.sign(value)).toBe(true);
    }),
  );
});

test('full scale and infinity are clamped to the limits, and NaN becomes silence', () => {
  const loud = Float32Array.of(1, -1, 1.5, -7, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN);
  expect([...floatToPcm16(loud)]).toEqual([32767, -32768, 32767, -32768, 32767, -32768, 0]);
});

test('samples are converted to little-endian bytes', () => {
  expect([...pcm16ToBytes(Int16Array.of(0x0102, -2))]).toEqual([0x02, 0x01, 0xfe, 0xff]);
});

test('an odd number of bytes throws a RangeError', () => {
  expect(() => bytesToPcm16(new Uint8Array(3))).toThrow(RangeError);
});

test('rms is correct for silence, an empty block, full scale and a sine', () => {
  expect(rms(new Float32Array(10))).toBe(0);
  expect(rms(new Float32Array(0))).toBe(0);
  expect(rms(Float32Array.of(1, -1, 1, -1))).toBe(1);
  expect(rms(Float32Array.of(9, -9))).toBe(1);
  const sine = Float32Array.from({ length: 1_000 }, (_, i) => Math.sin((2 * Math.PI * i) / 100));
  expect(rms(sine)).toBeCloseTo(Math.SQRT1_2, 5);
});

test('known µ-law codes decode to the values of G.711', () => {
  expect([...muLawToPcm16(Uint8Array.of(0xff, 0x7f, 0x80, 0x00, 0xfe, 0x7e, 0xef))]).toEqual([
    0, 0, 32124, -32124, 8, -8, 132,
  ]);
});

test('falling µ-law codes decode to rising magnitudes on both sides of zero', () => {
  const positive = muLawToPcm16(Uint8Array.from({ length: 128 }, (_, i) => 0xff - i));
  const negative = muLawToPcm16(Uint8Array.from({ length: 128 }, (_, i) => 0x7f - i));
  for (let i = 1; i < 128; i++) expect(positive[i] ?? 0).toBeGreaterThan(positive[i - 1] ?? 0);
  expect([...negative].map((value) => 0 - value)).toEqual([...positive]);
});
