import { trimEnd } from './trim-end.ts';

/** Maximum number of nested parentheses in an address, as in CommonMark's reference implementation. */
const MAX_NESTING = 32;
/** Title of a link, which follows its address: the page does not show it. */
const TITLE = /\s+(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?=\))/y;
const BARE_URL = /https?:\/\/[^\s<>]+/y;
const TRAILING = '.,:;!?"\'*_~';

export interface LinkTarget {
  readonly address: string;
  /** Position after the target. */
  readonly end: number;
}

/**
 * Reads the target of a link: an address, and perhaps a title, in parentheses.
 * @param at position of the opening parenthesis
 * @returns the target, `open` if the text ends before the target does, or undefined if there is no target
 */
export function readLinkTarget(text: string, at: number): LinkTarget | 'open' | undefined {
  let end = at + 1;
  while (text[end] === ' ') end += 1;
  const start = end;
  let nesting = 0;
  for (; end < text.length; end += 1) {
    const character = text[end];
    if (character === ')' && nesting === 0) return { address: text.slice(start, end), end: end + 1 };
    if (character === ' ' || character === '\n') break;
    if (character === '\\') end += 1;
    else if (character === '(') nesting += 1;
    else if (character === ')') nesting -= 1;
    if (nesting > MAX_NESTING) return undefined;
  }
  if (end >= text.length) return 'open';
  const address = text.slice(start, end);
  TITLE.lastIndex = end;
  if (TITLE.test(text)) end = TITLE.lastIndex;
  while (text[end] === ' ') end += 1;
  return text[end] === ')' ? { address, end: end + 1 } : undefined;
}

/** Reads an address of the web that stands in the text. Punctuation at its end belongs to the sentence. */
export function readBareUrl(text: string, at: number): LinkTarget | undefined {
  BARE_URL.lastIndex = at;
  const found = BARE_URL.exec(text)?.[0];
  if (found === undefined) return undefined;
  let surplus = found.split(')').length - found.split('(').length;
  let address = trimEnd(found, TRAILING);
  for (; surplus > 0 && address.endsWith(')'); surplus -= 1) address = trimEnd(address.slice(0, -1), TRAILING);
  return { address, end: at + address.length };
}
