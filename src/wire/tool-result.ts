import { isRecord } from './record.ts';

/**
 * Maximum size of the result of a tool, in bytes of its JSON text: about 16,000 tokens. The smallest context of a live model has 32,000. A larger
 * result is an error, because the model could not read JSON that is cut off.
 */
export const MAX_TOOL_RESULT_BYTES = 64 * 1024;
/** Maximum depth of the result of a tool. Providers that use protobuf refuse JSON of more than 100 levels. */
export const MAX_TOOL_RESULT_DEPTH = 100;

/** Maximum length of the id of a call, in characters. The provider chooses the ids; a longer one can neither be answered nor confirmed. */
export const MAX_CALL_ID = 512;

/** Converts the result of a tool to the form in which models receive it: an object as it is, any other value as `{result}`. */
export function toResponse(result: unknown): Readonly<Record<string, unknown>> {
  return isRecord(result) ? result : { result };
}

/**
 * Whether a parsed JSON value is within the limits of a result. The work ends at the limit, however large the value is.
 * @param maxBytes limit of its JSON text. Default: that of a result
 */
export function isWithinResultLimits(value: unknown, maxBytes = MAX_TOOL_RESULT_BYTES): boolean {
  return countBytes(value, maxBytes, MAX_TOOL_RESULT_DEPTH) <= maxBytes;
}

/** Counts the bytes of a JSON text in UTF-8, up to about `limit`. @returns infinity for a value with more than `depth` levels */
function countBytes(value: unknown, limit: number, depth: number): number {
  if (typeof value === 'string') return value.length > limit ? value.length : utf8Length(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return String(value).length;
  if (depth === 0) return Number.POSITIVE_INFINITY;
  const isArray = Array.isArray(value);
  let bytes = 2;
  for (const key in value) {
    // A comma after each value but the last, and a colon after each key.
    if (bytes > 2) bytes += 1;
    if (!isArray) bytes += countBytes(key, limit, 0) + 1;
    bytes += countBytes((value as Record<string, unknown>)[key], limit - bytes, depth - 1);
    if (bytes > limit) break;
  }
  return bytes;
}

/** Number of bytes of a text in UTF-8. The text has no lone surrogates. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // A character beyond the first 65,536 has two surrogates, and four bytes.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
