import { expect, test } from '@jest/globals';
import { isImage } from '../../src/wire/image.ts';
import { parseMimeType } from '../../src/wire/mime-type.ts';
import { WireError } from '../../src/wire/wire-error.ts';

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

test('isImage is true for JPEG, PNG and WebP only', () => {
  expect(['image/jpeg', 'image/png', 'image/webp'].every(isImage)).toBe(true);
  expect(['image/gif', 'image/svg+xml', 'image/jpeg;x', 'audio/pcm', ''].some(isImage)).toBe(false);
});

test('parseMimeType refuses a mime type of more than 256 characters, whatever it is made of', () => {
  expect(parseMimeType(`audio/pcm;x=${'y'.repeat(244)}`)).toEqual({ essence: 'audio/pcm', rate: undefined });
  for (const unit of ['y', ';', '=', ';rate=16000', ' ', '"', '\n']) {
    expect(() => parseMimeType(`audio/pcm;x=${unit.repeat(245)}`)).toThrow(
      expect.objectContaining({ code: 'unsupported_mime_type' } satisfies Partial<WireError>),
    );
  }
});
