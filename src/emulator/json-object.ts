import { invalid, unknownField } from './gemini-refusal.ts';

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * One protobuf message in JSON: an object whose keys are all among `fields`. As Google's parser does, it takes `snake_case`
 * for each `camelCase` name and treats null as absent. The values are not looked at.
 * @throws {GeminiRefusal} 1007 for anything else
 */
export function readMessage(value: unknown, path: string, fields: ReadonlySet<string>): JsonObject {
  if (!isJsonObject(value)) throw invalid(`Invalid value at '${path}' (type.googleapis.com/google.protobuf.Message)`);
  for (const key of Object.keys(value)) if (!fields.has(camelCase(key))) throw unknownField(key, path);
  return camelCased(value);
}

/** A message whose keys nobody checks, by their `camelCase` names, without nulls; empty if it is none. */
export function camelCased(value: unknown): JsonObject {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter(([, entry]) => entry !== null).map(([key, entry]) => [camelCase(key), entry]),
  );
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function readList(value: unknown, path: string): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(`Invalid value at '${path}' (repeated field expected)`);
  return value;
}

export function readString(value: unknown, path: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`Invalid value at '${path}' (TYPE_STRING), ${JSON.stringify(value)?.slice(0, 40)}`);
}

export function readBoolean(value: unknown, path: string): boolean {
  if (value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw invalid(`Invalid value at '${path}' (TYPE_BOOL), ${JSON.stringify(value)?.slice(0, 40)}`);
}

export function readNumber(value: unknown, path: string): number | undefined {
  if (value === undefined) return undefined;
  // Protobuf's JSON takes numbers in strings, as it must for 64 bits.
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw invalid(`Invalid value at '${path}' (TYPE_INT32), ${JSON.stringify(value)?.slice(0, 40)}`);
}
