import { describe, expect, test } from '@jest/globals';
import { describeError, toErrorDetails } from '../../src/wire/error-text.ts';
import { awkwardValues } from './awkward-values.ts';

describe('describeError', () => {
  test.each<[string, unknown, string]>([
    ['the message of an error', new Error('no network'), 'no network'],
    ['the message of an object', { message: 'no network' }, 'no network'],
    ['the name of an error without a message', new RangeError(), 'RangeError'],
    ['a text', 'no network', 'no network'],
    ['a number', 42, '42'],
    ['a symbol', Symbol('sign'), 'Symbol(sign)'],
    ['what toString returns', { toString: () => 'a sign' }, 'a sign'],
    ['the kind of undefined', undefined, 'unknown error (undefined)'],
    ['the kind of null', null, 'unknown error (null)'],
    ['the kind of an empty text', '', 'unknown error (empty text)'],
    ['the kind of an object that says nothing', {}, 'unknown error (object)'],
    ['the kind of an object without a prototype', Object.create(null), 'unknown error (object)'],
    ['the kind of a list', [1, 2], 'unknown error (object)'],
    ['the kind of a typed array', new Uint8Array(3), 'unknown error (object)'],
    ['the kind of a function', () => 1, 'unknown error (function)'],
  ])('returns %s', (_what, error, text) => {
    expect(describeError(error)).toBe(text);
  });

  test.each(awkwardValues())('returns a text of 1 to 2,000 characters for %s', (_name, value) => {
    const text = describeError(value);
    expect(text.length).toBeGreaterThan(0);
    expect(text.length).toBeLessThanOrEqual(2_000);
  });

  test('leaves no half of a surrogate pair where it cuts a text', () => {
    expect(describeError(`x${'😀'.repeat(2_000)}`)).toMatch(/😀…$/u);
  });
});

describe('toErrorDetails', () => {
  test('has the type, the message, the stack, the code and the cause of an error', () => {
    const cause = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED' });
    const error = new Error('no network', { cause });
    expect(toErrorDetails(error)).toEqual({
      type: 'Error',
      message: 'no network',
      stack: error.stack,
      cause: { type: 'TypeError', message: 'refused', stack: cause.stack, code: 'ECONNREFUSED' },
    });
  });

  test.each(awkwardValues())('returns less than 64 kB of plain data for %s', (_name, value) => {
    const details = toErrorDetails(value);
    expect(JSON.stringify(details).length).toBeLessThan(64_000);
    expect(structuredClone(details)).toEqual(details);
  });
});
