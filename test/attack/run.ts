/** Attacks the built server on this machine, and writes down how it fared: `npm run attack`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../seeded-random.ts';
import { attacks } from './attacks/all.ts';
import { Campaign } from './campaign.ts';
import { type FuzzReport, fuzz, listFuzzFaults } from './fuzz/fuzzer.ts';
import { listFaults, megabytes, type Result } from './judge.ts';
import { BEFORE, PAGE, renderPage } from './table.ts';

const USAGE = `Attacks the built server on this machine, and prints how it fared.

Usage: npm run attack -- [options]

  --only NAMES    run the attacks whose names begin with one of NAMES, separated by commas; fuzz: the fuzzer
  --minutes N     continue for N minutes: all attacks in turn, and then again
  --quick         a quarter of the size and of the time
  --seed N        seed of the random numbers (default: from the clock; printed)
  --inputs N      number of inputs of the fuzzer (default: 1,000,000; a quarter with --quick)
  --folder DIR    attack the build of another checkout
  --record FILE   write the results as JSON, for the column "before" of the page
  --write         write docs/attacks.md
  --help          print this text

Exit status: 0 the server withstood everything, 1 it did not, 2 the arguments are not valid.`;
const QUICK_SCALE = 0.25;
const MAX_MINUTES = 60;
const INPUTS = 1_000_000;

const values = readArguments();
const minutes = Number(values.minutes ?? 0);
if (!(minutes >= 0 && minutes <= MAX_MINUTES)) fail(`--minutes takes a number from 0 to ${MAX_MINUTES}`);
const only = values.only?.split(',');
const wanted = attacks.filter(({ name }) => only?.some((prefix) => name.startsWith(prefix)) ?? true);
const withFuzzer = only?.includes('fuzz') ?? true;
if (wanted.length === 0 && !withFuzzer)
  fail(`no attack "${values.only}"; there are ${attacks.map(({ name }) => name).join(', ')}`);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
console.error(`seed ${seed}`);

const startedAt = performance.now();
const folder = resolve(values.folder ?? '.');
const campaign = new Campaign({ folder, scale: values.quick ? QUICK_SCALE : 1, random: seededRandom(seed) });
const results: Result[] = [];
const fuzzed = withFuzzer ? runFuzzer() : undefined;
try {
  do {
    for (const attack of wanted) {
      if (results.length >= wanted.length && minutesPassed() >= minutes) break;
      const result = await campaign.run(attack);
      results.push(result);
      print(result);
    }
  } while (minutesPassed() < minutes);
} finally {
  await campaign.close();
}
const faulty = results.filter((result) => listFaults(result).length > 0);
console.error(
  `${results.length} attacks in ${minutesPassed().toFixed(1)} minutes; the server did not withstand ${faulty.length}`,
);
if (values.record !== undefined)
  writeFileSync(values.record, `${JSON.stringify(worstOfEach(results), undefined, 1)}\n`);
if (values.write) {
  const before: Result[] = JSON.parse(readFileSync(BEFORE, 'utf8'));
  writeFileSync(
    PAGE,
    renderPage(worstOfEach(results), before, { minutes: minutesPassed(), attacks: results.length, fuzz: fuzzed }),
  );
  console.error(`written to ${PAGE.pathname}`);
}
process.exit(faulty.length > 0 || (fuzzed && listFuzzFaults(fuzzed).length > 0) ? 1 : 0);

function runFuzzer(): FuzzReport {
  const report = fuzz(Number(values.inputs ?? (values.quick ? INPUTS * QUICK_SCALE : INPUTS)), seed);
  const faults = listFuzzFaults(report);
  console.error(
    `${faults.length === 0 ? 'withstood' : 'FAILED   '} fuzzer: ${report.inputs} inputs in ${Math.round(report.seconds)} s`,
  );
  for (const fault of faults) console.error(`          ! ${fault}`);
  return report;
}

function minutesPassed(): number {
  return (performance.now() - startedAt) / 60_000;
}

/** Returns one result of each attack: the one with the most faults, then the longest stall. */
function worstOfEach(all: readonly Result[]): Result[] {
  const badness = (result: Result) => listFaults(result).length * 1e6 + (result.witness?.probes.longestStallMs ?? 0);
  return [...new Set(all.map(({ name }) => name))].flatMap((name) =>
    all
      .filter((result) => result.name === name)
      .sort((a, b) => badness(b) - badness(a))
      .slice(0, 1),
  );
}

function print(result: Result): void {
  const { memory, witness, answers, exit } = result;
  const faults = listFaults(result);
  const stall = witness
    ? `${Math.round(witness.probes.longestStallMs)} ms (answers after up to ${Math.round(witness.probes.longestWaitMs)} ms)`
    : '–';
  const talk = witness?.conversations
    .map(({ sent, p99Ms }) => `${sent} items, p99 ${Math.round(p99Ms ?? 0)} ms`)
    .join('; ');
  const figures = `memory ${megabytes(memory.before)} → ${megabytes(memory.peak)} → ${megabytes(memory.after)}, objects ${megabytes(result.live.after)}, stall ${stall}, ${talk ?? exit}`;
  console.error(`${faults.length === 0 ? 'withstood' : 'FAILED   '} ${result.name}: ${figures}`);
  console.error(`          answers: ${JSON.stringify(answers)}`);
  for (const note of result.notes ?? []) console.error(`          ${note}`);
  for (const fault of faults) console.error(`          ! ${fault}`);
}

function readArguments() {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const options = {
      only: text,
      minutes: text,
      seed: text,
      inputs: text,
      folder: text,
      record: text,
      quick: flag,
      write: flag,
      help: flag,
    };
    const { values } = parseArgs({ options });
    if (!values.help) return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  console.log(USAGE);
  process.exit(0);
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(2);
}
