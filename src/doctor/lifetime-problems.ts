import { MISSED_HEARTBEATS } from '../client/down-connection.ts';
import type { Examination } from './examination.ts';
import type { LifetimeFinding } from './lifetime.ts';
import type { Problem } from './problem.ts';
import { formatDuration, joinWords } from './quantity.ts';

/** Age below which ended connections disturb a conversation, in ms. */
const SHORT_LIFE_MS = 10_000;

/** Lists the ways in which connections end or fall silent. */
export function listLifetimeProblems(examination: Examination): Problem[] {
  return [...listSilenceProblems(examination), ...listEndProblems(examination)];
}

function listSilenceProblems({ lifetimes, hold, order, reached }: Examination): Problem[] {
  const silent = lifetimes.flatMap(({ lives }) => lives).filter((life) => life.silent).length;
  const seen = [
    ...(silent > 0 ? [`${silent} ${silent === 1 ? 'connection' : 'connections'} fell silent`] : []),
    ...(hold.kind === 'unanswered' ? ['a poll was never answered'] : []),
    ...(order?.lost ? ['a POST was never answered'] : []),
  ];
  if (seen.length === 0) return [];
  const overdue = formatDuration(MISSED_HEARTBEATS * reached.heartbeatMs);
  return [
    {
      topic: 'silence',
      finding: `Connections are lost without notice (${joinWords(seen)}).`,
      consequence: `The SDK notices the loss within about 2 s while somebody speaks, and otherwise within ${overdue}, when a heartbeat is overdue. The conversation pauses until then. Afterwards it continues and nothing is lost.`,
      hurts: true,
    },
  ];
}

function listEndProblems({ lifetimes, reached }: Examination): Problem[] {
  const ages = lifetimes.flatMap(({ lives }) => lives.filter((life) => !life.silent).map(({ ms }) => ms));
  if (ages.length === 0) return [];
  const caps = lifetimes.flatMap(({ capMs }) => capMs ?? []);
  const capMs = caps.length > 0 ? Math.min(...caps) : findCommonAge(ages);
  const kinds = nameEndedKinds(lifetimes);
  const finding =
    capMs === undefined
      ? `${kinds} are ended (${ages.length === 1 ? 'one' : 'some'} after ${joinWords(ages.slice(0, 4).map(formatDuration))}).`
      : `${kinds} are ended after ${formatDuration(capMs)} (seen ${ages.length === 1 ? 'once' : `${ages.length} times`}). ${explainCap(capMs, reached.heartbeatMs)}`;
  const isOften = Math.min(...ages) < SHORT_LIFE_MS;
  return [
    {
      topic: 'lifetime',
      finding,
      consequence: `Nothing is lost if the client sends its last event id when it reconnects, as the SDK and EventSource do.${isOften ? ' The interruptions are so frequent that the conversation stutters.' : ''}`,
      hurts: true,
    },
  ];
}

function nameEndedKinds(lifetimes: readonly LifetimeFinding[]): string {
  const ended = lifetimes.filter(({ lives }) => lives.some((life) => !life.silent));
  const kinds = joinWords([...new Set(ended.map(({ rung }) => (rung === 'ws' ? 'WebSockets' : 'streams')))]);
  return kinds.charAt(0).toUpperCase() + kinds.slice(1);
}

function explainCap(capMs: number, heartbeatMs: number): string {
  if (capMs > 1.2 * heartbeatMs) return 'The limit is their age, because heartbeats kept them busy.';
  return `The limit is their age or their silence. The two cannot be distinguished below the ${formatDuration(heartbeatMs)} between heartbeats.`;
}

/** Returns the age at which all connections ended, of any kind, or undefined if their ages differ. */
function findCommonAge(ages: readonly number[]): number | undefined {
  const [least, most] = [Math.min(...ages), Math.max(...ages)];
  return most - least <= Math.max(300, 0.1 * most) ? least : undefined;
}
