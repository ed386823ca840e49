/** A line of the source, without its line break. */
export interface Line {
  readonly text: string;
  /** Position of the line in the source. */
  readonly at: number;
  /** Whether the line goes on in the next one, because it is longer than a line may be. */
  readonly isCut: boolean;
}

/** Maximum length of a line, in UTF-16 units. A longer line is cut, so that the browser never has to lay out one endless paragraph. */
export const MAX_LINE = 8_000;
/** Number of columns of a tab that indents. */
const TAB = 4;

/** Splits a source into lines. @param start position of the first line */
export function splitLines(source: string, start: number): Line[] {
  const lines: Line[] = [];
  for (let at = start; at <= source.length; ) {
    const found = source.indexOf('\n', at);
    const end = found === -1 ? source.length : found;
    for (let cut = findCut(source, at, end); cut < end; cut = findCut(source, at, end)) {
      lines.push({ text: source.slice(at, cut), at, isCut: true });
      at = cut;
    }
    const text = source.slice(at, end);
    lines.push({ text: text.endsWith('\r') ? text.slice(0, -1) : text, at, isCut: false });
    at = end + 1;
  }
  return lines;
}

/** Finds where a line is cut: at a space if there is one, and never inside a surrogate pair. */
function findCut(source: string, at: number, end: number): number {
  if (end - at <= MAX_LINE) return end;
  const space = source.lastIndexOf(' ', at + MAX_LINE);
  if (space > at + MAX_LINE / 2) return space;
  const cut = at + MAX_LINE;
  const code = source.charCodeAt(cut);
  return code >= 0xdc00 && code <= 0xdfff ? cut - 1 : cut;
}

export function joinLines(lines: readonly Line[]): string {
  return lines.map(({ text, isCut }, index) => (isCut || index === lines.length - 1 ? text : `${text}\n`)).join('');
}

export function isBlank({ text }: Line): boolean {
  return text.trim() === '';
}

/** Returns the number of columns by which a line is indented. */
export function measureIndent({ text }: Line): number {
  let columns = 0;
  for (const character of text) {
    if (character === ' ') columns += 1;
    else if (character === '\t') columns += TAB;
    else break;
  }
  return columns;
}

/** Removes the indentation of a line, at most `columns`. */
export function removeIndent(line: Line, columns: number): Line {
  let left = columns;
  let start = 0;
  for (; left > 0; start += 1) {
    if (line.text[start] === ' ') left -= 1;
    else if (line.text[start] === '\t') left -= TAB;
    else break;
  }
  return { ...line, text: line.text.slice(start) };
}
