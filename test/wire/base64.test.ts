import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { base64ByteLength, isBase64 } from '../../src/wire/base64.ts';

test('isBase64 of any bytes that Buffer encoded is true, and base64ByteLength counts them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect(isBase64(text)).toBe(true);
      expect(base64ByteLength(text)).toBe(bytes.length);
    }),
  );
});

test('isBase64 of any text is true exactly if Buffer reads all of it', () => {
  const nearly = fc.stringMatching(/^[Aa9+/=_ -]{0,13}$/);
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' })), (text) => {
      const again = Buffer.from(text, 'base64').toString('base64');
      // What Buffer read says it all, but for the unused bits of the last character. It reads base64url, too.
      const allButLast = (encoded: string) => encoded.replace(/.(=*)$/, '?$1');
      expect(isBase64(text)).toBe(allButLast(again) === allButLast(text) && !/[-_]/.test(text));
    }),
    { numRuns: 1_000 },
  );
});

test.each(['A', 'AAA', 'A===', '====', 'AA=A', 'AAAA\n', 'AA AA', '-_-_', 'data:audio/pcm;base64,AAAA'])(
  'isBase64 of %j is false',
  (text) => {
    expect(isBase64(text)).toBe(false);
  },
);

test.each([16_380, 16_384, 16_388, 40_000])(
  'isBase64 of %d characters is false if a space is among them, or padding before the end',
  (length) => {
    const text = 'A'.repeat(length);
    expect(isBase64(text)).toBe(true);
    for (const at of [0, 4, length >> 1, length - 1])
      expect(isBase64(`${text.slice(0, at)} ${text.slice(at + 1)}`)).toBe(false);
    for (const at of [4, 8_192, 16_376, length - 4])
      expect(isBase64(`${text.slice(0, at - 2)}==${text.slice(at)}`)).toBe(false);
    expect(isBase64(`${text.slice(0, 16_382)}==${text.slice(16_384)}`)).toBe(length === 16_384);
  },
);
