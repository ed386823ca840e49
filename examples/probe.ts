// Asks a live Gemini model what docs/models.md says about its family, and prints where the table is wrong, within two minutes:
// `GOOGLE_API_KEY=… npx node examples/probe.ts --model gemini-3.8-live`. `--family '3.8'` compares with another family than that of the name, and
// GOOGLE_GEMINI_BASE_URL examines another server. Exit status: 0 the table is right, 1 something differs, 2 the model could not be examined.
import { parseArgs } from 'node:util';
import { findGeminiFamily, GEMINI_FAMILIES, type GeminiFamily } from 'bidi-sse';
import { countDifferences, differs, examine, type Row } from './probe/examination.ts';
import { type Finding, LiveModel } from './probe/live-model.ts';
import { UnexaminedError } from './probe/live-session.ts';

/** Maximum duration of the examination, in ms. At the limit the remaining questions are unknown. */
const LIMIT_MS = 115_000;
/** Maximum number of characters of an observation that are printed. */
const MAX_SEEN = 160;
/** Properties about which no question is asked, with the reason. */
const SKIPPED = [
  ['continuesOnInput', 'shows in some conversations only'],
  ['foreignResults', 'shows only if a connection is lost while a call is open'],
] as const;
const USAGE = "usage: GOOGLE_API_KEY=… npx node examples/probe.ts [--model NAME] [--family '3.8']";

const families = Object.values(GEMINI_FAMILIES);
const { GOOGLE_API_KEY: apiKey = '' } = process.env;

/** Returns the model and the family of the command line. @throws for an invalid one */
function readArguments(): { model: string; family: GeminiFamily } {
  const options = { model: { type: 'string' }, family: { type: 'string' } } as const;
  const { model = GEMINI_FAMILIES['3.8'].example, family: name } = parseArgs({ options }).values;
  const family = name === undefined ? findGeminiFamily(model) : families.find((each) => each.name === name);
  if (!family) throw new Error(`the families are ${families.map((each) => `'${each.name}'`).join(', ')}`);
  if (apiKey === '') throw new Error('GOOGLE_API_KEY is not set');
  return { model, family };
}

function print(line: string): void {
  console.log(clean(line));
}

/** Removes the key, and characters that control a terminal. */
function clean(text: string): string {
  const safe = apiKey === '' ? text : text.replaceAll(apiKey, '…').replaceAll(encodeURIComponent(apiKey), '…');
  return safe.replace(/\p{C}/gu, ' ');
}

function printRow(
  name: string,
  expected: string | undefined,
  { value = 'unknown', seen }: Finding,
  mark: string,
): void {
  const table = `table: ${expected ?? 'yes or no'}`.padEnd(23);
  const model = `model: ${value} (${seen.slice(0, MAX_SEEN)})`;
  print(`${mark.padEnd(8)}${name.padEnd(34)}${table}${model}`);
}

/** Examines the model. @returns the exit status */
async function probe(): Promise<number> {
  const { model, family } = readArguments();
  print(`${model} is compared with the family ${family.name}.`);
  const rows = await examine(new LiveModel({ model, apiKey, deadline: performance.now() + LIMIT_MS }));
  const found: { row: Row; finding: Finding }[] = [];
  let unknown = 0;
  for (const row of rows) {
    const finding = await row.finding;
    const expected = row.expected(family);
    if (finding.value === undefined) unknown++;
    const mark = finding.value === undefined ? 'unknown' : differs(expected, finding) ? 'differs' : 'agrees';
    printRow(row.name, expected, finding, mark);
    found.push({ row, finding });
  }
  for (const [name, reason] of SKIPPED) print(`${'skipped'.padEnd(8)}${name.padEnd(34)}${reason}`);
  const count = (each: GeminiFamily) => countDifferences(found, each);
  const least = Math.min(...families.map(count));
  const nearest = families.filter((each) => count(each) === least).map(({ name }) => name);
  print(
    `${count(family)} of ${rows.length} differ, ${unknown} unknown. Nearest: ${nearest.join(' or ')}, of which ${least} differ.`,
  );
  return count(family) > 0 ? 1 : unknown > 0 ? 2 : 0;
}

let status = 2;
try {
  status = await probe();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  console.error(clean(error instanceof UnexaminedError ? `The model could not be examined: ${text}` : text));
  if (!(error instanceof UnexaminedError)) console.error(USAGE);
}
// A connection that never opened would keep the process alive.
process.stdout.write('', () => process.exit(status));
