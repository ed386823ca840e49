import { cpus } from 'node:os';
import type { FuzzReport } from './fuzz/fuzzer.ts';
import { listFaults, MAX_GROWTH_BYTES, MAX_LEFT_BYTES, MAX_STALL_MS, megabytes, type Result } from './judge.ts';

/** The page that is written, and the results of the time before there were limits. */
export const PAGE = new URL('../../docs/attacks.md', import.meta.url);
export const BEFORE = new URL('before.json', import.meta.url);

export interface RunDescription {
  readonly minutes: number;
  /** Number of attacks that were carried out. */
  readonly attacks: number;
  readonly fuzz: FuzzReport | undefined;
}

/**
 * Writes docs/attacks.md.
 * @param before results of commit 994217c, the last one without the limits
 */
export function renderPage(results: readonly Result[], before: readonly Result[], run: RunDescription): string {
  return `${renderIntroduction(run)}
## Attacks

| attack | memory | longest stall | honest conversations | stopped by |
|---|---|--:|---|---|
${results.map((result) => renderRow(result)).join('\n')}

What the attacker does:

${results.map(({ name, does, notes = [] }) => `- **${name}** ${[does, ...notes].join('. ')}.`).join('\n')}

## The same attacks before the limits

${before.length} of these attacks, carried out in the same way against commit 994217c, the last one without the limits. "Not yet" is what the
server did not withstand.

| attack | memory | longest stall | honest conversations | not yet |
|---|---|--:|---|---|
${before.map((result) => renderRow(result, listServerFaults(result).join('; ') || '–')).join('\n')}
${run.fuzz ? renderFuzz(run.fuzz) : ''}`;
}

/** Lists what was wrong with the server itself. A column of its own tells what honest users lost. */
function listServerFaults(result: Result): string[] {
  const { witness } = result;
  return listFaults(witness ? { ...result, witness: { ...witness, conversations: [] } } : result);
}

function renderIntroduction({ minutes, attacks }: RunDescription): string {
  const date = new Date().toISOString().slice(0, 10);
  return `# Attacks

Written by \`npm run attack -- --write\` on ${date}: ${attacks} attacks in ${minutes.toFixed(0)} minutes, on ${cpus().length} cores with Node ${process.versions.node}.
[SECURITY.md](../SECURITY.md) says who attacks what, and what stops them.

The built server runs in a process of its own, with the default limits of counts and sizes, and shorter times. A process beside it holds two honest
conversations by the SDK, one on a WebSocket and one on a stream: ten pieces of numbered audio a second and a numbered text, all of which come back
from the model. The same process asks for \`/healthz\` every 20 ms. All attackers come from other addresses than the honest users.

The server withstands an attack if its process lives, its memory grows by less than ${megabytes(MAX_GROWTH_BYTES)} and comes back to within ${megabytes(MAX_LEFT_BYTES)},
no file descriptor leaks, no stall is longer than ${MAX_STALL_MS} ms, and nothing of the honest conversations is lost, doubled or out of order.

- **memory**: resident memory before, at its highest, and after the attack.
- **longest stall**: longest time without an answer to \`/healthz\`, without the time for which a process waited for a processor of this machine.
- **honest conversations**: number of pieces of audio and texts that were sent and came back, and the 99th percentile of their time through the
  server and back.
`;
}

function renderRow(result: Result, last = result.stoppedBy): string {
  const { name, memory, witness, exit } = result;
  const talk = witness ? renderTalk(result) : `lost: the process ended (${exit ?? 'no report'})`;
  const stall = witness ? `${Math.round(witness.probes.longestStallMs)} ms` : '–';
  const figures = [memory.before, memory.peak, memory.after].map((bytes) => Math.round(bytes / 1_024 / 1_024));
  const after = exit === undefined ? `${figures.join(' → ')} MB` : `${figures.slice(0, 2).join(' → ')} MB, end`;
  return `| ${[name, after, stall, talk, last].map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function renderTalk({ witness }: Result): string {
  const conversations = witness?.conversations ?? [];
  const sum = (name: 'sent' | 'lost' | 'doubled' | 'outOfOrder') =>
    conversations.reduce((total, conversation) => total + conversation[name], 0);
  const p99 = Math.max(0, ...conversations.map(({ p99Ms = 0 }) => p99Ms));
  const faults = [
    [sum('lost'), 'lost'],
    [sum('doubled'), 'doubled'],
    [sum('outOfOrder'), 'out of order'],
  ] as const;
  const wrong = faults.filter(([count]) => count > 0).map(([count, what]) => `**${count} ${what}**`);
  return [`${sum('sent')} sent`, ...wrong, `p99 ${Math.round(p99)} ms`].join(', ');
}

function renderFuzz({ seed, inputs, seconds, surfaces, growth }: FuzzReport): string {
  const rows = surfaces.map(
    ({ surface, inputs: count, slowestMs }) => `| ${surface} | ${count} | ${slowestMs.toFixed(1)} ms |`,
  );
  return `
## Fuzzer

${inputs} inputs in ${Math.round(seconds)} s, seed ${seed}; memory grew by ${megabytes(Math.max(0, growth))}. Every input was accepted, or refused with an
error of [the catalogue](errors.md); nothing of a refused body was applied; no input of at most 64 KiB took more than 50 ms of a processor.

| input | count | slowest |
|---|--:|--:|
${rows.join('\n')}
`;
}
