import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { byteSize } from '../../../src/wire/byte-size.ts';
import { decodeAgentScopeItem } from '../../../src/wire/dialects/agentscope-items.ts';
import { decodePlainItem } from '../../../src/wire/dialects/plain-items.ts';
import { isWithinResultLimits, MAX_TOOL_RESULT_BYTES } from '../../../src/wire/tool-result.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { picture } from '../../picture.ts';

function refusalOf(item: unknown): WireError {
  try {
    decodePlainItem(item);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('the item was accepted');
}

describe('an item with the result of a tool', () => {
  test.each<[string, object, object]>([
    ['an object', { result: { lat: 52 } }, { lat: 52 }],
    ['a text', { result: 'Berlin' }, { result: 'Berlin' }],
    ['an array', { result: [1, null] }, { result: [1, null] }],
    ['null', { result: null }, { result: null }],
    ['false', { result: false }, { result: false }],
    ['an error', { error: 'denied' }, { error: 'denied' }],
    ['an error beside null', { error: 'denied', result: null }, { error: 'denied' }],
    ['a result beside null', { error: null, result: 1 }, { result: 1 }],
  ])('that is %s becomes the response that the model receives', (_what, outcome, response) => {
    expect(decodePlainItem({ tool_result: { id: 'c1', ...outcome } })).toEqual({
      tool_results: [{ id: 'c1', response }],
    });
  });

  test.each<[string, unknown]>([
    ['is no object', 'c1'],
    ['has no id', { result: 1 }],
    ['has an empty id', { id: '', result: 1 }],
    ['has an id that is no text', { id: 1, result: 1 }],
    ['has an id of 513 characters', { id: 'c'.repeat(513), result: 1 }],
    ['has neither result nor error', { id: 'c1' }],
    ['has a result and an error', { id: 'c1', result: 1, error: 'x' }],
    ['has an error that is no text', { id: 'c1', error: { message: 'x' } }],
    ['has an empty error', { id: 'c1', error: '' }],
    ['hides its fields in the prototype', JSON.parse('{"__proto__":{"id":"c1","result":1}}')],
  ])('is refused if it %s', (_what, tool_result) => {
    expect(refusalOf({ tool_result })).toMatchObject({ code: 'malformed_item' });
  });

  test('may have pictures, in each dialect, which are checked', () => {
    const data = picture('image/png');
    const decoded = { tool_results: [{ id: 'c1', response: { ok: true }, images: [{ mimeType: 'image/png', data }] }] };
    const images = [{ mime_type: 'image/png', data }];
    expect(decodePlainItem({ tool_result: { id: 'c1', result: { ok: true }, images } })).toEqual(decoded);
    const function_response = { id: 'c1', name: 'scan', response: { ok: true }, parts: [{ inline_data: images[0] }] };
    expect(decodePlainItem({ content: { parts: [{ function_response }] } })).toEqual(decoded);
    const source = { type: 'base64', media_type: 'image/png', data };
    const output = [
      { type: 'text', text: 'A cat' },
      { type: 'image', source },
    ];
    expect(decodeAgentScopeItem({ type: 'client_tool_result', id: 'c1', output }, 's1')).toEqual({
      tool_results: [{ ...decoded.tool_results[0], response: { result: 'A cat' } }],
    });
    expect(byteSize(decoded)).toBeGreaterThan(data.length);
  });

  test.each<[string, unknown, RegExp]>([
    ['are no list', { data: 'AAAA' }, /must be a list/],
    ['are too many', Array(5).fill({ mime_type: 'image/png', data: picture('image/png') }), /at most 4 pictures/],
    ['are a PDF', [{ mime_type: 'application/pdf', data: 'JVBERi0=' }], /application\/pdf/],
    ['are not base64', [{ mime_type: 'image/png', data: 'ä' }], /base64/],
    ['are null', [null], /must be/],
  ])('is refused if its pictures %s', (_what, images, reason) => {
    const refusal = refusalOf({ tool_result: { id: 'c1', result: 1, images } });
    expect(refusal.body()).toMatchObject({ code: 'malformed_item', error: expect.stringMatching(reason) });
  });

  test('is refused if an error has pictures, or a function_response has a file', () => {
    const images = [{ mime_type: 'image/png', data: picture('image/png') }];
    expect(refusalOf({ tool_result: { id: 'c1', error: 'x', images } })).toMatchObject({ code: 'malformed_item' });
    const parts = [{ file_data: { mime_type: 'image/png', file_uri: 'gs://bucket/secret.png' } }];
    const function_response = { id: 'c1', name: 'scan', response: {}, parts };
    expect(refusalOf({ content: { parts: [{ function_response }] } })).toMatchObject({ code: 'malformed_item' });
  });

  test('keeps a key called __proto__ as data, and changes no prototype', () => {
    const item = JSON.parse('{"tool_result":{"id":"__proto__","result":{"__proto__":{"polluted":true}}}}');
    const { tool_results } = decodePlainItem(item);
    expect(JSON.stringify(tool_results)).toBe('[{"id":"__proto__","response":{"__proto__":{"polluted":true}}}]');
    expect('polluted' in {}).toBe(false);
  });

  test('is refused above 64 KiB of JSON and above 100 levels, with a hint that says what to send', () => {
    const fitting = 'x'.repeat(MAX_TOOL_RESULT_BYTES - '{"result":""}'.length);
    expect(decodePlainItem({ tool_result: { id: 'c1', result: fitting } }).tool_results).toHaveLength(1);
    const refusal = refusalOf({ tool_result: { id: 'c1', result: `${fitting}x` } });
    expect(refusal).toMatchObject({ code: 'malformed_item', message: expect.stringContaining('65536 bytes') });
    expect(refusal.hint).toContain('send less');
    const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
    expect(decodePlainItem({ tool_result: { id: 'c1', result: nest(99) } }).tool_results).toHaveLength(1);
    expect(refusalOf({ tool_result: { id: 'c1', result: nest(100) } })).toMatchObject({ code: 'malformed_item' });
  });

  test('is counted with its values by the limits on waiting input', () => {
    const text = 'x'.repeat(10_000);
    expect(byteSize(decodePlainItem({ tool_result: { id: 'c1', result: text } }))).toBeGreaterThan(10_000);
  });
});

describe("results of functions in ADK's content", () => {
  test('become the results of their calls, in snake case and in camel case', () => {
    const parts = [
      { function_response: { id: 'c1', name: 'locate', response: { lat: 52 } } },
      { functionResponse: { id: 'c2', name: 'open', response: { error: 'denied' } } },
    ];
    expect(decodePlainItem({ content: { role: 'user', parts } })).toEqual({
      tool_results: [
        { id: 'c1', response: { lat: 52 } },
        { id: 'c2', response: { error: 'denied' } },
      ],
    });
  });

  test.each<[string, object[]]>([
    ['without an id', [{ function_response: { name: 'locate', response: {} } }]],
    ['without a response', [{ function_response: { id: 'c1', name: 'locate' } }]],
    ['that are no object', [{ function_response: 'c1' }]],
    ['beside a text', [{ function_response: { id: 'c1', response: {} } }, { text: 'hello' }]],
    ['behind a text', [{ text: 'hello' }, { function_response: { id: 'c1', response: {} } }]],
  ])('are refused %s', (_what, parts) => {
    expect(refusalOf({ content: { parts } })).toMatchObject({ code: 'malformed_item' });
  });
});

describe('the size of a result', () => {
  test('is that of its JSON text in UTF-8, for every value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'medium' }), fc.string({ unit: 'binary' }), (value, text) => {
        const padded = { value, text };
        const bytes = Buffer.byteLength(JSON.stringify(padded));
        // Fill up to the limit exactly, and then by one byte more.
        const filler = 'x'.repeat(Math.max(0, MAX_TOOL_RESULT_BYTES - bytes - ',"filler":""'.length));
        expect(isWithinResultLimits({ ...padded, filler })).toBe(true);
        expect(isWithinResultLimits({ ...padded, filler: `${filler}x` })).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

test('a request to respond has no content', () => {
  expect(decodePlainItem({ respond: {} })).toEqual({ respond: {} });
  expect(refusalOf({ respond: true })).toMatchObject({ code: 'malformed_item' });
});
