/** A fenced `sh` block of a page that begins with `curl`, and the block after it. */
export interface Transcript {
  readonly section: string;
  readonly commands: string;
  readonly expected: readonly string[];
}

const PAIR = /^```sh\n(curl [\s\S]*?)\n```\n\n```\n([\s\S]*?)\n?```$/gm;

export function transcriptsIn(markdown: string): Transcript[] {
  return [...markdown.matchAll(PAIR)].map(({ 1: commands = '', 2: expected = '', index }) => ({
    section: [...markdown.slice(0, index).matchAll(/^##+ (.*)$/gm)].at(-1)?.[1] ?? '',
    commands,
    expected: expected.split('\n'),
  }));
}

/** Whether a line is as expected, where `…` stands for anything. */
export function matchesLine(expected: string, line: string): boolean {
  const literals = expected.split('…').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`).test(line);
}

/** Whether lines are as expected; a line that is `…` alone stands for any number of lines. */
export function matchesLines(expected: readonly string[], lines: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return lines.length === 0;
  if (first === '…') return lines.some((_, index) => matchesLines(rest, lines.slice(index))) || matchesLines(rest, []);
  const [line, ...others] = lines;
  return line !== undefined && matchesLine(first, line) && matchesLines(rest, others);
}

/** Splits the output of a command into lines, without blank lines at its end. */
export function toLines(text: string): string[] {
  return text.replaceAll('\r', '').trimEnd().split('\n');
}
