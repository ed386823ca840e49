import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeItemList } from '../../../src/wire/dialects/item-list.ts';
import { plainDialect } from '../../../src/wire/dialects/plain.ts';
import { createBlobRequest, createTextRequest } from '../../../src/wire/dialects/plain-items.ts';
import type { ErrorCode } from '../../../src/wire/error-catalogue.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { picture } from '../../picture.ts';

const PICTURE = { mime_type: 'image/png', data: picture('image/png') };

const PCM = Buffer.from([1, 0, 2, 0, 3, 0]).toString('base64');

const decode = (body: unknown) => decodeItemList(plainDialect, 'default', body);

function errorOf(action: () => unknown): WireError {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('an item of the samples', () => {
  test('with text/plain becomes content of the user', () => {
    expect(decode({ mime_type: 'text/plain', data: 'hello' })).toEqual([
      { content: { role: 'user', parts: [{ text: 'hello' }] } },
    ]);
    expect(decode({ mime_type: ' Text/Plain; charset=utf-8', data: ' hi ' })).toEqual([
      { content: { role: 'user', parts: [{ text: ' hi ' }] } },
    ]);
  });

  test('with audio/pcm without a rate becomes a 16 kHz blob with the same base64', () => {
    expect(decode({ mime_type: 'audio/pcm', data: PCM })).toEqual([
      { blob: { mime_type: 'audio/pcm;rate=16000', data: PCM } },
    ]);
  });

  test('with audio/pcm and a rate keeps the rate', () => {
    expect(decode({ mime_type: 'Audio/PCM; Rate=48000', data: PCM })).toEqual([
      { blob: { mime_type: 'audio/pcm;rate=48000', data: PCM } },
    ]);
  });

  test.each(['image/jpeg', 'image/png', 'image/webp'] as const)(
    '%s becomes a blob, whatever its length',
    (mime_type) => {
      for (const bytes of [31, 32, 33]) {
        const data = picture(mime_type, bytes);
        expect(decode({ mime_type, data })).toEqual([{ blob: { mime_type, data } }]);
      }
    },
  );
});

describe('a LiveRequest', () => {
  test('with several texts becomes content of the user, whatever role it names', () => {
    expect(decode({ content: { role: 'model', parts: [{ text: 'a' }, { text: '' }] } })).toEqual([
      { content: { role: 'user', parts: [{ text: 'a' }, { text: '' }] } },
    ]);
  });

  test('with text and pictures keeps both, in snake case and camel case', () => {
    const { mime_type: mimeType, data } = PICTURE;
    const parts = [{ inlineData: { mimeType, data } }, { text: 'What is it?' }];
    expect(decode({ content: { parts: [{ inline_data: PICTURE }, { text: 'What is it?' }] } })).toEqual([
      { content: { role: 'user', parts } },
    ]);
    expect(decode({ content: { parts } })).toEqual([{ content: { role: 'user', parts } }]);
  });

  test('with partial content stays partial', () => {
    const content = { role: 'user', parts: [{ text: 'I like ' }] };
    expect(decode({ content, partial: true })).toEqual([{ content, partial: true }]);
    expect(decode({ content, partial: false })).toEqual([{ content }]);
  });

  test('with a picture and no text is rejected, and the error says that text is missing', () => {
    expect(() => decode({ content: { parts: [{ inline_data: PICTURE }] } })).toThrow(
      'The message has a picture and no words',
    );
  });

  test('with a blob is accepted in snake case and camel case', () => {
    const blob = { mime_type: 'audio/pcm;rate=8000', data: PCM };
    expect(decode({ blob })).toEqual([{ blob }]);
    expect(decode({ blob: { mimeType: 'audio/pcm;rate=8000', data: PCM } })).toEqual([{ blob }]);
  });

  test.each([
    [{ activity_start: {} }, { activity_start: {} }],
    [{ activity_end: { any: 1 } }, { activity_end: {} }],
    [{ audio_stream_end: true }, { audio_stream_end: true }],
    [{ close: true }, { close: true }],
  ])('%j becomes %j', (item, request) => {
    expect(decode(item)).toEqual([request]);
  });

  test('ignores fields that are null or false, as ADK writes them', () => {
    const item = {
      content: null,
      blob: { mime_type: 'audio/pcm', data: PCM },
      activity_start: null,
      activity_end: null,
      audio_stream_end: false,
      close: false,
    };
    expect(decode(item)).toEqual([{ blob: { mime_type: 'audio/pcm;rate=16000', data: PCM } }]);
  });

  test('with several fields becomes one request', () => {
    expect(decode({ activity_start: {}, blob: { mime_type: 'audio/pcm', data: PCM }, activity_end: {} })).toEqual([
      { activity_start: {}, activity_end: {}, blob: { mime_type: 'audio/pcm;rate=16000', data: PCM } },
    ]);
  });
});

test.each([
  [{ interrupt: {} }, {}],
  [{ interrupt: { played_ms: 0 } }, { played_ms: 0 }],
  [{ interrupt: { played_ms: 1234.5 } }, { played_ms: 1234.5 }],
])('%j becomes an interruption', (item, interrupt) => {
  expect(decode(item)).toEqual([{ interrupt }]);
});

test('decodeItemList returns the requests of an array in order, and none for an empty array', () => {
  expect(decode([{ activity_start: {} }, { mime_type: 'text/plain', data: 'x' }, { interrupt: {} }])).toEqual([
    { activity_start: {} },
    { content: { role: 'user', parts: [{ text: 'x' }] } },
    { interrupt: {} },
  ]);
  expect(decode([])).toEqual([]);
});

describe('an invalid item is rejected', () => {
  const audio = (data: unknown, mime_type: unknown = 'audio/pcm') => ({ mime_type, data });
  const bad: [string, unknown, ErrorCode][] = [
    ['a number', 7, 'malformed_item'],
    ['null', null, 'malformed_item'],
    ['a string', 'hello', 'malformed_item'],
    ['an object of no known shape', { text: 'hello' }, 'malformed_item'],
    ['an empty object', {}, 'malformed_item'],
    ['data without mime_type', { data: 'hello' }, 'missing_mime_type'],
    ['mime_type that is no string', audio(PCM, 5), 'missing_mime_type'],
    ['mime_type without data', { mime_type: 'text/plain' }, 'malformed_item'],
    ['data that is no string', audio([1, 2]), 'malformed_item'],
    ['an unknown mime type', audio('AAAA', 'video/mp4'), 'unsupported_mime_type'],
    ['an unknown image type', audio('AAAA', 'image/gif'), 'unsupported_mime_type'],
    ['an unknown mime type with data that is no base64', audio('?', 'video/mp4'), 'unsupported_mime_type'],
    ['a rate out of range', audio(PCM, 'audio/pcm;rate=96000'), 'invalid_sample_rate'],
    ['data that is no base64', audio('AAA?'), 'invalid_base64'],
    ['base64 without its padding', audio('AAA'), 'invalid_base64'],
    ['base64 with a line break', audio('AAAA\nAAAA'), 'invalid_base64'],
    ['base64 of the URL alphabet', audio('-_-_AAAA'), 'invalid_base64'],
    ['an image that is no base64', audio('<svg/>', 'image/png'), 'invalid_base64'],
    ['an odd number of audio bytes', audio('AAAA'), 'odd_pcm_length'],
    ['no audio at all', audio(''), 'empty_body'],
    ['an empty image', audio('', 'image/png'), 'empty_body'],
    ['an unknown mime type with nothing', audio('', 'video/mp4'), 'unsupported_mime_type'],
    ['empty text', audio('', 'text/plain'), 'empty_body'],
    ['text of nothing but white space', audio(' \n\t', 'text/plain'), 'empty_body'],
    ['content that is a string', { content: 'hello' }, 'malformed_item'],
    ['content without parts', { content: { parts: [] } }, 'malformed_item'],
    ['a part of neither text nor data', { content: { parts: [{ file_data: {} }] } }, 'malformed_item'],
    ['a part whose data has no mime type', { content: { parts: [{ inline_data: {} }] } }, 'missing_mime_type'],
    ['content of more than 100 parts', { content: { parts: Array(101).fill({ text: 'a' }) } }, 'malformed_item'],
    ['audio inside a message', { content: { parts: [{ inline_data: audio(PCM) }] } }, 'malformed_item'],
    ['a picture inside a message without words', { content: { parts: [{ inline_data: PICTURE }] } }, 'empty_body'],
    ['a JPEG that is called PNG', audio(picture('image/jpeg'), 'image/png'), 'unsupported_mime_type'],
    ['a PNG that is called WebP', audio(picture('image/png'), 'image/webp'), 'unsupported_mime_type'],
    ['an image of nothing', audio('AAAAAAAA', 'image/jpeg'), 'unsupported_mime_type'],
    ['an image of more than 7 MiB', audio(picture('image/jpeg', 7 * 1024 * 1024 + 1), 'image/jpeg'), 'body_too_large'],
    ['content of nothing but white space', { content: { parts: [{ text: ' ' }, { text: '' }] } }, 'empty_body'],
    ['blob without mime_type', { blob: { data: PCM } }, 'missing_mime_type'],
    ['blob that is a string', { blob: PCM }, 'missing_mime_type'],
    ['blob of text', { blob: { mime_type: 'text/plain', data: 'hello' } }, 'malformed_item'],
    ['activity_start that is no object', { activity_start: false }, 'malformed_item'],
    ['activity_end that is no object', { activity_end: 1 }, 'malformed_item'],
    ['audio_stream_end that is no boolean', { audio_stream_end: 'yes' }, 'malformed_item'],
    ['partial that is no boolean', { content: { parts: [{ text: 'a' }] }, partial: 1 }, 'malformed_item'],
    ['close that is no boolean', { close: 1 }, 'malformed_item'],
    ['a negative played_ms', { interrupt: { played_ms: -1 } }, 'malformed_item'],
    ['played_ms that is no number', { interrupt: { played_ms: '5' } }, 'malformed_item'],
  ];

  test.each(bad)('%s', (_what, item, code) => {
    expect(errorOf(() => decode(item)).code).toBe(code);
  });

  test.each(bad)('%s, second in an array, with its index in the text', (_what, item, code) => {
    const error = errorOf(() => decode([{ close: false, activity_end: {} }, item, { data: 1 }]));
    expect(error.code).toBe(code);
    expect(error.message).toBe(`Item 1: ${errorOf(() => decode(item)).message}`);
    expect(error.hint).toBe(errorOf(() => decode(item)).hint);
  });
});

test.each([
  { type: 'text', text: 'hello' },
  { type: 'client_text_append', text: 'hello' },
  { type: 'image', data: PCM },
])('the refusal of %j, a message of another dialect, says how to ask for the dialect', (item) => {
  expect(errorOf(() => decode(item))).toMatchObject({
    code: 'malformed_item',
    message: 'An item with a type is not of the plain dialect',
    hint: expect.stringContaining('dialect=adk or dialect=agentscope'),
  });
});

test('decodeItemList accepts an array of 1,000 items and rejects a longer one', () => {
  expect(decode(Array.from({ length: 1000 }, () => ({ activity_end: {} })))).toHaveLength(1000);
  const error = errorOf(() => decode(Array.from({ length: 1001 }, () => ({ activity_end: {} }))));
  expect(error.code).toBe('malformed_item');
  expect(error.message).toContain('1000');
});

test('the error for an unsupported mime type has the wording of the samples and names the type, cut to 100 characters', () => {
  expect(errorOf(() => decode({ mime_type: 'video/mp4', data: '' })).message).toBe(
    'Mime type not supported: video/mp4',
  );
  expect(errorOf(() => createBlobRequest('x'.repeat(5000), '')).message).toBe(
    `Mime type not supported: ${'x'.repeat(100)}`,
  );
});

test('createTextRequest and createBlobRequest return the same requests as JSON items with the same data', () => {
  expect([createTextRequest('hi')]).toEqual(decode({ mime_type: 'text/plain', data: 'hi' }));
  expect([createBlobRequest('audio/pcm', PCM)]).toEqual(decode({ mime_type: 'audio/pcm', data: PCM }));
});

test('decodeItemList of any JSON returns requests or throws a WireError', () => {
  const key = fc.constantFrom(
    ...['mime_type', 'data', 'content', 'parts', 'text', 'blob', 'activity_start', 'close', 'interrupt', 'played_ms'],
  );
  const nearly = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -1,
        '',
        'hello',
        'text/plain',
        'audio/pcm',
        'audio/pcm;rate=9',
        'AAA=',
        'A',
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), nearly, fc.array(nearly)), (body) => {
      try {
        for (const request of decode(body)) expect(Object.keys(request).length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
    { numRuns: 2_000 },
  );
});
