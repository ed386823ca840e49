import { parseInline } from './inline-parser.ts';
import { isBlank, type Line } from './line.ts';
import type { Alignment, ReadBlock } from './node.ts';

const DELIMITER_ROW = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;
/** Row below the head while it arrives. */
const UNFINISHED_ROW = /^[ \t|:-]*$/;

/** Returns whether a table begins at a line: a row of cells, and below it a row of dashes with as many cells. */
export function isTableHead(lines: readonly Line[], at: number, isOpen: boolean): boolean {
  const head = lines[at]?.text ?? '';
  if (!head.includes('|')) return false;
  const below = lines[at + 1];
  const isLast = at + 2 >= lines.length;
  // A row that is still arriving is the head of a table already, so that its words do not jump a moment later.
  if (isOpen && isLast && head.trimStart().startsWith('|') && (!below || UNFINISHED_ROW.test(below.text))) return true;
  if (!below?.text.includes('-') || !DELIMITER_ROW.test(below.text.trim())) return false;
  return splitCells(below.text).length === splitCells(head).length;
}

/** Reads a table to the blank line, or the line without cells, that ends it. */
export function readTable(lines: readonly Line[], from: number, isOpen: boolean): ReadBlock {
  let next = Math.min(from + 2, lines.length);
  for (let line = lines[next]; line && !isBlank(line) && line.text.includes('|'); line = lines[next]) next += 1;
  const alignments = splitCells(lines[from + 1]?.text ?? '').map(readAlignment);
  const head = splitCells(lines[from]?.text ?? '');
  const rows = [head, ...lines.slice(from + 2, next).map(({ text }) => splitCells(text).slice(0, head.length))];
  const isUnfinished = isOpen && next === lines.length;
  const cells = rows.map((row, index) =>
    row.map((cell) => parseInline(cell, isUnfinished && index === rows.length - 1)),
  );
  return { block: { kind: 'table', alignments, rows: cells }, next };
}

/** Splits a row at its bars. A bar after a backslash belongs to its cell. */
function splitCells(row: string): string[] {
  const cells = row
    .trim()
    .replace(/^\|/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
  if (cells.length > 1 && cells.at(-1) === '') cells.pop();
  return cells;
}

function readAlignment(cell: string): Alignment {
  if (cell.endsWith(':')) return cell.startsWith(':') ? 'center' : 'right';
  return cell.startsWith(':') ? 'left' : undefined;
}
