/**
 * Carries voice conversations through hostile networks, and writes down how they fared: `npm run gauntlet`. `-- --minutes 10` talks for so
 * long in each (default 1), `--profile NAME` runs one of them and writes nothing.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { directories } from './course.ts';
import {
  type ClientName,
  type Gauntlet,
  listFaults,
  listShortfalls,
  openGauntlet,
  type Result,
  type Run,
} from './gauntlet.ts';
import { inLanes } from './lanes.ts';
import { listDescendants } from './processes.ts';
import { profiles } from './profiles/all.ts';
import { missingPrograms } from './program.ts';
import { renderTables } from './table.ts';

const PAGE = new URL('../../docs/gauntlet.md', import.meta.url);
/** Separator in the page. The text above it is written by hand. */
const MARK = '<!-- below: written by npm run gauntlet -->\n';
/** Number of simultaneous conversations, which mostly wait. */
const LANES = 12;
/** Number of simultaneous browsers. Two cores carry no more without distortion of the measurement. */
const PAGE_LANES = 1;
const GREETINGS = 4;
const PROGRESS_MS = 60_000;
const DAY = 10;

const values = readArguments();
const minutes = Number(values.minutes ?? 1);
if (!(minutes > 0 && minutes <= 600)) fail(`--minutes takes a number above 0 and up to 600, not "${values.minutes}"`);
const wanted = profiles.filter(({ name }) => values.profile === undefined || name === values.profile);
if (wanted.length === 0) {
  fail(`no profile "${values.profile}"; there are ${profiles.map(({ name }) => name).join(', ')}`);
}

// Delete the folders of programs, which end with this process while their files do not.
process.once('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const stack = new AsyncDisposableStack();
const startedAt = performance.now();
let results: Result[];
try {
  for (const reason of missingPrograms(wanted.flatMap(({ programs }) => programs)).values()) say(reason);
  const gauntlet = await openGauntlet(stack);
  results = await runAll(gauntlet);
  for (const mistake of gauntlet.course.mistakes) say(`the server logged a mistake: ${mistake}`);
  if (gauntlet.course.mistakes.length > 0) process.exitCode = 1;
} finally {
  await stack.disposeAsync();
}
const left = listDescendants(process.pid).map(({ pid }) => pid);
if (left.length > 0) {
  say(`still running afterwards: ${left.join(', ')}`);
  process.exitCode = 1;
}
const date = new Date().toISOString().slice(0, DAY);
const tables = renderTables(results, { minutes, on: circumstances(), date });
console.log(tables);
const ours = results.filter(({ client }) => client === 'sdk' || client === 'page');
const faulty = ours.filter((result) => listFaults(result).length > 0);
for (const result of faulty) say(`${result.client} through ${result.profile.name}: ${listFaults(result).join(', ')}`);
if (faulty.length > 0) process.exitCode = 1;
// Report slowness without a failure, because a busy machine is slow too.
for (const result of ours) {
  for (const shortfall of listShortfalls(result)) say(`${result.client} through ${result.profile.name}: ${shortfall}`);
}
if (values.profile === undefined && faulty.length === 0) {
  const [text = ''] = readFileSync(PAGE, 'utf8').split(MARK);
  writeFileSync(PAGE, `${text}${MARK}\n${tables}`);
  say(`written to ${PAGE.pathname}`);
}
// Exit at once, without waiting for sockets that clients have left open.
process.exit();

async function runAll(gauntlet: Gauntlet): Promise<Result[]> {
  const of = (client: ClientName, ms: number, greetings: number): Run[] =>
    wanted.filter(({ page }) => client !== 'page' || page).map((profile) => ({ client, profile, ms, greetings }));
  const wholeMs = minutes * 60_000;
  // Run the clients for comparison for a shorter time.
  const briefMs = Math.min(wholeMs, 30_000);
  const first = [...of('sdk', wholeMs, GREETINGS), ...of('plain', briefMs, 0), ...of('socket.io', briefMs, 0)];
  const second = of('page', briefMs, 0);
  const all = first.length + second.length;
  let done = 0;
  const underWay = new Set<string>();
  const progress = setInterval(() => say(`${done}/${all} done; under way: ${[...underWay].join(', ')}`), PROGRESS_MS);
  const work = async (run: Run) => {
    const what = `${run.client} through ${run.profile.name}`;
    underWay.add(what);
    const result = await gauntlet.run(run);
    underWay.delete(what);
    done += 1;
    const { outcome } = result;
    const text =
      'failed' in outcome ? outcome.failed : listFaults(result).join(', ') || `all is well, on ${outcome.rung}`;
    say(`${done}/${all} ${what}: ${text}`);
    return result;
  };
  // Run browsers separately, because they would increase the latencies of the others.
  const results = [...(await inLanes(LANES, first, work)), ...(await inLanes(PAGE_LANES, second, work))];
  clearInterval(progress);
  return results;
}

/** Describes the circumstances that a reader needs to repeat the run. */
function circumstances(): string {
  const packages = [
    'nginx-light',
    'haproxy',
    'squid',
    'mitmproxy',
    'tinyproxy',
    'apache2',
    'caddy',
    'stunnel4',
    'openssh-server',
    'chromium',
  ];
  const versions = packages.flatMap((name) => {
    try {
      // The output is `name<tab>version`.
      return [execFileSync('dpkg-query', ['-W', name], { encoding: 'utf8', stdio: 'pipe' }).trim().replace('\t', ' ')];
    } catch {
      // The system is not Debian, or the package is not installed.
      return [];
    }
  });
  return `${cpus().length} cores, Node ${process.versions.node}, ${versions.join(', ')}`;
}

function readArguments(): { minutes?: string | undefined; profile?: string | undefined } {
  try {
    return parseArgs({ options: { minutes: { type: 'string' }, profile: { type: 'string' } } }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function say(text: string): void {
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  console.error(`${String(seconds).padStart(5)} s  ${text}`);
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(2);
}
