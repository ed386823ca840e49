import { BASE64 } from '../base64.ts';

/** Maximum length of a text within the data, in characters. */
export const MAX_TEXT = 2_000;
/** Part of a longer text that is kept, in characters. */
const KEPT = 200;
/** Maximum length of base64 that is kept. Nobody reads it. */
const MAX_BASE64 = 80;

/**
 * Formats data as JSON. Long texts within it keep their beginning, and their length in characters.
 * @returns the JSON, and the size of the data before it was shortened, in bytes
 */
export function shortenJson(data: unknown): { readonly json: string; readonly bytes: number } {
  let removed = 0;
  const shorten = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    const kept =
      value.length > MAX_BASE64 && BASE64.test(value) ? MAX_BASE64 / 2 : value.length > MAX_TEXT ? KEPT : Infinity;
    if (value.length <= kept) return value;
    const short = `${value.slice(0, kept)}… (${value.length})`;
    removed += value.length - short.length;
    return short;
  };
  const json = JSON.stringify(data, shorten) ?? 'null';
  return { json, bytes: new TextEncoder().encode(json).length + removed };
}
