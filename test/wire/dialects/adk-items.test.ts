import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adkDialect } from '../../../src/wire/dialects/adk.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { picture } from '../../picture.ts';

const decode = (item: unknown) => adkDialect.decodeItem(item, 'default');
const JPEG = picture('image/jpeg');

function refusalOf(item: unknown): WireError {
  try {
    decode(item);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('the item was accepted');
}

describe('a message of bidi-demo', () => {
  test.each<[unknown, unknown]>([
    [{ type: 'text', text: 'hello' }, { content: { role: 'user', parts: [{ text: 'hello' }] } }],
    [{ type: 'image', data: JPEG, mimeType: 'image/jpeg' }, { blob: { mime_type: 'image/jpeg', data: JPEG } }],
    [{ type: 'image', data: JPEG }, { blob: { mime_type: 'image/jpeg', data: JPEG } }],
    [{ type: 'audio', data: 'AAA=' }, { blob: { mime_type: 'audio/pcm;rate=16000', data: 'AAA=' } }],
    [
      { type: 'audio', data: 'AAA=', mime_type: 'audio/pcm;rate=24000' },
      { blob: { mime_type: 'audio/pcm;rate=24000', data: 'AAA=' } },
    ],
    [{ type: 'activity_start' }, { activity_start: {} }],
    [{ type: 'activity_end' }, { activity_end: {} }],
  ])('%j is the request %j', (item, request) => {
    expect(decode(item)).toEqual(request);
  });
});

describe('a LiveRequest', () => {
  test.each<[unknown, unknown]>([
    [{ content: { parts: [{ text: 'hi' }] } }, { content: { role: 'user', parts: [{ text: 'hi' }] } }],
    [
      { blob: { mime_type: 'audio/pcm;rate=16000', data: 'AAA=' } },
      { blob: { mime_type: 'audio/pcm;rate=16000', data: 'AAA=' } },
    ],
    [
      { blob: { mimeType: 'audio/pcm', data: '-_8' }, activityStart: {} },
      { blob: { mime_type: 'audio/pcm;rate=16000', data: '+/8=' }, activity_start: {} },
    ],
    [{ activity_end: {} }, { activity_end: {} }],
    [{ activityEnd: {}, content: null, close: false }, { activity_end: {} }],
    [{ audioStreamEnd: true }, { audio_stream_end: true }],
    [{ audio_stream_end: true }, { audio_stream_end: true }],
    [{ close: true }, { close: true }],
    [
      { content: { parts: [{ functionResponse: { id: 'c1', name: 'f', response: { result: 1 } } }] } },
      { tool_results: [{ id: 'c1', response: { result: 1 } }] },
    ],
    [{ interrupt: { played_ms: 10 } }, { interrupt: { played_ms: 10 } }],
    [{ tool_result: { id: 'c1', result: 1 } }, { tool_results: [{ id: 'c1', response: { result: 1 } }] }],
    [{ respond: {} }, { respond: {} }],
  ])('%j is the request %j', (item, request) => {
    expect(decode(item)).toEqual(request);
  });
});

test.each<[unknown, RegExp]>([
  [{ mime_type: 'text/plain', data: 'hi' }, /plain dialect/],
  [{ type: 'video', session_id: 's', data: 'hi' }, /"video" is unknown/],
  [{ type: 7 }, /^The type of the message is unknown/],
  [{ type: 'text', text: 7 }, /^text must be a string/],
  [{ type: 'image', data: 'AAA=', mimeType: 'audio/pcm' }, /^The mimeType of a message with the type image/],
  [{ type: 'audio', data: JPEG, mimeType: 'image/jpeg' }, /^The mimeType of a message with the type audio/],
  [{}, /no field of a LiveRequest/],
  ['hello', /must be a JSON object/],
  [[], /must be a JSON object/],
])('%j is refused as malformed_item with words', (item, words) => {
  const { code, message, hint } = refusalOf(item);
  expect(code).toBe('malformed_item');
  expect(message).toMatch(words);
  expect(hint).toContain('{"type":"text","text":"hello"}');
});

test('a ClientEvent of AgentScope is refused with words about the first one, which the page has left out', () => {
  const { message, hint } = refusalOf({ type: 'client_text_append', session_id: 's', text: 'hi' });
  expect(message).toMatch(/"client_text_append" is unknown/);
  expect(hint).toBe('send client_session_create first, or open the connection with dialect=agentscope');
});

test.each<[unknown, string]>([
  [{ type: 'text', text: ' ' }, 'empty_body'],
  [{ type: 'audio', data: 'AAAA' }, 'odd_pcm_length'],
  [{ type: 'audio', data: 'A!A=' }, 'invalid_base64'],
  [{ type: 'image', data: JPEG, mimeType: 'video/mp4' }, 'unsupported_mime_type'],
  [{ blob: { mime_type: 'audio/pcm;rate=1', data: 'AAA=' } }, 'invalid_sample_rate'],
])('%j is refused with %s', (item, code) => {
  expect(refusalOf(item).code).toBe(code);
});

test('any JSON value is decoded or refused, and never breaks the decoder', () => {
  const keys = ['type', 'text', 'data', 'mimeType', 'blob', 'content', 'activityStart', 'close', 'parts', 'interrupt'];
  const value = fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.jsonValue(), fc.constantFrom('text', 'image')));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), value), (item) => {
      try {
        decode(item);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
  );
});
