/** Maximum number of values in a JSON body. 1,000 items have up to 8,000. */
export const MAX_JSON_VALUES = 20_000;
/** Size of a body that cannot have more values, in bytes: each value takes two. */
const ALWAYS_SIMPLE_BYTES = 2 * MAX_JSON_VALUES;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;

/**
 * Whether a JSON text has so many values that parsing it would block the process: 4 MiB of `[{},{},…]` take 0.3 s and 85 MB. The text need not
 * be valid.
 */
export function hasTooManyValues(text: Buffer): boolean {
  if (text.length <= ALWAYS_SIMPLE_BYTES) return false;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === QUOTE) at = findStringEnd(text, at + 1);
    else if (byte === COMMA || byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      values += 1;
      if (values > MAX_JSON_VALUES) return true;
    }
  }
  return false;
}

/**
 * Finds the quote that ends a string.
 * @param start position after the quote that opens it
 * @returns its position; the length of the text if there is none
 */
function findStringEnd(text: Buffer, start: number): number {
  const quote = text.indexOf(QUOTE, start);
  if (quote === -1) return text.length;
  // Most strings have no escaped quote. Searching again for each would take long.
  if (text[quote - 1] !== BACKSLASH) return quote;
  let at = start;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}
