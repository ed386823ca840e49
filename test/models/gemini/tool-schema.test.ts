import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { toJsonSchema, toOpenApiSchema } from '../../../src/models/gemini/tool-schema.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { modelAt } from './gemini-model.ts';

const convert = (schema: z.ZodType) => toOpenApiSchema(z.toJSONSchema(schema, { io: 'input' }), 'book');

describe('toOpenApiSchema', () => {
  test('a zod object becomes its properties, without $schema and additionalProperties', () => {
    const schema = z.strictObject({
      city: z.string().min(1).describe('Name of the city'),
      days: z.int().min(1).max(7).optional(),
      units: z.enum(['metric', 'imperial']),
    });
    expect(convert(schema)).toEqual({
      type: 'object',
      properties: {
        city: { type: 'string', minLength: 1, description: 'Name of the city' },
        days: { type: 'integer', minimum: 1, maximum: 7 },
        units: { type: 'string', enum: ['metric', 'imperial'] },
      },
      required: ['city', 'units'],
    });
  });

  test('null among the types, or among the alternatives, becomes nullable', () => {
    expect(toOpenApiSchema({ type: ['string', 'null'] }, 'book')).toEqual({ type: 'string', nullable: true });
    expect(convert(z.object({ note: z.string().nullable() })).properties).toEqual({
      note: { type: 'string', nullable: true },
    });
    expect(toOpenApiSchema({ type: ['string', 'integer'] }, 'book')).toEqual({
      anyOf: [{ type: 'string' }, { type: 'integer' }],
    });
  });

  test('a constant text becomes a list of one, and alternatives become anyOf', () => {
    const schema = z.object({
      by: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('card'), number: z.string() }),
        z.object({ kind: z.literal('cash') }),
      ]),
    });
    expect(convert(schema).properties).toMatchObject({
      by: {
        anyOf: [
          { properties: { kind: { type: 'string', enum: ['card'] } } },
          { properties: { kind: { type: 'string', enum: ['cash'] } } },
        ],
      },
    });
  });

  test('a reference is replaced by what it refers to', () => {
    const place = z.object({ name: z.string() }).meta({ id: 'Place' });
    expect(convert(z.object({ from: place, to: place })).properties).toEqual({
      from: expect.objectContaining({ type: 'object', properties: { name: { type: 'string' } } }),
      to: expect.objectContaining({ type: 'object', properties: { name: { type: 'string' } } }),
    });
  });

  test.each([
    ['a schema that refers to itself', { $ref: '#' }, '$ref'],
    ['a reference that leads nowhere', { $ref: '#/$defs/x' }, '$ref #/$defs/x'],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }] }, 'prefixItems'],
    ['a constant number', { const: 4 }, 'const'],
    ['a condition', { if: {} }, 'if'],
    ['keys by pattern', { type: 'object', patternProperties: { '^x': {} } }, 'patternProperties'],
    ['a negation', { type: 'object', properties: { a: { not: {} } } }, 'not'],
    ['nothing but null', { type: 'null' }, 'null'],
    ['a schema that allows nothing', { properties: { a: false } }, 'false'],
    ['a list that has no text', { properties: { a: [{ toString: false }] } }, '[{"toString":false}]'],
  ])('%s is refused, and the error names the tool and the keyword', (_case, schema, keyword) => {
    const refusal = expect.objectContaining({
      code: 'invalid_run_config',
      message: expect.stringContaining(`The tool book uses "${keyword}" in parameters`),
    });
    expect(() => toOpenApiSchema(schema, 'book')).toThrow(refusal);
    const tool = { type: 'function' as const, name: 'book', description: '', parameters: schema };
    const model = (name: string) => modelAt('http://127.0.0.1:1', { model: name });
    expect(() => model('gemini-live-2.5-flash').checkTools([tool])).toThrow(refusal);
    expect(() => model('gemini-3.8-live').checkTools([tool])).not.toThrow();
  });

  test('any JSON is converted or refused with invalid_run_config', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (schema) => {
        try {
          expect(JSON.stringify(toOpenApiSchema(schema, 'book'))).not.toMatch(
            /"(\$ref|oneOf|const|additionalProperties)":/,
          );
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          expect(error.code).toBe('invalid_run_config');
        }
      }),
    );
  });
});

test('toJsonSchema leaves out $schema only', () => {
  expect(toJsonSchema({ $schema: 'x', type: 'object', additionalProperties: false })).toEqual({
    type: 'object',
    additionalProperties: false,
  });
});
