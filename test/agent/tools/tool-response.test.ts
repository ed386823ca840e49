import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toToolResponse } from '../../../src/agent/tools/tool-response.ts';
import { MAX_TOOL_RESULT_BYTES as MAX_RESULT_BYTES } from '../../../src/wire/tool-result.ts';
import { awkwardValues } from '../../wire/awkward-values.ts';

const LIMIT = /^The result is larger than 65536 bytes of JSON, the limit/;

function nestedObjects(depth: number): object {
  let value = {};
  for (let level = 1; level < depth; level += 1) value = { value };
  return value;
}

test('a result becomes what JSON makes of it, whatever its values are', () => {
  fc.assert(
    fc.property(
      fc.anything({ withDate: true, withBoxedValues: true, withSparseArray: true, withTypedArray: true }),
      (value) => {
        const json: unknown = JSON.parse(JSON.stringify({ value }));
        expect(JSON.stringify(toToolResponse({ value }))).toBe(JSON.stringify(json));
      },
    ),
    { numRuns: 500 },
  );
});

test('a response shares nothing with the result that it was made of', () => {
  const result = { list: [{ name: 'pear' }] };
  const response = toToolResponse(result);
  result.list.push({ name: 'late' });
  expect(response).toEqual({ list: [{ name: 'pear' }] });
});

test('a key __proto__ is a property like any other', () => {
  const response = toToolResponse(JSON.parse('{"__proto__":{"polluted":true}}'));
  expect(JSON.stringify(response)).toBe('{"__proto__":{"polluted":true}}');
  expect(Object.getPrototypeOf(response)).toBe(Object.prototype);
});

describe('a result is an error', () => {
  test('if its JSON has one byte more than the limit, counted in UTF-8, and not before', () => {
    const fitting = 'é'.repeat((MAX_RESULT_BYTES - 2) / 2);
    expect(toToolResponse(fitting)).toEqual({ result: fitting });
    expect(() => toToolResponse(`${fitting}x`)).toThrow(LIMIT);
  });

  test('if it has so many elements, properties or bytes that it is larger than the limit', () => {
    const elements = Array.from({ length: 32_768 }, () => 1);
    expect(() => toToolResponse(elements)).toThrow(LIMIT);
    expect(toToolResponse(elements.slice(1))).toBeDefined();
    expect(() => toToolResponse(Object.fromEntries(elements.map((_, index) => [`k${index}`, 1])))).toThrow(LIMIT);
    expect(() => toToolResponse(Buffer.alloc(1024 ** 3))).toThrow(LIMIT);
    expect(() => toToolResponse(new Array(4_000_000_000))).toThrow(LIMIT);
  });

  test('if it is nested deeper than 100 levels', () => {
    expect(toToolResponse(nestedObjects(100))).toEqual(nestedObjects(100));
    expect(() => toToolResponse(nestedObjects(101))).toThrow('nested deeper than 100 levels');
  });

  test('if its conversion takes too long, because its getters do', () => {
    const slow = {
      get value() {
        const end = performance.now() + 20;
        while (performance.now() < end);
        return 1;
      },
    };
    let reads = 0;
    const counted = new Proxy(slow, {
      get: (target, key) => {
        if (key === 'value') reads += 1;
        return Reflect.get(target, key);
      },
    });
    expect(() => toToolResponse(Array.from({ length: 1_000 }, () => counted))).toThrow(/longer than 2000 ms/);
    expect(reads).toBeLessThan(200);
  });
});

test.each(awkwardValues())('%s, anywhere in a result, is either converted or refused with an error', (_name, value) => {
  for (const result of [value, { value }, [value, value]]) {
    let response: unknown;
    try {
      response = toToolResponse(result);
    } catch {
      continue;
    }
    expect(Buffer.byteLength(JSON.stringify(response))).toBeLessThanOrEqual(MAX_RESULT_BYTES + 20);
  }
});
