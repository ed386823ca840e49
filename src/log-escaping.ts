/**
 * Characters that could forge a line of the log, or hide or reorder its text: control characters of C0 and C1 (line breaks, ANSI escapes), line
 * separators, bidirectional controls, invisible characters, tags, and halves of surrogate pairs.
 * @see https://trojansource.codes
 */
const UNSAFE =
  /[\p{Cc}\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;
/** The same, without the characters that JSON escapes itself. */
const UNSAFE_IN_JSON =
  /[\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** Maximum depth of values whose texts are escaped. Deeper values are omitted. */
const MAX_DEPTH = 8;
/** Line of a stack trace. */
const STACK_LINE = /^ {4}at \S/;

/** Makes a text safe to print in one line: unsafe characters become escape sequences, such as `\n` and `\u202e`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => NAMED[character] ?? escapeUnits(character));
}

/** Escapes the unsafe characters that a JSON text may contain. The text stays the same JSON value; line breaks of the text itself stay too. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escapeUnits);
}

/** Makes all texts of a record safe to print, names of fields included. Stack traces keep their lines. */
export function escapeRecord(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return escapeText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((each) => escapeRecord(each, depth + 1));
  const entries = Object.entries(value).map(([name, each]) => [
    escapeText(name),
    name === 'stack' && typeof each === 'string' ? escapeStack(each) : escapeRecord(each, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

/** Lines that follow the message and show where an error happened stay lines of their own; all other line breaks are escaped. */
function escapeStack(stack: string): string {
  const [first = '', ...rest] = stack.split('\n');
  return rest.reduce(
    (text, line) => text + (STACK_LINE.test(line) ? '\n' : '\\n') + escapeText(line),
    escapeText(first),
  );
}

function escapeUnits(character: string): string {
  let escaped = '';
  for (let unit = 0; unit < character.length; unit += 1) {
    escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
