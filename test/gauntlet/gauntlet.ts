import { seededRandom } from '../seeded-random.ts';
import { converse, type Outcome, timeToUsable } from './converse.ts';
import { type Course, openCourse, through } from './course.ts';
import { computeFigures } from './figures.ts';
import { openPageTalker } from './page-talker.ts';
import { openPlain } from './plain-talker.ts';
import type { Profile } from './profile.ts';
import { openSdk } from './sdk-talker.ts';
import { startSocketIoServer } from './socketio-server.ts';
import { openSocketIo } from './socketio-talker.ts';
import type { OpenTalker } from './talker.ts';

/** Clients that carry conversations: two of ours, and two for comparison. */
export const CLIENTS = { sdk: openSdk, page: openPageTalker, plain: openPlain, 'socket.io': openSocketIo } as const;
export type ClientName = keyof typeof CLIENTS;

export interface Run {
  readonly client: ClientName;
  readonly profile: Profile;
  /** Duration of the conversation, in ms. */
  readonly ms: number;
  /** Number of additional clients of which only the time until they are usable is measured. */
  readonly greetings: number;
}

export interface Result extends Run {
  /** Measurements of the conversation, or the reason why there was none. */
  readonly outcome: Outcome | { readonly failed: string };
  /** Times until each client was usable, in ms: those of the greetings and that of the conversation. */
  readonly usableMs: readonly (number | undefined)[];
}

export interface Gauntlet {
  readonly course: Course;
  run(run: Run): Promise<Result>;
}

/** Maximum wait for data in transit, in ms: more than the 25 s after which missing heartbeats are noticed. */
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
      // Use a new user for each run, because the session of the previous one lingers.
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

/** Lists the faults of a result of ours: nothing may be lost, doubled, damaged or out of order. */
export function listFaults({ outcome, profile, client }: Result): string[] {
  if ('failed' in outcome) return [outcome.failed];
  if (outcome.usableMs === undefined) return ['the conversation never started'];
  const { up, down, strayBytes, rung } = outcome;
  const faults: string[] = [];
  for (const [direction, account] of Object.entries({ up, down })) {
    if (account.lost > 0) faults.push(`${account.lost} lost on the way ${direction}`);
    if (account.doubled > 0) faults.push(`${account.doubled} doubled on the way ${direction}`);
    if (account.strange > 0)
      faults.push(`${account.strange} on the way ${direction} that were never sent, or were announced as dropped`);
    if (account.outOfOrder > 0) faults.push(`${account.outOfOrder} out of order on the way ${direction}`);
  }
  if (strayBytes > 0) faults.push(`${strayBytes} bytes of audio that belong to no block`);
  // Accept dropped blocks only on a network that stalls or is too narrow.
  if (profile.steady && outcome.announced > 0) faults.push(`${outcome.announced} blocks dropped`);
  if (!Number.isFinite(outcome.floorMs)) faults.push('an empty request never got through');
  const isOurs = client === 'sdk' || client === 'page';
  if (isOurs && !profile.rungs.some((each) => each === rung)) faults.push(`the conversation ended on ${rung}`);
  return faults;
}

/** Maximum time until a client is usable beyond that of an empty request, in ms. */
const USABLE_WITHIN_MS = 1_500;

/** Lists the ways in which a result of ours is slower than it should be. */
export function listShortfalls(result: Result): string[] {
  const { outcome, profile, client } = result;
  if ('failed' in outcome) return [];
  const { usableMs, dry } = computeFigures(outcome, result.usableMs, undefined);
  const shortfalls: string[] = [];
  // Do not judge the page, which has to load first.
  if (client === 'sdk' && (usableMs ?? Number.POSITIVE_INFINITY) > USABLE_WITHIN_MS) {
    shortfalls.push(`usable only after ${Math.round(usableMs ?? Number.NaN)} ms`);
  }
  if (profile.steady && dry.count > 0) shortfalls.push(`ran dry ${dry.count} times, for ${Math.round(dry.ms)} ms`);
  return shortfalls;
}
