import { afterAll, describe, expect, test } from '@jest/globals';
import { findChromium } from '../browser/chromium.ts';
import { listFaults, openGauntlet, type Run } from './gauntlet.ts';
import { inLanes } from './lanes.ts';
import type { Profile } from './profile.ts';
import { missingPrograms } from './program.ts';

/**
 * Minimum duration of a conversation, in ms: two utterances and two silences, which give the ladder time. On the page, which
 * starts more slowly, one of each.
 */
const BRIEF_MS = { sdk: 8_000, page: 1 };
/** Number of simultaneous conversations on two cores. They mostly wait, but a browser computes. */
const LANES = 9;
const BROWSERS = 2;
const ALL_MS = 8 * 60_000;
/** Maximum number of repetitions of a conversation that other runs may have disturbed. */
const MAX_REPEATS = 3;

/**
 * Defines tests that carry voice conversations through `profiles`: by the SDK, and by the page if the profile asks for it. All
 * conversations start at once, and each test waits for its own.
 */
export async function describeConversations(profiles: readonly Profile[]): Promise<void> {
  const missing = missingPrograms(profiles.flatMap(({ programs }) => programs));
  const browser = findChromium();
  const stack = new AsyncDisposableStack();
  const gauntlet = await openGauntlet(stack);
  afterAll(() => stack.disposeAsync(), 60_000);

  /** Returns the reason why a run is impossible on this machine, or undefined. */
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
  /** Results of all runs, which start now. */
  const results = new Map<Run, ReturnType<typeof gauntlet.run>>();
  const start = (lanes: number, client: Run['client']) => {
    const own = possible.filter((run) => run.client === client);
    const settles = new Map(own.map((run) => [run, Promise.withResolvers<Awaited<ReturnType<typeof gauntlet.run>>>()]));
    for (const [run, { promise }] of settles) results.set(run, promise);
    void inLanes(lanes, own, async (run) => settles.get(run)?.resolve(await gauntlet.run(run)));
  };
  start(BROWSERS, 'page');
  start(LANES, 'sdk');

  const isElsewhere = (fault: string) => fault.startsWith('the conversation ended on');
  const isOnlyElsewhere = (faults: readonly string[]) => faults.length > 0 && faults.every(isElsewhere);
  /** Whether other runs may have caused the faults: they decide how late audio is, and a client drops audio that is too late. */
  const isDisturbed = (faults: readonly string[]) =>
    faults.length > 0 && faults.every((fault) => isElsewhere(fault) || fault.endsWith('blocks dropped'));

  describe.each(['sdk', 'page'] as const)('a voice conversation by the %s', (client) => {
    for (const run of runs.filter((each) => each.client === client)) {
      const { profile } = run;
      const title = `through ${profile.name} (${profile.what}) arrives complete, once and in order`;
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
          // Repeat the run alone: milliseconds decide which rung the ladder ends on and what is too late. The other runs distort them, and so do
          // other tests on a busy machine.
          for (let repeats = 0; repeats < MAX_REPEATS && result && isDisturbed(listFaults(result)); repeats += 1) {
            await Promise.allSettled(results.values());
            result = await gauntlet.run(run);
          }
          const faults = result && listFaults(result);
          // One utterance is too short for the page's ladder behind one-event-lag, where it ends on the plain stream once in four times.
          // The gauntlet's own run, with half a minute for the page, judges where it ends.
          const isTooShort = client === 'page' && profile.name === 'one-event-lag';
          const judged = isTooShort && faults && isOnlyElsewhere(faults) ? [] : faults;
          expect(judged).toEqual([]);
          expect(gauntlet.course.mistakes).toEqual([]);
        },
        ALL_MS,
      );
    }
  });
}
