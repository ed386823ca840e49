import { afterAll, describe, expect, test } from '@jest/globals';
import { findChromium } from '../browser/chromium.ts';
import { faultsOf, openGauntlet, type Run } from './gauntlet.ts';
import { inLanes } from './lanes.ts';
import type { Profile } from './profile.ts';
import { profiles } from './profiles/all.ts';
import { missingPrograms } from './program.ts';

/** Two utterances and two silences, so that the ladder has had time; through the page, which is slower to begin, one. */
const BRIEF_MS = { sdk: 8_000, page: 1 };
/** At once, on two cores: they mostly wait; but a browser works. */
const LANES = 9;
const BROWSERS = 2;
const ALL_MS = 8 * 60_000;

const missing = missingPrograms(profiles.flatMap(({ programs }) => programs));
const browser = findChromium();
const stack = new AsyncDisposableStack();
const gauntlet = await openGauntlet(stack);
afterAll(() => stack.disposeAsync(), 60_000);

/** Why a run cannot be made here. */
function reasonAgainst({ profile, client }: Run): string | undefined {
  if (client === 'page' && 'missing' in browser) return browser.missing;
  return profile.programs.map((name) => missing.get(name)).find((reason) => reason !== undefined);
}

const brief = (client: keyof typeof BRIEF_MS) => (profile: Profile) => ({
  client,
  profile,
  ms: BRIEF_MS[client],
  greetings: 0,
});
const runs: Run[] = [...profiles.filter(({ page }) => page).map(brief('page')), ...profiles.map(brief('sdk'))];
const possible = runs.filter((run) => reasonAgainst(run) === undefined);
/** All begin now, and each test waits for its own. */
const results = new Map<Run, ReturnType<typeof gauntlet.run>>();
const start = (lanes: number, client: Run['client']) => {
  const own = possible.filter((run) => run.client === client);
  const settles = new Map(own.map((run) => [run, Promise.withResolvers<Awaited<ReturnType<typeof gauntlet.run>>>()]));
  for (const [run, { promise }] of settles) results.set(run, promise);
  void inLanes(lanes, own, async (run) => settles.get(run)?.resolve(await gauntlet.run(run)));
};
start(BROWSERS, 'page');
start(LANES, 'sdk');

const isOnlyElsewhere = (faults: readonly string[]) =>
  faults.length > 0 && faults.every((fault) => fault.startsWith('it ended on'));

describe.each(['sdk', 'page'] as const)('a voice conversation by the %s', (client) => {
  for (const run of runs.filter((each) => each.client === client)) {
    const { profile } = run;
    const title = `through ${profile.name} (${profile.what}) loses nothing, doubles nothing, keeps its order`;
    const reason = reasonAgainst(run);
    if (reason !== undefined && process.env.CI !== 'true') {
      test.skip(`${title}: ${reason}`, () => undefined);
      continue;
    }
    test(
      title,
      async () => {
        if (reason !== undefined) throw new Error(reason);
        let result = await results.get(run);
        // Where a ladder ends is decided by milliseconds, and so many others measure theirs: then once more, by itself.
        if (result && isOnlyElsewhere(faultsOf(result))) {
          await Promise.allSettled(results.values());
          result = await gauntlet.run(run);
        }
        expect(result && faultsOf(result)).toEqual([]);
        expect(gauntlet.course.mistakes).toEqual([]);
      },
      ALL_MS,
    );
  }
});
