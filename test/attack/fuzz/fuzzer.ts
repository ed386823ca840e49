import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom } from '../../seeded-random.ts';
import { clientSurfaces } from './client-surfaces.ts';
import { credentialSurfaces } from './credential-surfaces.ts';
import { Mutator, shrink } from './mutator.ts';
import { pageSurfaces } from './page-surfaces.ts';
import { providerSurfaces } from './provider-surfaces.ts';
import { describe, type Surface } from './surface.ts';

export const surfaces: readonly Surface[] = [
  ...clientSurfaces,
  ...pageSurfaces,
  ...credentialSurfaces,
  ...providerSurfaces,
];

/** An input for which an invariant does not hold. */
export interface Finding {
  readonly surface: string;
  /** Shortest input that was found, as JSON. */
  readonly input: string;
  readonly error: string;
}

export interface SurfaceReport {
  readonly surface: string;
  readonly inputs: number;
  /** Longest time of the processor for one input, in ms. */
  readonly slowestMs: number;
}

export interface FuzzReport {
  readonly seed: number;
  readonly inputs: number;
  readonly seconds: number;
  readonly surfaces: readonly SurfaceReport[];
  readonly findings: readonly Finding[];
  /** Growth of the memory in use from the first tenth of the inputs to the end, after garbage collection, in bytes. */
  readonly growth: number;
}

/** Maximum time of the processor for one input of at most 64 KiB, in ms. */
export const MAX_INPUT_MS = 50;
/** Maximum growth of memory, in bytes. */
export const MAX_GROWTH_BYTES = 50 * 1_024 * 1_024;
/** Number of times that a slow input is repeated: another process may have been the reason. */
const REPETITIONS = 3;
const MAX_FINDINGS = 10;
/** Inputs of one surface before the next one. */
const BATCH = 1_000;

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Lets every surface read mutated inputs, `count` in total. The same seed makes the same inputs. */
export function fuzz(count: number, seed: number, wanted: readonly Surface[] = surfaces): FuzzReport {
  const startedAt = performance.now();
  const mutator = new Mutator(seededRandom(seed));
  const reports = new Map(wanted.map(({ name }) => [name, { surface: name, inputs: 0, slowestMs: 0 }]));
  const findings: Finding[] = [];
  let before: number | undefined;
  let inputs = 0;
  for (let batch = 0; inputs < count && findings.length < MAX_FINDINGS; batch += 1) {
    const surface = wanted[batch % wanted.length];
    const report = surface && reports.get(surface.name);
    if (!report) break;
    for (let index = 0; index < Math.min(BATCH, count - inputs); index += 1) {
      // The seeds themselves are inputs too.
      const input =
        report.inputs < surface.seeds.length
          ? surface.seeds[report.inputs]
          : mutator.mutate(surface.seeds, surface.maxLength);
      const { finding, ms } = checkInput(surface, input ?? '');
      report.inputs += 1;
      report.slowestMs = Math.max(report.slowestMs, ms);
      if (!finding) continue;
      findings.push(finding);
      break;
    }
    inputs = [...reports.values()].reduce((total, each) => total + each.inputs, 0);
    if (before === undefined && inputs >= count / 10) before = measureMemory();
  }
  const growth = measureMemory() - (before ?? 0);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { seed, inputs, seconds, surfaces: [...reports.values()], findings, growth };
}

function checkInput(surface: Surface, input: string): { finding?: Finding; ms: number } {
  const first = run(surface, input);
  let { ms } = first;
  if (first.error !== undefined) {
    const least = shrink(input, (shorter) => run(surface, shorter).error === first.error);
    return { finding: { surface: surface.name, input: JSON.stringify(least.slice(0, 2_000)), error: first.error }, ms };
  }
  if (ms <= MAX_INPUT_MS) return { ms };
  for (let count = 0; count < REPETITIONS; count += 1) {
    const before = process.threadCpuUsage();
    run(surface, input);
    const { user, system } = process.threadCpuUsage(before);
    ms = Math.min(ms, (user + system) / 1_000);
  }
  if (ms <= MAX_INPUT_MS) return { ms };
  const error = `took ${Math.round(ms)} ms for ${input.length} characters`;
  return { finding: { surface: surface.name, input: JSON.stringify(input.slice(0, 2_000)), error }, ms };
}

function run(surface: Surface, input: string): { error?: string; ms: number } {
  const startedAt = performance.now();
  try {
    surface.check(input);
    return { ms: performance.now() - startedAt };
  } catch (error) {
    return { error: describe(error), ms: performance.now() - startedAt };
  }
}

function measureMemory(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Lists what is wrong. Empty: every invariant held. */
export function listFuzzFaults({ findings, growth }: FuzzReport): string[] {
  const faults = findings.map(({ surface, error, input }) => `${surface}: ${error}, for ${input.slice(0, 500)}`);
  if (growth > MAX_GROWTH_BYTES) faults.push(`memory grew by ${Math.round(growth / 1_024 / 1_024)} MB`);
  return faults;
}
