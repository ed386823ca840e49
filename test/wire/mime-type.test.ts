import { expect, test } from '@jest/globals';
import { WireError } from '../../src/wire/error-catalogue.ts';
import { isImage } from '../../src/wire/image.ts';
import { parseMimeType } from '../../src/wire/mime-type.ts';

test.each([
  ['audio/pcm', 'audio/pcm', undefined],
  ['audio/pcm;rate=24000', 'audio/pcm', 24_000],
  [' Audio/PCM ; Rate = 8000 ', 'audio/pcm', 8_000],
  ['audio/pcm; charset=x; rate=48000', 'audio/pcm', 48_000],
  ['audio/pcm;rate="24000"', 'audio/pcm', 24_000],
  ['image/png', 'image/png', undefined],
  ['', '', undefined],
])('parseMimeType of %j is %j at %s Hz', (text, essence, rate) => {
  expect(parseMimeType(text)).toEqual({ essence, rate });
});

test.each(['7999', '48001', '0', '-16000', '16000.5', 'fast', '', 'Infinity'])(
  'parseMimeType with rate=%s throws invalid_sample_rate',
  (rate) => {
    expect(() => parseMimeType(`audio/pcm;rate=${rate}`)).toThrow(
      expect.objectContaining({ code: 'invalid_sample_rate' } satisfies Partial<WireError>),
    );
  },
);

test('parseMimeType with a rate that has no value throws invalid_sample_rate', () => {
  expect(() => parseMimeType('audio/pcm;rate')).toThrow(WireError);
});

test('isImage knows jpeg, png and webp, and nothing else', () => {
  expect(['image/jpeg', 'image/png', 'image/webp'].every(isImage)).toBe(true);
  expect(['image/gif', 'image/svg+xml', 'image/jpeg;x', 'audio/pcm', ''].some(isImage)).toBe(false);
});
