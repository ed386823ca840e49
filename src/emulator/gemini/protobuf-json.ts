import { isJsonObject, type JsonObject } from '../json-object.ts';
import { invalidArgument, unknownField } from './refusal.ts';

/**
 * Reads a protobuf message in JSON: an object whose keys are all in `fields`. As Google's parser does, the function accepts
 * `snake_case` for each `camelCase` name and treats null as absent. The values are not checked.
 * @throws {GeminiRefusal} 1007 for another type or an unknown key
 */
export function readMessage(value: unknown, path: string, fields: ReadonlySet<string>): JsonObject {
  if (!isJsonObject(value))
    throw invalidArgument(`Invalid value at '${path}' (type.googleapis.com/google.protobuf.Message)`);
  for (const key of Object.keys(value)) if (!fields.has(toCamelCase(key))) throw unknownField(key, path);
  return camelCaseKeys(value);
}

/** Reads a message without a check of its keys: renames them to `camelCase` and omits nulls. Returns {} for any other value. */
export function camelCaseKeys(value: unknown): JsonObject {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter(([, entry]) => entry !== null).map(([key, entry]) => [toCamelCase(key), entry]),
  );
}

function toCamelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function readList(value: unknown, path: string): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidArgument(`Invalid value at '${path}' (repeated field expected)`);
  return value;
}

export function readString(value: unknown, path: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw invalidArgument(`Invalid value at '${path}' (TYPE_STRING), ${JSON.stringify(value)?.slice(0, 40)}`);
}

export function readBoolean(value: unknown, path: string): boolean {
  if (value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw invalidArgument(`Invalid value at '${path}' (TYPE_BOOL), ${JSON.stringify(value)?.slice(0, 40)}`);
}

export function readNumber(value: unknown, path: string): number | undefined {
  if (value === undefined) return undefined;
  // Accept numbers in strings, as protobuf's JSON does because of 64-bit integers.
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw invalidArgument(`Invalid value at '${path}' (TYPE_INT32), ${JSON.stringify(value)?.slice(0, 40)}`);
}
