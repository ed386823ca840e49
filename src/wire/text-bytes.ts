/** Length from which a text is searched for characters that need two bytes. Each character of a shorter text counts as two bytes. */
const SEARCHED_LENGTH = 1_000;
/** Character that JavaScript stores in two bytes, as it then does all others of the same text. */
const WIDE_CHARACTER = /[^\0-\xff]/;

/** Memory of a text, in bytes. */
export function textBytes(text: string): number {
  return text.length < SEARCHED_LENGTH || WIDE_CHARACTER.test(text) ? 2 * text.length : text.length;
}
