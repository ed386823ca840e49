import { describe, expect, test } from '@jest/globals';
import {
  createToolOutput,
  listResultImages,
  MAX_RESULT_IMAGE_BYTES,
  MAX_RESULT_IMAGES,
  omitResultImages,
  readResultImages,
  toResultParts,
} from '../../src/wire/result-images.ts';
import { picture, pictureBytes } from '../picture.ts';

const PNG = { mimeType: 'image/png', data: picture('image/png') };
const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('the pictures of a result', () => {
  test('are read in camel case and in snake case, and nothing else of them is kept', () => {
    const given = [
      { ...PNG, secret: 1 },
      { mime_type: 'image/jpeg', data: picture('image/jpeg') },
    ];
    expect(readResultImages(given)).toEqual([PNG, { mimeType: 'image/jpeg', data: picture('image/jpeg') }]);
  });

  test('may be as large as the limit together, and not a byte larger', () => {
    const half = (extra = 0) => ({
      mimeType: 'image/png',
      data: picture('image/png', MAX_RESULT_IMAGE_BYTES / 2 + extra),
    });
    expect(readResultImages([half(), half()])).toHaveLength(2);
    expect(() => readResultImages([half(), half(1)])).toThrow(/at most 1048576 bytes together, not 1048577/);
  });

  test.each<[string, unknown, RegExp]>([
    ['that are no list', PNG, /images must be a list/],
    ['of which there are too many', Array(MAX_RESULT_IMAGES + 1).fill(PNG), /at most 4 pictures, not 5/],
    ['of which one is a PDF', [PNG, { mimeType: 'application/pdf', data: 'JVBERi0=' }], /not application\/pdf/],
    ['of which one is an animation', [{ mimeType: 'image/gif', data: 'R0lGODdh' }], /not image\/gif/],
    ['of which one is of another type than it says', [{ ...PNG, data: picture('image/jpeg') }], /image\/jpeg/],
    ['of which one is empty', [{ ...PNG, data: '' }], /not base64/],
    ['of which one is not base64', [{ ...PNG, data: `${PNG.data.slice(0, -1)}!` }], /not base64/],
    ['of which one has line breaks', [{ ...PNG, data: `${PNG.data}\n\n\n\n` }], /not base64/],
    ['of which one has no type', [{ data: PNG.data }], /must be \{mimeType, data\}/],
    ['of which one is a number', [1], /must be \{mimeType, data\}/],
    ['of which one is null', [null], /must be \{mimeType, data\}/],
    ['of which one is too large', [{ ...PNG, data: 'A'.repeat(100_000_000) }], /at most 1048576 bytes/],
  ])('%s are refused with the reason', (_what, given, reason) => {
    expect(() => readResultImages(given as readonly unknown[])).toThrow(TypeError);
    expect(() => readResultImages(given as readonly unknown[])).toThrow(reason);
  });

  test('may be given as bytes, also as a part of a larger buffer', () => {
    const bytes = pictureBytes('image/webp');
    const padded = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]).subarray(3, 3 + bytes.length);
    const output = createToolOutput({ response: 1, images: [{ mimeType: 'image/webp', data: padded }] }, encode);
    expect(output).toMatchObject({ result: 1, images: [{ mimeType: 'image/webp', data: picture('image/webp') }] });
  });

  test('are replaced by their number where they are not kept', () => {
    const response = { id: 'c1', name: 'draw', response: {}, ...toResultParts([PNG, PNG]) };
    expect(listResultImages(response)).toEqual([PNG, PNG]);
    const omitted = omitResultImages(response);
    expect(omitted).toEqual({ id: 'c1', name: 'draw', response: {}, pictures: 2 });
    expect(omitResultImages(omitted)).toBe(omitted);
  });
});
