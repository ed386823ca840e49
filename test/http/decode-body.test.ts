import { describe, expect, test } from '@jest/globals';
import { decodeItems as decode, decodeRaw, parseJson } from '../../src/http/decode-body.ts';
import { byteSize } from '../../src/wire/byte-size.ts';
import { plainDialect } from '../../src/wire/dialects/plain.ts';
import { WireError } from '../../src/wire/wire-error.ts';

const text = (data: string) => ({ mime_type: 'text/plain', data });
const decodeItems = (items: unknown) => decode(items, { dialect: plainDialect, sessionId: 'default' });
const message = (value: string) => ({ content: { role: 'user', parts: [{ text: value }] } });

describe('decodeItems', () => {
  test('valid items become requests with their sizes', () => {
    expect(decodeItems([text('hello'), { close: true }])).toEqual({
      requests: [
        { request: message('hello'), bytes: byteSize({ ...message('hello') }) },
        { request: { close: true }, bytes: byteSize({ close: true }) },
      ],
    });
  });

  test('an invalid item makes a refusal in plain data, which names the index of the item', () => {
    const body = decodeItems([text('hello'), { mime_type: 'video/mp4', data: 'AAAA' }]);
    expect(body).toEqual({
      refusal: expect.objectContaining({ code: 'unsupported_mime_type', error: expect.stringMatching(/^Item 1: /) }),
    });
    expect(JSON.parse(JSON.stringify(body))).toEqual(body);
  });
});

describe('audio in an item', () => {
  const audio = (samples: number, rate = 47_999) => ({
    mime_type: `audio/pcm;rate=${rate}`,
    data: Buffer.alloc(2 * samples, 'speech').toString('base64'),
  });

  test('is cut into pieces of whole samples, none of which is longer than 31 kB', () => {
    const item = audio(1_500_001);
    const body = decodeItems([item, audio(100)]);
    const pieces = 'requests' in body ? body.requests.map(({ request }) => request.blob?.data ?? '') : [];
    expect(pieces.slice(0, -1).join('')).toBe(item.data);
    expect(pieces.at(-1)).toBe(audio(100).data);
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, 'base64').length;
      expect(bytes % 2).toBe(0);
      expect(bytes).toBeLessThanOrEqual(30_720);
    }
  });

  test('stays between the signs of activity before it and the message after it', () => {
    const blob = audio(40_000);
    const body = decodeItems({ activity_start: {}, blob, ...message('look'), close: true });
    const requests = 'requests' in body ? body.requests.map(({ request }) => request) : [];
    expect(requests.map(({ blob: _, ...others }) => others)).toEqual([
      { activity_start: {} },
      {},
      { ...message('look'), close: true },
    ]);
    expect(requests.map((request) => request.blob?.data).join('')).toBe(blob.data);
  });

  test('of more than 8 different rates is refused: each needs a filter', () => {
    const rates = (count: number) => Array.from({ length: 100 }, (_, index) => audio(10, 40_000 + (index % count)));
    expect(decodeItems(rates(8))).toHaveProperty('requests');
    expect(decodeItems(rates(9))).toEqual({
      refusal: expect.objectContaining({
        code: 'malformed_item',
        error: 'The audio of a body has at most 8 different sample rates',
      }),
    });
  });
});

describe('decodeRaw', () => {
  test('text becomes a message, without its byte order mark', () => {
    const body = decodeRaw(Buffer.from('\ufeffhello'), 'text/plain', 'text/plain');
    expect(body).toMatchObject({ requests: [{ request: message('hello') }] });
  });

  test('audio of more than a second is cut into pieces of 0.96 s', () => {
    const body = decodeRaw(Buffer.alloc(70_000), 'audio/pcm', 'audio/pcm;rate=16000');
    const lengths = 'requests' in body ? body.requests.map(({ request }) => request.blob?.data.length) : [];
    expect(lengths).toEqual([30_720, 30_720, 8_560].map((bytes) => Math.ceil(bytes / 3) * 4));
  });

  test.each([
    ['', 'text/plain', 'empty_body'],
    ['odd', 'audio/pcm', 'odd_pcm_length'],
    ['film', 'video/mp4', 'unsupported_mime_type'],
  ])('the body %j of %s is refused with %s', (body, type, code) => {
    expect(decodeRaw(Buffer.from(body), type, type)).toEqual({ refusal: expect.objectContaining({ code }) });
  });
});

test('parseJson throws for a body that is empty, not UTF-8, or not JSON', () => {
  expect(() => parseJson(Buffer.alloc(0))).toThrow(new WireError('empty_body'));
  expect(() => parseJson(Buffer.of(0xff))).toThrow(new WireError('invalid_utf8'));
  expect(() => parseJson(Buffer.from('{'))).toThrow(expect.objectContaining({ code: 'malformed_json' }));
  expect(parseJson(Buffer.from('\ufeff[1]'))).toEqual([1]);
});
