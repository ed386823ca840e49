import { isRecord } from '../../wire/record.ts';
import { WireError } from '../../wire/wire-error.ts';

/** Maximum depth of a schema. A schema that refers to itself has no end. */
const MAX_DEPTH = 32;

/**
 * Keywords that the OpenAPI subset of Gemini has.
 * @see Schema in @google/genai; https://ai.google.dev/api/caching#Schema
 */
const SUPPORTED = new Set([
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'items',
  'minItems',
  'maxItems',
  'properties',
  'required',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'anyOf',
  'default',
]);
/** Keywords that only describe, or that tell the model nothing: leaving them out makes no call wrong that our own check would not refuse. */
const DROPPED = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'additionalProperties',
  'examples',
  'readOnly',
  'writeOnly',
  'deprecated',
  'uniqueItems',
  'multipleOf',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'contentEncoding',
  'contentMediaType',
  'propertyNames',
]);

/**
 * Converts the JSON schema of a function's parameters to the subset of OpenAPI that Gemini 2.5 and extended thinking read. Arguments are checked
 * against the full schema when a call arrives, so that keywords which only narrow a value may be left out.
 * @param tool name of the function, for the error
 * @throws {WireError} invalid_run_config, if the schema has a keyword that changes what a valid call is and that the subset cannot express
 */
export function toOpenApiSchema(schema: unknown, tool: string): Record<string, unknown> {
  return new OpenApiConverter(schema, tool).convert(schema, 'parameters', 0);
}

/**
 * Prepares a JSON schema for models that read JSON schemas.
 * @returns the schema without `$schema`, which these models do not know
 */
export function toJsonSchema(schema: unknown): unknown {
  if (!isRecord(schema)) return schema;
  const { $schema: _, ...rest } = schema;
  return rest;
}

class OpenApiConverter {
  readonly #root: unknown;
  readonly #tool: string;

  constructor(root: unknown, tool: string) {
    this.#root = root;
    this.#tool = tool;
  }

  /** @param path where the schema stands, for the error */
  convert(schema: unknown, path: string, depth: number): Record<string, unknown> {
    if (depth > MAX_DEPTH) throw this.#refuse('$ref', path);
    // `true` allows every value, and so does the empty schema.
    if (schema === true || schema === undefined) return {};
    if (!isRecord(schema)) throw this.#refuse(JSON.stringify(schema).slice(0, 100), path);
    if (typeof schema.$ref === 'string') return this.#convertReference(schema, path, depth);
    const converted: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(schema)) this.#convertKeyword(converted, keyword, value, path, depth);
    return converted;
  }

  #convertKeyword(into: Record<string, unknown>, keyword: string, value: unknown, path: string, depth: number): void {
    const at = `${path}.${keyword}`;
    switch (keyword) {
      case 'type':
        this.#convertType(into, value, at);
        return;
      case 'const':
        // Only strings can be listed.
        if (typeof value !== 'string') throw this.#refuse(keyword, path);
        into.enum = [value];
        into.type ??= 'string';
        return;
      case 'properties':
        into.properties = Object.fromEntries(
          Object.entries(isRecord(value) ? value : {}).map(([name, property]) => [
            name,
            this.convert(property, `${at}.${name}`, depth + 1),
          ]),
        );
        return;
      case 'items':
        into.items = this.convert(value, at, depth + 1);
        return;
      case 'anyOf':
      case 'oneOf':
        this.#convertAlternatives(into, value, at, depth);
        return;
      default:
        if (SUPPORTED.has(keyword)) into[keyword] = value;
        else if (!DROPPED.has(keyword)) throw this.#refuse(keyword, path);
    }
  }

  /** JSON schema lists `null` among the types; OpenAPI says `nullable`. */
  #convertType(into: Record<string, unknown>, value: unknown, at: string): void {
    const types = Array.isArray(value) ? value : [value];
    const others = types.filter((type) => type !== 'null');
    if (others.length < types.length) into.nullable = true;
    if (others.length === 1) into.type = others[0];
    else if (others.length > 1) into.anyOf = others.map((type) => ({ type }));
    else throw this.#refuse('null', at);
  }

  /** Exactly one (`oneOf`) and at least one (`anyOf`) differ only for values that fit several; the model may give those. */
  #convertAlternatives(into: Record<string, unknown>, value: unknown, at: string, depth: number): void {
    const all = (Array.isArray(value) ? value : []) as readonly unknown[];
    const others = all.filter((each) => !(isRecord(each) && each.type === 'null'));
    if (others.length < all.length) into.nullable = true;
    const converted = others.map((each, index) => this.convert(each, `${at}[${index}]`, depth + 1));
    const [only] = converted;
    if (only && converted.length === 1) Object.assign(into, only);
    else into.anyOf = converted;
  }

  /** Puts the schema that is referred to in the place of the reference: the subset has none. */
  #convertReference({ $ref, ...rest }: Record<string, unknown>, path: string, depth: number): Record<string, unknown> {
    const keys = String($ref).replace(/^#\/?/, '').split('/').filter(Boolean);
    let target: unknown = String($ref).startsWith('#') ? this.#root : undefined;
    for (const key of keys) {
      target = isRecord(target)
        ? target[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')]
        : undefined;
    }
    if (target === undefined) throw this.#refuse(`$ref ${String($ref).slice(0, 100)}`, path);
    return { ...this.convert(target, path, depth + 1), ...this.convert(rest, path, depth + 1) };
  }

  #refuse(keyword: string, path: string): WireError {
    return new WireError(
      'invalid_run_config',
      `The tool ${this.#tool} uses "${keyword}" in ${path}, which this model cannot express`,
      `describe the parameter without "${keyword}", or use a model that reads JSON schemas, such as gemini-3.8-live`,
    );
  }
}
