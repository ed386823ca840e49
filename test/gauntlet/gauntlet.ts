import { seededRandom } from '../seeded-random.ts';
import { converse, type Outcome, timeToUsable } from './converse.ts';
import { type Course, openCourse, through } from './course.ts';
import { figuresOf } from './figures.ts';
import { openPageTalker } from './page-talker.ts';
import { openPlain } from './plain-talker.ts';
import type { Profile } from './profile.ts';
import { openSdk } from './sdk-talker.ts';
import { startSocketIoServer } from './socketio-server.ts';
import { openSocketIo } from './socketio-talker.ts';
import type { OpenTalker } from './talker.ts';

/** Who carries a conversation: our two clients, and two to compare them with. */
export const CLIENTS = { sdk: openSdk, page: openPageTalker, plain: openPlain, 'socket.io': openSocketIo } as const;
export type ClientName = keyof typeof CLIENTS;

export interface Run {
  readonly client: ClientName;
  readonly profile: Profile;
  /** How long to talk, ms. */
  readonly ms: number;
  /** Clients of which only the time is measured that they take until they are of use. */
  readonly greetings: number;
}

export interface Result extends Run {
  /** What it showed, or why there was no conversation. */
  readonly outcome: Outcome | { readonly failed: string };
  /** Until each client was of use, ms: those of the greetings, and that of the conversation. */
  readonly usableMs: readonly (number | undefined)[];
}

export interface Gauntlet {
  readonly course: Course;
  run(run: Run): Promise<Result>;
}

/** How long what is still on its way may take, ms: more than the 25 s after which heartbeats are missed. */
const SETTLE_MS = 45_000;
const SEED = 4;

/** Opens the course for all clients. */
export async function openGauntlet(stack: AsyncDisposableStack): Promise<Gauntlet> {
  const course = await openCourse(stack);
  const socketIoPort = await startSocketIoServer(course.model, stack);
  let runs = 0;
  return {
    course,
    async run(run) {
      const { client, profile, ms, greetings } = run;
      const open: OpenTalker = CLIENTS[client];
      // Each is a user of its own: the session of the one before lingers.
      runs += 1;
      const name = `${client}-${profile.name}-${runs}`;
      const usableMs: Result['usableMs'][number][] = [];
      try {
        const port = client === 'socket.io' ? socketIoPort : course.port;
        const outcome = await through(profile, port, async (way) => {
          for (let count = 1; count <= greetings; count += 1) {
            usableMs.push(await timeToUsable(open, profile, way, `${name}-${count}`));
          }
          const script = { name, ms, settleMs: SETTLE_MS, random: seededRandom(SEED) };
          return converse(open, profile, way, course.model, script);
        });
        return { ...run, outcome, usableMs: [...usableMs, outcome.usableMs] };
      } catch (error) {
        return { ...run, outcome: { failed: error instanceof Error ? error.message : String(error) }, usableMs };
      }
    },
  };
}

/** What is wrong with a result of ours: nothing may be lost, doubled, damaged or out of order. */
export function faultsOf({ outcome, profile, client }: Result): string[] {
  if ('failed' in outcome) return [outcome.failed];
  if (outcome.usableMs === undefined) return ['it never came to a conversation'];
  const { up, down, strayBytes, rung } = outcome;
  const faults: string[] = [];
  for (const [direction, account] of Object.entries({ up, down })) {
    if (account.lost > 0) faults.push(`${account.lost} lost on the way ${direction}`);
    if (account.doubled > 0) faults.push(`${account.doubled} doubled on the way ${direction}`);
    if (account.strange > 0)
      faults.push(`${account.strange} on the way ${direction} that nobody sent, or that were said to be dropped`);
    if (account.outOfOrder > 0) faults.push(`${account.outOfOrder} out of order on the way ${direction}`);
  }
  if (strayBytes > 0) faults.push(`${strayBytes} bytes of audio that belong to nothing`);
  // Only a network that stands still, or is too narrow, is a reason to drop anything.
  if (profile.steady && outcome.announced > 0) faults.push(`${outcome.announced} blocks dropped`);
  if (!Number.isFinite(outcome.floorMs)) faults.push('a request that does nothing never got through');
  const isOurs = client === 'sdk' || client === 'page';
  if (isOurs && !profile.rungs.some((each) => each === rung)) faults.push(`it ended on ${rung}`);
  return faults;
}

/** More than a request takes that does nothing, ms. */
const USABLE_WITHIN_MS = 1_500;

/** Where a result of ours is not as quick as it should be. */
export function shortfallsOf(result: Result): string[] {
  const { outcome, profile, client } = result;
  if ('failed' in outcome) return [];
  const { usableMs, dry } = figuresOf(outcome, result.usableMs, undefined);
  const shortfalls: string[] = [];
  // A page has to load first.
  if (client === 'sdk' && (usableMs ?? Number.POSITIVE_INFINITY) > USABLE_WITHIN_MS) {
    shortfalls.push(`usable only after ${Math.round(usableMs ?? Number.NaN)} ms`);
  }
  if (profile.steady && dry.count > 0) shortfalls.push(`ran dry ${dry.count} times, for ${Math.round(dry.ms)} ms`);
  return shortfalls;
}
