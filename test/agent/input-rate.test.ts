import { expect, test } from '@jest/globals';
import { createInputRate } from '../../src/agent/input-rate.ts';

const blob = (rate: number, samples: number, value = 0) => ({
  mime_type: `audio/pcm;rate=${rate}`,
  data: Buffer.from(new Int16Array(samples).fill(value).buffer).toString('base64'),
});

test('audio of the rate that is wanted passes as it is', () => {
  const audio = blob(16_000, 1_600);
  expect(createInputRate(16_000).convert(audio)).toBe(audio);
});

test('audio that names no rate has the one that is wanted', () => {
  const { data } = blob(16_000, 8);
  expect(createInputRate(16_000).convert({ mime_type: 'audio/pcm', data })).toEqual({
    mime_type: 'audio/pcm;rate=16000',
    data,
  });
});

test.each([8_000, 24_000, 44_100, 48_000])(
  'audio of %i Hz comes as long as it was, at 16 kHz, in pieces of any size',
  (rate) => {
    const inputRate = createInputRate(16_000);
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

test('a piece that is too short to make a sample of gives nothing, and is not lost', () => {
  const inputRate = createInputRate(16_000);
  expect(inputRate.convert(blob(48_000, 3))).toBeUndefined();
  expect(inputRate.convert(blob(48_000, 3_000))).toBeDefined();
});

test('two microphones at once, of different rates, each keep their own thread', () => {
  const both = createInputRate(16_000);
  const alone = createInputRate(16_000);
  const pieces = [1_000, 700, 1_300];
  const mixed = pieces.map((samples) => {
    both.convert(blob(24_000, samples, -5_000));
    return both.convert(blob(48_000, samples, 1_000));
  });
  expect(mixed).toEqual(pieces.map((samples) => alone.convert(blob(48_000, samples, 1_000))));
});
