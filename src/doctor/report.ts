import type { Examination } from './examination.ts';
import { LINES } from './progress-line.ts';
import type { Words } from './words.ts';

const NAME_WIDTH = 11;
const WIDTH = 110;

/** One line of a report: a name, and what there is to say about it. */
export function reportLine(name: string, text: string): string {
  return wrap(text, `  ${name.padEnd(NAME_WIDTH)}`, ' '.repeat(NAME_WIDTH + 2));
}

/** The line of one probe; nothing where it found nothing. */
export function findingLine<Probe extends keyof Examination>(
  probe: Probe,
  finding: Examination[Probe],
): string | undefined {
  if (finding === undefined) return undefined;
  return reportLine(LINES[probe].name, LINES[probe].say(finding as NonNullable<Examination[Probe]>)); // checked above
}

/** What it all comes to. */
export function conclusion({ does, means, set }: Words): string {
  const section = (title: string, lines: readonly string[]) =>
    `${title}\n${lines.map((line) => wrap(line, '  ', '    ')).join('\n')}`;
  return [
    section('What this network does', does),
    section('What that means', means),
    section('What to set', set[0] === NOTHING ? set : [...set, MORE]),
  ].join('\n\n');
}

const NOTHING = 'Nothing.';
const MORE = 'More, for each product: docs/networks.md';

/** Breaks a text between words. @param first what its first line begins with; @param rest the same of the others */
function wrap(text: string, first: string, rest: string): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join('\n');
}
