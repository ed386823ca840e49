import { expect, test } from '@jest/globals';
import { InputRate } from '../../../src/agent/run/input-rate.ts';
import { MemoryBudget } from '../../../src/session/memory-budget.ts';

const blob = (rate: number, samples: number, value = 0) => ({
  mime_type: `audio/pcm;rate=${rate}`,
  data: Buffer.from(new Int16Array(samples).fill(value).buffer).toString('base64'),
});

test('audio at the rate of the model is returned unchanged', () => {
  const audio = blob(16_000, 1_600);
  expect(new InputRate(16_000).convert(audio)).toBe(audio);
});

test('audio without a rate in its type is taken to have the rate of the model', () => {
  const { data } = blob(16_000, 8);
  expect(new InputRate(16_000).convert({ mime_type: 'audio/pcm', data })).toEqual({
    mime_type: 'audio/pcm;rate=16000',
    data,
  });
});

test.each([8_000, 24_000, 44_100, 48_000])(
  'audio of %i Hz is converted to 16 kHz without a change of length, in chunks of any size',
  (rate) => {
    const inputRate = new InputRate(16_000);
    let samples = 0;
    for (let sent = 0; sent < rate; ) {
      const piece = Math.min(rate - sent, 1 + ((sent * 7919) % 2_000));
      sent += piece;
      const converted = inputRate.convert(blob(rate, piece, 1_000));
      if (!converted) continue;
      expect(converted.mime_type).toBe('audio/pcm;rate=16000');
      samples += Buffer.from(converted.data, 'base64').length / 2;
    }
    // The filter holds back 40 samples of the slower rate.
    expect(samples).toBeGreaterThan(16_000 - 100);
    expect(samples).toBeLessThanOrEqual(16_000);
  },
);

test('a chunk that is too short for a sample returns undefined, and is not lost', () => {
  const inputRate = new InputRate(16_000);
  expect(inputRate.convert(blob(48_000, 3))).toBeUndefined();
  expect(inputRate.convert(blob(48_000, 3_000))).toBeDefined();
});

test('two microphones with different rates do not affect each other', () => {
  const both = new InputRate(16_000);
  const alone = new InputRate(16_000);
  const pieces = [1_000, 700, 1_300];
  const mixed = pieces.map((samples) => {
    both.convert(blob(24_000, samples, -5_000));
    return both.convert(blob(48_000, samples, 1_000));
  });
  expect(mixed).toEqual(pieces.map((samples) => alone.convert(blob(48_000, samples, 1_000))));
});

test('of nine microphones the one that was heard least recently starts anew, and the memory of eight filters is counted', () => {
  const memory = new MemoryBudget(100_000_000);
  const inputRate = new InputRate(16_000, memory);
  const rates = Array.from({ length: 8 }, (_, index) => 47_999 - 2 * index);
  for (const rate of rates) inputRate.convert(blob(rate, 500, 1_000));
  const ofEight = memory.used;
  expect(ofEight).toBeGreaterThan(8 * 50_000);
  expect(ofEight).toBeLessThan(8 * 200_000);
  // The first is heard again, so that the second is the least recent.
  const [first = 0, second = 0] = rates;
  const goesOn = inputRate.convert(blob(first, 500, 1_000));
  inputRate.convert(blob(9_001, 500, 1_000));
  expect(memory.used).toBeLessThan(ofEight);
  expect(inputRate.convert(blob(first, 500, 1_000))).toEqual(goesOn);
  expect(inputRate.convert(blob(second, 500, 1_000))).not.toEqual(goesOn);
  inputRate.close();
  expect(memory.used).toBe(0);
});
