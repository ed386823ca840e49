import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '../docs/performance.md');
const HEAD = `# Performance

Written by \`npm run bench\`, with the figures as they were measured. Absolute figures differ from machine to machine and from minute to minute, so most
rows compare this server with a bare relay that does the same work in the same run. Each row names its machine, and the load before it began: a load
above the number of processors means that other programs took a part of them.
`;

/** Replaces the section of one row; other sections keep the figures of their own run. */
export function writeSection(name: string, lines: readonly string[], conditions: string): void {
  const sections = readSections();
  sections.set(name, `\n## ${name}\n\n${conditions}\n\n${lines.map((line) => `- ${line.trim()}`).join('\n')}\n`);
  writeFileSync(FILE, HEAD + [...sections.values()].join(''));
}

function readSections(): Map<string, string> {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  const sections = text.split(/(?=\n## )/).slice(1);
  return new Map(sections.map((section) => [/## (.*)/.exec(section)?.[1] ?? '', section]));
}

/** Describes the machine, what was measured, and how busy the machine is. */
export function describeConditions(): string {
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const system = `${platform()} ${release()} ${arch()}, Node ${process.versions.node}`;
  return (
    `${day}, commit ${commit}; ${cpus().length} × ${cpu?.model.trim()}, ${memory}, ${system}; ` +
    `load ${loadavg()[0]?.toFixed(1)} before the row began.`
  );
}
