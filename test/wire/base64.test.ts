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
