import type { Diagnosis } from './diagnosis.ts';
import type { Examination } from './examination.ts';
import { LINES } from './progress-line.ts';

const NAME_WIDTH = 11;
/** Maximum number of characters in a line. */
const WIDTH = 110;

/** Formats a line of the report: a name and a text. */
export function formatLine(name: string, text: string): string {
  return wrapText(text, `  ${name.padEnd(NAME_WIDTH)}`, ' '.repeat(NAME_WIDTH + 2));
}

/** Formats the line of a probe. Returns undefined if the probe was not made. */
export function formatFinding<Probe extends keyof Examination>(
  probe: Probe,
  finding: Examination[Probe],
): string | undefined {
  if (finding === undefined) return undefined;
  return formatLine(LINES[probe].name, LINES[probe].describe(finding as NonNullable<Examination[Probe]>)); // checked above
}

/** Formats the end of the report. */
export function formatDiagnosis({ findings, consequences, settings }: Diagnosis): string {
  const formatSection = (title: string, lines: readonly string[]) =>
    `${title}\n${lines.map((line) => wrapText(line, '  ', '    ')).join('\n')}`;
  return [
    formatSection('What this network does', findings),
    formatSection('What that means', consequences),
    formatSection('What to set', settings[0] === NOTHING ? settings : [...settings, MORE]),
  ].join('\n\n');
}

const NOTHING = 'Nothing.';
const MORE = 'Configurations of each product: docs/networks.md';

/**
 * Breaks a text between words.
 * @param first prefix of the first line
 * @param rest prefix of the other lines
 */
function wrapText(text: string, first: string, rest: string): string {
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
