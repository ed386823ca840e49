import { expect, test } from '@jest/globals';
import { keepEnd } from '../../src/wire/keep-end.ts';

test('keepEnd returns a text unchanged up to twice the length, and its end of that length beyond', () => {
  expect(keepEnd('abcd', 2)).toBe('abcd');
  expect(keepEnd('abcde', 2)).toBe('de');
});
