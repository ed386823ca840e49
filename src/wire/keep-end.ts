/**
 * Returns a text that grows by increments, without its beginning once it has become twice as long as needed. Cutting it at each increment would
 * copy the whole text each time.
 * @param length number of characters that are always kept; the result has at most twice as many
 */
export function keepEnd(text: string, length: number): string {
  return text.length > 2 * length ? text.slice(-length) : text;
}
