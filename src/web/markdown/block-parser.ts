import { BlockCollector } from './block-collector.ts';
import { parseInline } from './inline-parser.ts';
import { isBlank, joinLines, type Line, MAX_LINE, measureIndent, removeIndent } from './line.ts';
import type { List, ListItem, ReadBlock } from './node.ts';
import { isTableHead, readTable } from './table.ts';

/** Maximum number of quotes and lists inside each other. What is nested deeper is a paragraph. */
const MAX_DEPTH = 8;
const FENCE = /^( {0,3})(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^ {0,3}(?:([-*+])|(\d{1,9})([.)]))(?:[ \t]|$)/;
const TASK = /^\[([ xX])\][ \t]/;
/** Item of a list that may interrupt a paragraph: with text, and with the number 1 if it is numbered. A year at the start of a line is no list. */
const INTERRUPTING_ITEM = /^ {0,3}(?:[-*+]|1[.)])[ \t]+\S/;

/** Reads the blocks of a document, one at a time. */
export class BlockParser {
  readonly #lines: readonly Line[];
  readonly #isOpen: boolean;
  readonly #depth: number;

  /**
   * @param isOpen whether more text will arrive after the last line
   * @param depth number of quotes and lists around the lines
   */
  constructor(lines: readonly Line[], isOpen: boolean, depth = 0) {
    this.#lines = lines;
    this.#isOpen = isOpen;
    this.#depth = depth;
  }

  /** Reads all blocks. Items that follow each other are one list. */
  parse(): BlockCollector['blocks'] {
    const collector = new BlockCollector();
    for (let next = this.skipBlank(0); next < this.#lines.length; ) {
      const read = this.read(next);
      collector.add(read.block);
      next = this.skipBlank(read.next);
    }
    return collector.blocks;
  }

  skipBlank(from: number): number {
    let next = from;
    for (let line = this.#lines[next]; line && isBlank(line); line = this.#lines[next]) next += 1;
    return next;
  }

  /** Reads the block that begins at a line that is not blank. A list is read item by item. */
  read(from: number): ReadBlock {
    const text = this.#lines[from]?.text ?? '';
    const fence = FENCE.exec(text);
    if (fence) return this.#readCode(from, fence);
    if (HEADING.test(text)) return this.#readHeading(from, text);
    if (RULE.test(text)) return { block: { kind: 'rule' }, next: from + 1 };
    if (this.#depth < MAX_DEPTH) {
      if (QUOTE.test(text)) return this.#readQuote(from);
      const item = ITEM.exec(text);
      if (item) return this.#readItem(from, item);
    }
    if (isTableHead(this.#lines, from, this.#isOpen)) return readTable(this.#lines, from, this.#isOpen);
    return this.#readParagraph(from);
  }

  #readCode(from: number, [, indent = '', marks = '', info = '']: RegExpExecArray): ReadBlock {
    const end = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}[ \\t]*$`);
    let next = from + 1;
    for (let line = this.#lines[next]; line && !end.test(line.text); line = this.#lines[next]) next += 1;
    const code = this.#lines.slice(from + 1, next).map((line) => removeIndent(line, indent.length));
    const language = info.trim().split(/\s/)[0] ?? '';
    return { block: { kind: 'code', language, text: joinLines(code) }, next: next + 1 };
  }

  #readHeading(from: number, text: string): ReadBlock {
    const trimmed = text.trim();
    const level = /^#*/.exec(trimmed)?.[0].length ?? 1;
    const words = trimmed
      .slice(level)
      .trim()
      .replace(/(?:^|[ \t])#+$/, '');
    const children = parseInline(words, this.#isOpen && from === this.#lines.length - 1);
    return { block: { kind: 'heading', level, children }, next: from + 1 };
  }

  #readQuote(from: number): ReadBlock {
    const lines: Line[] = [];
    let next = from;
    for (let line = this.#lines[next]; line; line = this.#lines[next]) {
      const isMarked = QUOTE.test(line.text);
      if (!isMarked && (isBlank(line) || startsBlock(line.text))) break;
      lines.push({ ...line, text: line.text.replace(QUOTE, '') });
      next += 1;
    }
    return { block: { kind: 'quote', blocks: this.#parseInside(lines, next) }, next };
  }

  #readItem(from: number, [marked = '', bullet, number, delimiter]: RegExpExecArray): ReadBlock {
    const [first] = this.#lines.slice(from, from + 1);
    const text = (first?.text ?? '').slice(marked.length);
    const outer = measureIndent({ text: marked, at: 0, isCut: false });
    const inner = marked.trimEnd().length + 1;
    const lines: Line[] = [{ text: text.trimStart(), at: 0, isCut: first?.isCut ?? false }];
    const next = this.#readItemLines(from + 1, Math.min(inner, outer + 2), inner, lines);
    const task = TASK.exec(lines[0]?.text ?? '');
    if (task) lines[0] = { text: text.trimStart().slice(task[0].length), at: 0, isCut: first?.isCut ?? false };
    const done = task ? task[1] !== ' ' : undefined;
    const item: ListItem = { done, blocks: this.#parseInside(lines, next) };
    const start = number === undefined ? undefined : Number(number);
    const list: List = { kind: 'list', start, marker: bullet ?? delimiter ?? '', items: [item] };
    return { block: list, next };
  }

  /**
   * Reads the lines of an item after its first one.
   * @param least indentation that a line needs at least
   * @param inner indentation of the item's text, which is removed
   * @returns index of the first line after the item
   */
  #readItemLines(from: number, least: number, inner: number, lines: Line[]): number {
    let next = from;
    let fence = FENCE.exec(lines[0]?.text ?? '')?.[2];
    for (let line = this.#lines[next]; line; line = this.#lines[next]) {
      const previous = lines.at(-1);
      const isAfterBlank = previous !== undefined && isBlank(previous);
      const isInside = measureIndent(line) >= least;
      const isLazy = !isAfterBlank && fence === undefined && !startsBlock(line.text) && !ITEM.test(line.text);
      if (!isBlank(line) && !isInside && !isLazy) break;
      const content = removeIndent(line, inner);
      const mark = FENCE.exec(content.text)?.[2];
      if (fence === undefined) fence = mark;
      else if (mark?.startsWith(fence)) fence = undefined;
      lines.push(content);
      next += 1;
    }
    for (let last = lines.at(-1); last && lines.length > 1 && isBlank(last); last = lines.at(-1)) {
      lines.pop();
      next -= 1;
    }
    return next;
  }

  #readParagraph(from: number): ReadBlock {
    let next = from + 1;
    let length = this.#lines[from]?.text.length ?? 0;
    for (let line = this.#lines[next]; line && !isBlank(line); line = this.#lines[next]) {
      length += line.text.length;
      if (length > MAX_LINE || startsBlock(line.text) || isTableHead(this.#lines, next, this.#isOpen)) break;
      next += 1;
    }
    const text = joinLines(this.#lines.slice(from, next)).trim();
    const isOpen = this.#isOpen && next === this.#lines.length;
    return { block: { kind: 'paragraph', children: parseInline(text, isOpen) }, next };
  }

  #parseInside(lines: readonly Line[], next: number): BlockCollector['blocks'] {
    const isOpen = this.#isOpen && next === this.#lines.length;
    return new BlockParser(lines, isOpen, this.#depth + 1).parse();
  }
}

/** Returns whether a line starts a block, also directly after a paragraph. */
function startsBlock(text: string): boolean {
  return FENCE.test(text) || HEADING.test(text) || RULE.test(text) || QUOTE.test(text) || INTERRUPTING_ITEM.test(text);
}
