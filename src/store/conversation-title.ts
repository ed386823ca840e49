import type { AgentEvent } from '../wire/agent-event.ts';
import { extractTurn } from './conversation-turns.ts';

/** Maximum length of a title, in characters. A longer text is cut at the end of a word. */
export const MAX_TITLE_CHARACTERS = 80;

/**
 * Characters that a title does not have: control characters, separators of lines, halves of surrogate pairs, which no database stores, and marks that
 * change the direction of the text around them.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** A text of which nothing is seen. */
const INVISIBLE = /^[\s\p{Cf}\p{Z}\u115f\u1160\u2800\u3164\uffa0]*$/u;

/** Number of characters of a text that are looked at. White space at its start counts. */
const MAX_READ_CHARACTERS = 1_000;
const ELLIPSIS = '…';

/**
 * Finds the title of a conversation: the first words of the user, typed or spoken, on one line.
 * @param events oldest first
 * @returns '' if the user has said nothing in them
 */
export function findTitle(events: readonly AgentEvent[]): string {
  for (const event of events) {
    const title = event.author === 'user' ? toTitle(extractTurn(event)?.text ?? '') : '';
    if (title !== '') return title;
  }
  return '';
}

/**
 * Checks a title that a user has chosen, and removes the white space around it.
 * @returns `undefined` if the rest is not one line of 1 to 80 characters (UTF-16 code units)
 */
export function parseTitle(text: string): string | undefined {
  const title = text.trim();
  const isValid = title.length <= MAX_TITLE_CHARACTERS && !INVISIBLE.test(title) && !FORBIDDEN.test(title);
  return isValid ? title : undefined;
}

function toTitle(text: string): string {
  // PostgreSQL stores neither NUL nor half of a surrogate pair.
  const line = text
    .slice(0, MAX_READ_CHARACTERS)
    .toWellFormed()
    .replace(/[\u202a-\u202e\u2066-\u2069]/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (INVISIBLE.test(line)) return '';
  if (line.length <= MAX_TITLE_CHARACTERS) return line;
  const room = line.slice(0, MAX_TITLE_CHARACTERS);
  const space = room.lastIndexOf(' ');
  // A word that fills more than half of the title is cut itself.
  const cut =
    space > MAX_TITLE_CHARACTERS / 2 ? room.slice(0, space) : room.slice(0, -1).replace(/[\uD800-\uDBFF]$/, '');
  return cut + ELLIPSIS;
}
