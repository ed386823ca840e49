import { expect, test } from '@jest/globals';
import { byteSize, REQUEST_BYTES, sumBytes, toSizedRequest } from '../../src/wire/byte-size.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { textBytes } from '../../src/wire/text-bytes.ts';

/** What a part of a message costs beside its data. */
const PART = 64;

test.each<[string, LiveRequest, number]>([
  ['a sign of activity', { activity_start: {} }, 0],
  ['a chunk of audio', { blob: { mime_type: 'audio/pcm', data: 'A'.repeat(400) } }, 400],
  ['a text of several parts', { content: { parts: [{ text: 'abc' }, { text: 'de' }] } }, 2 * PART + 10],
  ['a message of a hundred empty parts', { content: { parts: Array(100).fill({ text: '' }) } }, 100 * PART],
  [
    'an image in a message',
    { content: { parts: [{ text: 'abc' }, { inlineData: { mimeType: 'image/png', data: 'A'.repeat(40) } }] } },
    2 * PART + 46,
  ],
  [
    'audio beside a message',
    { blob: { mime_type: 'audio/pcm', data: 'AAAA' }, content: { parts: [{ text: 'a' }] } },
    PART + 6,
  ],
])('the size of %s is what its objects and its data take', (_what, request, bytes) => {
  expect(byteSize(request)).toBe(REQUEST_BYTES + bytes);
  expect(toSizedRequest(request)).toEqual({ request, bytes: REQUEST_BYTES + bytes });
});

test('a character of a long text counts as one byte, unless the text has a character that needs two', () => {
  expect(textBytes('é'.repeat(10_000))).toBe(10_000);
  expect(textBytes(`${'a'.repeat(9_999)}€`)).toBe(20_000);
});

test('sumBytes adds the sizes of several requests, and is 0 for none', () => {
  expect(sumBytes([])).toBe(0);
  expect(sumBytes([toSizedRequest({ activity_end: {} }), { request: {}, bytes: 7 }])).toBe(REQUEST_BYTES + 7);
});
