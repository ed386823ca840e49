import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../src/http/decode-body.ts';
import { hasTooManyValues, MAX_JSON_VALUES } from '../../src/http/json-complexity.ts';

const MEBIBYTE = 1024 * 1024;
/** Text that is longer than any body without a check. */
const LONG = 'x'.repeat(3 * MAX_JSON_VALUES);

/** Pads a JSON value with a long string, so that the text is checked. */
const pad = (json: string) => Buffer.from(`[${JSON.stringify(LONG)},${json}]`);

describe('hasTooManyValues', () => {
  test('is false for a body of 1,000 items, and for audio and text as large as a body can be', () => {
    const item = { content: { role: 'user', parts: [{ text: 'x'.repeat(3_000) }] } };
    expect(hasTooManyValues(Buffer.from(JSON.stringify(Array(1_000).fill(item))))).toBe(false);
    for (const data of ['A'.repeat(4 * MEBIBYTE), ',[{'.repeat(MEBIBYTE), '\\",["'.repeat(MEBIBYTE)]) {
      expect(hasTooManyValues(Buffer.from(JSON.stringify({ mime_type: 'text/plain', data })))).toBe(false);
    }
  });

  test.each<[string, string]>([
    ['empty objects', `[${'{},'.repeat(MEBIBYTE)}{}]`],
    ['empty arrays', `[${'[],'.repeat(MEBIBYTE)}[]]`],
    ['nested arrays', '['.repeat(MEBIBYTE)],
    ['nested objects', '{"a":'.repeat(MEBIBYTE / 4)],
    ['numbers', `[${'1,'.repeat(MEBIBYTE)}1]`],
    ['fields', `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
    ['strings that end in a backslash', `[${'"\\\\",'.repeat(MEBIBYTE / 4)}1]`],
  ])('is true for %s, which are refused before they are parsed', (_what, text) => {
    expect(hasTooManyValues(Buffer.from(text))).toBe(true);
    expect(() => parseJson(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'malformed_json' }));
  });

  test('counts the values outside of strings, whatever the strings contain', () => {
    const strings = fc.array(fc.oneof(fc.string(), fc.constantFrom('"', '\\', '\\"', '",[{', '\\\\"')), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(strings, fc.boolean(), (texts, tooMany) => {
        const others = tooMany ? MAX_JSON_VALUES : MAX_JSON_VALUES - texts.length - 10;
        const json = `[${texts.map((text) => `${JSON.stringify(text)},`).join('')}${'1,'.repeat(others)}1]`;
        expect(hasTooManyValues(pad(json))).toBe(tooMany);
      }),
      { numRuns: 50 },
    );
  });

  test('ends at the end of a text that breaks off in a string', () => {
    expect(hasTooManyValues(Buffer.from(`["${LONG}`))).toBe(false);
    expect(hasTooManyValues(Buffer.from(`["${LONG}\\"\\`))).toBe(false);
  });
});
