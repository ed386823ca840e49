import { BASE64 } from '../base64.ts';
import { revealBidiControls } from '../markdown/bidi-controls.ts';

/** Maximum length of a value in one line, in UTF-16 units. */
const MAX_BRIEF = 160;
/** Maximum length of a value that is unfolded, in UTF-16 units. Exports have all of it. */
const MAX_PRETTY = 20_000;
/** Least length of a text that may be a file in base64, in UTF-16 units. */
const MIN_BASE64 = 200;

/** Formats a value in one line: the fields of an object, without braces and quotes. */
export function formatBrief(value: unknown): string {
  if (typeof value !== 'object' || value === null) return cut(shorten(value), MAX_BRIEF);
  let brief = '';
  for (const [key, field] of Object.entries(value)) {
    const text =
      typeof field === 'string' ? shorten(field) : JSON.stringify(field, (_key, inner) => shortenFile(inner));
    brief += `${brief === '' ? '' : ', '}${key}: ${cut(text ?? '', MAX_BRIEF)}`;
    if (brief.length > MAX_BRIEF) break;
  }
  return cut(brief, MAX_BRIEF);
}

/** Formats a value as indented JSON, and a text as it is. */
export function formatPretty(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, (_key, inner) => shortenFile(inner), 2);
  return cut(text ?? '', MAX_PRETTY);
}

function shorten(value: unknown): string {
  return String(shortenFile(value));
}

/** Replaces a file in base64 by its size: its characters tell nothing. */
function shortenFile(value: unknown): unknown {
  if (typeof value !== 'string' || value.length < MIN_BASE64 || !BASE64.test(value)) return value;
  return `… ${Math.round((value.length * 3) / 4 / 1024)} kB`;
}

function cut(text: string, length: number): string {
  return revealBidiControls(text.length > length ? `${text.slice(0, length)}…` : text);
}
