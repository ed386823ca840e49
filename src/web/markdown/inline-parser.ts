import { BacktickRuns } from './backtick-runs.ts';
import { breaksRuleOfThree, type DelimiterRun, type Opener, readDelimiterRun } from './delimiter-run.ts';
import { readBareUrl, readLinkTarget } from './link-target.ts';
import type { Inline } from './node.ts';
import { findSafeUrl } from './safe-url.ts';
import { trimEnd } from './trim-end.ts';

/** Maximum number of delimiters and of brackets that wait for their end. Further ones are text. */
const MAX_WAITING = 100;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const WORD = /[\p{L}\p{N}]/u;
const LINE_BREAK_TAG = /<br ?\/?>/iy;
const AUTOLINK = /<((?:https?:\/\/|mailto:)[^\s<>]*)>/y;
/** Delimiters. At the end of text that is still arriving they are not shown, because their words follow. */
const DELIMITERS = '*_~`';
const SPECIAL = /[\\`*_~[\]!<h\n]/g;

/** A text node while its text is still being read. */
interface OpenText {
  text: string;
}

interface Bracket {
  /** Index of its text among the nodes. */
  readonly at: number;
  readonly isPicture: boolean;
  /** Number of delimiters that wait outside the bracket. */
  readonly openers: number;
}

/**
 * Parses the formatting inside a block, after the rules of CommonMark and GitHub for emphasis, code, links and deleted text. HTML is text.
 * @param isOpen whether more of the text will arrive. What is not closed yet is formatted as if it ended here.
 */
export function parseInline(text: string, isOpen: boolean): readonly Inline[] {
  return new InlineParser(isOpen ? trimEnd(text, DELIMITERS) : text, isOpen).parse();
}

class InlineParser {
  readonly #text: string;
  readonly #isOpen: boolean;
  readonly #nodes: Inline[] = [];
  readonly #openers: Opener[] = [];
  readonly #brackets: Bracket[] = [];
  /** Position of the last target of a link. A bracket after it is text. */
  readonly #lastTarget: number;
  #backticks: BacktickRuns | undefined;
  #position = 0;

  constructor(text: string, isOpen: boolean) {
    this.#text = text;
    this.#isOpen = isOpen;
    this.#lastTarget = text.lastIndexOf('](');
  }

  parse(): readonly Inline[] {
    const text = this.#text;
    while (this.#position < text.length) {
      SPECIAL.lastIndex = this.#position;
      const special = SPECIAL.exec(text)?.index ?? text.length;
      this.#addText(text.slice(this.#position, special));
      this.#position = special;
      if (special < text.length && !this.#parseSpecial(text.charAt(special))) {
        this.#addText(text.charAt(special));
        this.#position = special + 1;
      }
    }
    if (this.#isOpen) this.#closeAll();
    return this.#nodes;
  }

  /** Parses what a character begins or ends. @returns false if the character is text */
  #parseSpecial(character: string): boolean {
    switch (character) {
      case '\\':
        return this.#parseEscape();
      case '`':
        return this.#parseCode();
      case '!':
        return this.#text[this.#position + 1] === '[' && this.#openBracket('![');
      case '[':
        return this.#openBracket('[');
      case ']':
        return this.#closeBracket();
      case '<':
        return this.#parseLineBreakTag() || this.#parseAutolink();
      case 'h':
        return this.#parseBareUrl();
      case '\n':
        return this.#parseLineBreak();
      default:
        return this.#parseDelimiters();
    }
  }

  #parseEscape(): boolean {
    const next = this.#text[this.#position + 1] ?? '';
    if (next !== '\n' && !ESCAPABLE.test(next)) return false;
    this.#addText(next);
    this.#position += 2;
    return true;
  }

  /** Keeps the line break, without the spaces before it. */
  #parseLineBreak(): boolean {
    const last = this.#nodes.at(-1);
    if (last?.kind === 'text') (last as OpenText).text = trimEnd(last.text, ' ');
    return false;
  }

  #parseCode(): boolean {
    const text = this.#text;
    const { length } = readDelimiterRun(text, this.#position);
    const start = this.#position + length;
    this.#backticks ??= new BacktickRuns(text);
    const end = this.#backticks.findNext(length, start);
    if (end === undefined && !this.#isOpen) {
      this.#addText('`'.repeat(length));
      this.#position = start;
      return true;
    }
    const code = text.slice(start, end).replaceAll('\n', ' ');
    const isPadded = code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '';
    this.#nodes.push({ kind: 'code', text: isPadded ? code.slice(1, -1) : code });
    this.#position = end === undefined ? text.length : end + length;
    return true;
  }

  #parseDelimiters(): boolean {
    const run = readDelimiterRun(this.#text, this.#position);
    const { character, length, canOpen, canClose } = run;
    this.#position += length;
    const isMarkup = character !== '~' || length === 2;
    const count = isMarkup && canClose ? this.#close(run) : length;
    if (!isMarkup) this.#addText(character.repeat(length));
    else if (count > 0) {
      const at = this.#pushText(character.repeat(count));
      if (canOpen && this.#openers.length < MAX_WAITING) this.#openers.push({ ...run, at, count });
    }
    return true;
  }

  /** Closes delimiters that wait. @returns the number of closing delimiters that are left */
  #close(closer: DelimiterRun): number {
    let count = closer.length;
    while (count > 0) {
      const index = this.#openers.findLastIndex(
        (opener) => opener.character === closer.character && !breaksRuleOfThree(opener, closer),
      );
      const opener = this.#openers[index];
      if (!opener || index < (this.#brackets.at(-1)?.openers ?? 0)) return count;
      const used = opener.count >= 2 && count >= 2 ? 2 : 1;
      count -= used;
      this.#wrap(opener, used);
      this.#openers.length = opener.count > 0 ? index + 1 : index;
    }
    return 0;
  }

  /** Makes the nodes after an opening delimiter its children. */
  #wrap(opener: Opener, used: number): void {
    const children = this.#nodes.splice(opener.at + 1);
    opener.count -= used;
    if (opener.count === 0) this.#nodes.pop();
    else this.#nodes[opener.at] = { kind: 'text', text: opener.character.repeat(opener.count) };
    const kind = opener.character === '~' ? 'deleted' : used === 2 ? 'strong' : 'emphasis';
    if (children.length > 0) this.#nodes.push({ kind, children });
  }

  /** Formats what waits for its end as if it ended here. */
  #closeAll(): void {
    for (let opener = this.#openers.pop(); opener; opener = this.#openers.pop()) {
      while (opener.count > 0) this.#wrap(opener, opener.count >= 2 ? 2 : 1);
    }
  }

  #openBracket(opening: '[' | '!['): boolean {
    if (this.#position > this.#lastTarget || this.#brackets.length >= MAX_WAITING) return false;
    this.#position += opening.length;
    const at = this.#pushText(opening);
    this.#brackets.push({ at, isPicture: opening === '![', openers: this.#openers.length });
    return true;
  }

  #closeBracket(): boolean {
    const bracket = this.#brackets.pop();
    if (!bracket || this.#text[this.#position + 1] !== '(') return false;
    const target = readLinkTarget(this.#text, this.#position + 1);
    if (target === undefined || (target === 'open' && !this.#isOpen)) return false;
    const url = target === 'open' ? undefined : findSafeUrl(target.address);
    // The source of a link that may not be opened is shown as it is.
    if (target !== 'open' && url === undefined) return false;
    const children = this.#nodes.splice(bracket.at + 1);
    this.#nodes.pop();
    this.#openers.length = bracket.openers;
    // A link has no links inside.
    if (!bracket.isPicture) this.#brackets.length = 0;
    this.#nodes.push({ kind: 'link', url, isPicture: bracket.isPicture, children });
    this.#position = target === 'open' ? this.#text.length : target.end;
    return true;
  }

  #parseLineBreakTag(): boolean {
    LINE_BREAK_TAG.lastIndex = this.#position;
    if (!LINE_BREAK_TAG.test(this.#text)) return false;
    this.#addText('\n');
    this.#position = LINE_BREAK_TAG.lastIndex;
    return true;
  }

  #parseAutolink(): boolean {
    AUTOLINK.lastIndex = this.#position;
    const address = AUTOLINK.exec(this.#text)?.[1];
    return address !== undefined && this.#addUrl(address, AUTOLINK.lastIndex);
  }

  #parseBareUrl(): boolean {
    const isInWord = WORD.test(this.#text[this.#position - 1] ?? ' ');
    const target = isInWord || this.#brackets.length > 0 ? undefined : readBareUrl(this.#text, this.#position);
    return target !== undefined && this.#addUrl(target.address, target.end);
  }

  #addUrl(address: string, end: number): boolean {
    const url = findSafeUrl(address);
    if (url === undefined) return false;
    this.#nodes.push({ kind: 'link', url, isPicture: false, children: [{ kind: 'text', text: address }] });
    this.#position = end;
    return true;
  }

  #addText(text: string): void {
    if (text === '') return;
    const index = this.#nodes.length - 1;
    const last = this.#nodes[index];
    const isWaiting = this.#openers.at(-1)?.at === index || this.#brackets.at(-1)?.at === index;
    if (last?.kind === 'text' && !isWaiting) (last as OpenText).text += text;
    else this.#pushText(text);
  }

  /** Adds text as a node of its own. @returns its index */
  #pushText(text: string): number {
    return this.#nodes.push({ kind: 'text', text }) - 1;
  }
}
