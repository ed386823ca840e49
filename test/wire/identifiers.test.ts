import { expect, test } from '@jest/globals';
import { DEFAULT_SESSION_ID, isId } from '../../src/wire/identifiers.ts';

test.each(['1', 'a', 'demo-user', 'ann@example.org', 'A.b_c-9', 'x'.repeat(128), DEFAULT_SESSION_ID])(
  'isId of %j is true',
  (text) => {
    expect(isId(text)).toBe(true);
  },
);

test.each(['', '-x', '.', '..', '_a', '@a', 'a/b', 'a b', 'a\n', 'ä', 'a%2fb', 'x'.repeat(129)])(
  'isId of %j is false',
  (text) => {
    expect(isId(text)).toBe(false);
  },
);
