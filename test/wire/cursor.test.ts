import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatCursor, parseCursor } from '../../src/wire/cursor.ts';

const epochs = fc.stringMatching(/^[A-Za-z0-9_-]{16,128}$/);
const frames = fc.option(fc.integer({ min: 0, max: 999_999 }), { nil: undefined });

test('parseCursor returns the cursor that formatCursor formatted', () => {
  fc.assert(
    fc.property(epochs, fc.integer({ min: 0, max: 999_999_999_999_999 }), frames, (epoch, seq, k) => {
      expect(parseCursor(formatCursor(epoch, seq, k))).toEqual({ epoch, seq, frames: k });
    }),
  );
});

test('formatCursor writes <epoch>.<seq>, followed by -<k> if the reader has only k frames of the entry', () => {
  expect(formatCursor('AAAAAAAAAAAAAAAA', 12)).toBe('AAAAAAAAAAAAAAAA.12');
  expect(formatCursor('AAAAAAAAAAAAAAAA', 12, 3)).toBe('AAAAAAAAAAAAAAAA.12-3');
});

test.each([
  '',
  'AAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAA.',
  'AAAAAAAAAAAAAAAA.-1',
  'AAAAAAAAAAAAAAAA.1-',
  'AAAAAAAAAAAAAAAA.1.2',
  'AAAAAAAAAAAAAAAA.1-2-3',
  'AAAAAAAAAAAAAAAA.1e3',
  'AAAAAAAAAAAAAAAA.1 ',
  'AAAAAAAAAAAAAAAA.1\n',
  ' AAAAAAAAAAAAAAAA.1',
  'AAAAAAAAAAAAAAAA.1234567890123456',
  'tooshort.1',
  `${'A'.repeat(129)}.1`,
  'ÄAAAAAAAAAAAAAAA.1',
])('parseCursor of %j is undefined', (text) => {
  expect(parseCursor(text)).toBeUndefined();
});

test('parseCursor of any text returns undefined or a cursor with this text', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[A-Z]{14,18}\.[0-9-]{0,5}$/));
  fc.assert(
    fc.property(text, (any) => {
      const cursor = parseCursor(any);
      if (cursor) expect(parseCursor(formatCursor(cursor.epoch, cursor.seq, cursor.frames))).toEqual(cursor);
    }),
  );
});
