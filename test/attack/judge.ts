import type { WitnessReport } from './stage.ts';

/** Everything that was measured during one attack. */
export interface Result {
  readonly name: string;
  readonly does: string;
  readonly stoppedBy: string;
  /** Duration of the attack, in s. */
  readonly seconds: number;
  /** Resident memory in bytes: before the attack, at its highest, and after garbage collection at the end. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  /** JavaScript objects and their buffers after garbage collection, in bytes: before and after the attack. */
  readonly live: { readonly before: number; readonly after: number };
  readonly descriptors: { readonly before: number; readonly after: number };
  /** How the process ended. `undefined`: it did not. */
  readonly exit?: string | undefined;
  /** `undefined` if the witness could not tell, because the server was gone. */
  readonly witness?: WitnessReport | undefined;
  /** Number of answers by status and code. */
  readonly answers: Readonly<Record<string, number>>;
  /** What the attack saw that a safe server does not do. */
  readonly complaints: readonly string[];
  /** Figures that the attack itself took, for the table. */
  readonly notes?: readonly string[] | undefined;
}

const MEGABYTE = 1_024 * 1_024;
/** Maximum growth of memory that remains after an attack, in bytes. */
export const MAX_LEFT_BYTES = 50 * MEGABYTE;
/** Maximum growth of memory during an attack, in bytes: the default of MAX_HELD_BYTES, and as much garbage that is not collected yet. */
export const MAX_GROWTH_BYTES = 2 * 512 * MEGABYTE;
/** Maximum time without an answer of the server, in ms. */
export const MAX_STALL_MS = 250;
/** Descriptors that may be open beside those of before: connections of the honest users that were just replaced. */
export const MAX_LEFT_DESCRIPTORS = 8;

/** Lists what was wrong with the server during an attack. Empty: the server withstood it. */
export function listFaults(result: Result): string[] {
  const { memory, live, descriptors, exit, witness, complaints } = result;
  if (exit !== undefined) return [`the process ended: ${exit}`, ...complaints];
  const faults: string[] = [];
  const left = memory.after - memory.before;
  const growth = memory.peak - memory.before;
  if (left > MAX_LEFT_BYTES) faults.push(`${megabytes(left)} of memory remained in use`);
  const kept = live.after - live.before;
  if (kept > MAX_LEFT_BYTES) faults.push(`${megabytes(kept)} of objects remained`);
  if (growth > MAX_GROWTH_BYTES) faults.push(`memory grew by ${megabytes(growth)}`);
  if (descriptors.after - descriptors.before > MAX_LEFT_DESCRIPTORS) {
    faults.push(`${descriptors.after - descriptors.before} file descriptors leaked`);
  }
  if (!witness) faults.push('the honest conversation did not report');
  else faults.push(...listWitnessFaults(witness));
  return [...faults, ...complaints];
}

function listWitnessFaults(report: WitnessReport): string[] {
  const { longestStallMs } = report.probes;
  const stall = longestStallMs > MAX_STALL_MS ? [`the server stood still for ${Math.round(longestStallMs)} ms`] : [];
  return [...stall, ...listConversationFaults(report)];
}

/** Lists what honest users lost. */
export function listConversationFaults({ conversations }: WitnessReport): string[] {
  const faults: string[] = [];
  for (const { user, lost, doubled, outOfOrder, complaints } of conversations) {
    const counts = Object.entries({ lost, doubled, 'out of order': outOfOrder }).filter(([, count]) => count > 0);
    for (const [what, count] of counts) faults.push(`${count} items of ${user} were ${what}`);
    for (const complaint of complaints) faults.push(`${user}: ${complaint}`);
  }
  return faults;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}
