import { computeFigures, type Figures } from './figures.ts';
import type { ClientName, Result } from './gauntlet.ts';
import type { Profile } from './profile.ts';

/** Clients of the table: ours have a row for each network, the two for comparison share a row and have a table of their own. */
const NAMES: Record<ClientName, string> = {
  sdk: 'SDK',
  page: 'page in Chromium',
  plain: 'EventSource + fetch',
  'socket.io': 'socket.io 4',
};
const OURS: readonly ClientName[] = ['sdk', 'page'];
const OTHERS: readonly ClientName[] = ['plain', 'socket.io'];

const HEAD = `| network | client | way down | usable | down p50 / p95 | up p50 / p95 | ran dry | lost | doubled | out of order |
|---|---|---|--:|--:|--:|--:|--:|--:|--:|`;

export interface Circumstances {
  readonly minutes: number;
  /** Versions of the programs, and the machine. */
  readonly on: string;
  readonly date: string;
}

/** Writes the generated part of docs/gauntlet.md. */
export function renderTables(results: readonly Result[], { minutes, on, date }: Circumstances): string {
  const rows = OURS.flatMap((client) => ownRows(results.filter((result) => result.client === client)));
  const totals = OTHERS.map((client) => totalRow(results.filter((result) => result.client === client)));
  const networks = [...new Set(results.map(({ profile }) => profile))];
  return `Written by \`npm run gauntlet -- --minutes ${minutes}\` on ${date}, on ${on}. All times are ms.

## Ours

${HEAD}
${[...rows, ...totals.filter((row) => row !== undefined)].join('\n')}

## The networks

${networks.map(({ name, what }) => `- **${name}**: ${what}`).join('\n')}

## The same with other clients

${renderComparison(results, networks)}
`;
}

function ownRows(results: readonly Result[]): string[] {
  const direct = getOutcome(results.find(({ profile }) => profile.name === 'direct'));
  return results.map((result) => {
    const { profile, outcome, client } = result;
    const start = [profile.name, NAMES[client]];
    if ('failed' in outcome) return row([...start, `not run: ${firstLine(outcome.failed)}`]);
    const figures = computeFigures(outcome, result.usableMs, direct);
    const { rung, usableMs, down, up, lost, doubled, outOfOrder } = figures;
    const cells = [...start, rung, round(usableMs), pair(down), pair(up), dryText(figures, profile)];
    return row([...cells, String(lost), String(doubled), String(outOfOrder)]);
  });
}

/** Formats the row of all networks together. */
function totalRow(results: readonly Result[]): string | undefined {
  const [first] = results;
  if (!first) return undefined;
  const all = results.flatMap((result) =>
    'failed' in result.outcome ? [] : [computeFigures(result.outcome, result.usableMs, undefined)],
  );
  const came = all.filter(({ usableMs }) => usableMs !== undefined);
  const sum = (count: (figures: Figures) => number) =>
    String(all.reduce((total, figures) => total + count(figures), 0));
  const dry = came.reduce((total, figures) => total + figures.dry.count, 0);
  const cells = ['**all, for comparison**', NAMES[first.client], '', `started in ${came.length} of ${results.length}`];
  const columns = ['see below', '', `${dry} times`];
  return row([
    ...cells,
    ...columns,
    sum(({ lost }) => lost),
    sum(({ doubled }) => doubled),
    sum(({ outOfOrder }) => outOfOrder),
  ]);
}

function renderComparison(results: readonly Result[], networks: readonly Profile[]): string {
  const clients = (['sdk', ...OTHERS] as const).filter((client) => results.some((result) => result.client === client));
  const head = row(['network', ...clients.map((client) => NAMES[client])]);
  const rule = row(['---', ...clients.map(() => '---')]);
  const rows = networks.map((network) => {
    const cells = clients.map((client) => {
      const result = results.find(({ profile, client: other }) => profile === network && other === client);
      return result ? summary(result, results) : '';
    });
    return row([network.name, ...cells]);
  });
  return [head, rule, ...rows].join('\n');
}

function summary(result: Result, results: readonly Result[]): string {
  const { outcome, client } = result;
  if ('failed' in outcome) return `not run: ${firstLine(outcome.failed)}`;
  const direct = results.find((other) => other.client === client && other.profile.name === 'direct');
  const { usableMs, down, up, dry, lost, doubled, outOfOrder } = computeFigures(
    outcome,
    result.usableMs,
    getOutcome(direct),
  );
  if (usableMs === undefined) return '**never started**';
  const faults = [
    ...(lost > 0 ? [`**${lost} lost**`] : []),
    ...(doubled > 0 ? [`**${doubled} doubled**`] : []),
    ...(outOfOrder > 0 ? [`**${outOfOrder} out of order**`] : []),
    ...(dry.count > 0 ? [`dry ${dry.count} times, ${round(dry.ms)} ms`] : []),
  ];
  return [`usable ${round(usableMs)}`, `down ${pair(down)}`, `up ${pair(up)}`, ...faults].join('; ');
}

function getOutcome(result: Result | undefined) {
  return result === undefined || 'failed' in result.outcome ? undefined : result.outcome;
}

function dryText({ dry, announced }: Figures, { steady }: Profile): string {
  const times = dry.count === 0 ? '0' : `${dry.count} times, ${round(dry.ms)} ms`;
  return `${times}${steady ? '' : ' ¹'}${announced > 0 ? `, ${announced} dropped ²` : ''}`;
}

const round = (ms: number | undefined) => (ms === undefined ? 'never' : String(Math.round(ms)));
const pair = (spread: Figures['down']) => (spread ? `${round(spread.p50)} / ${round(spread.p95)}` : '–');
const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const firstLine = (text: string) => text.split('\n')[0] ?? '';
