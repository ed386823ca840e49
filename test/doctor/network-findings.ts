import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Topic } from '../../src/doctor/advice.ts';
import { type Examination, simulateLadder } from '../../src/doctor/examination.ts';
import { examine } from '../../src/doctor/examine.ts';
import { listProblems } from '../../src/doctor/list-problems.ts';
import { type Course, openCourse, through } from '../gauntlet/course.ts';
import type { Profile } from '../gauntlet/profile.ts';
import { profiles as allProfiles } from '../gauntlet/profiles/all.ts';
import { missingPrograms } from '../gauntlet/program.ts';
import { createTarget } from './target.ts';

/** Topics that must be found, and topics that may be found besides, because random networks differ each time. */
type Expected = readonly [must: readonly Topic[], may?: readonly Topic[]];

const CHANCE: readonly Topic[] = ['posts', 'bodies', 'socket', 'buffering', 'lifetime', 'delay'];
const EXPECTED: Readonly<Record<string, Expected>> = {
  direct: [[]],
  nginx: [['bodies', 'host', 'socket']],
  'nginx-buffering': [['bodies', 'buffering', 'host', 'socket']],
  'nginx-gzip': [['bodies', 'compression', 'host', 'socket']],
  'nginx-twice': [['bodies', 'buffering', 'host', 'socket']],
  'nginx-3s-timeout': [['bodies', 'host', 'lifetime', 'socket']],
  'nginx-recommended': [[]],
  haproxy: [['delay']],
  'haproxy-no-websocket': [['delay', 'socket']],
  'haproxy-compression': [['delay', 'socket']],
  'haproxy-4s-timeout': [['delay', 'lifetime']],
  'haproxy-tarpit': [['posts', 'delay']],
  'haproxy-recommended': [[]],
  squid: [['socket']],
  'squid-scanner': [['buffering', 'socket']],
  'squid-recommended': [[]],
  mitmproxy: [['buffering']],
  tinyproxy: [[]],
  'apache-deflate': [['compression', 'host', 'socket']],
  'apache-recommended': [[]],
  'caddy-recommended': [[]],
  stunnel: [[]],
  ssh: [[]],
  delay: [[], ['delay']],
  'random-cuts': [['lifetime'], CHANCE],
  'lifetime-cap': [['lifetime'], CHANCE],
  stall: [['silence'], CHANCE],
  'half-open': [['silence'], CHANCE],
  'reordered-posts': [['socket'], ['delay']],
  'one-event-lag': [['buffering', 'socket']],
  'no-websocket': [['socket']],
  '64-kbit': [['width'], ['delay']],
};

/** Watch time within which all profiles cut connections, in ms. */
const WATCH_MS = 6_000;
/** Time between the starts of two examinations, in ms, so that their first measurements do not compete for the processor. */
const APART_MS = 350;
/** Number of repetitions of an examination whose result is unexpected. */
const MAX_REPEATS = 2;

/** Defines a test for each profile. All networks are examined in one setup, started one after the other. */
export function describeFindings(profiles: readonly Profile[]): void {
  const missing = missingPrograms(profiles.flatMap(({ programs }) => programs));
  const lacks = ({ programs }: Profile) =>
    process.env.CI === 'true' ? undefined : programs.flatMap((name) => missing.get(name) ?? [])[0];

  describe('the doctor', () => {
    const stack = new AsyncDisposableStack();
    const results = new Map<string, Promise<Examination>>();
    let course: Course;

    async function result(profile: Profile, afterMs: number): Promise<Examination> {
      await delay(afterMs);
      const found = await through(profile, course.port, (way) => examine(createTarget(way, profile.name), WATCH_MS));
      if ('kind' in found) throw new Error(`${profile.name}: ${JSON.stringify(found)}`);
      return found;
    }

    beforeAll(async () => {
      course = await openCourse(stack);
      // Start with the slowest networks, which lose connections and delay responses.
      const slow = ['stall', 'half-open', 'haproxy-tarpit', '64-kbit'];
      const order = [...profiles]
        .filter((profile) => !lacks(profile))
        .sort((one, other) => Number(slow.includes(other.name)) - Number(slow.includes(one.name)));
      for (const [index, profile] of order.entries()) {
        const promise = result(profile, index * APART_MS);
        // The test of the profile reports the error.
        promise.catch(() => undefined);
        results.set(profile.name, promise);
      }
    });
    afterAll(async () => {
      await Promise.allSettled(results.values());
      await stack.disposeAsync();
    });

    for (const profile of profiles) {
      const { name, what, rungs } = profile;
      const [must, may = []] = EXPECTED[name] ?? [];
      const why = lacks(profile);
      const found = must && must.length > 0 ? must.join(', ') : 'no problem';
      const title = `finds ${found} and the right rung behind ${name} (${what})`;
      if (why) {
        test.skip(`${title}; skipped: ${why}`, () => undefined);
        continue;
      }
      test(title, async () => {
        const expected = { topics: [...(must ?? [])].sort(), rung: true };
        const judge = (examination: Examination | undefined) => {
          if (!examination) return undefined;
          const found = new Set(listProblems(examination).flatMap(({ topic }) => topic ?? []));
          const topics = [...found].filter((topic) => !may.includes(topic) || must?.includes(topic)).sort();
          return { topics, rung: rungs.includes(simulateLadder(examination).rung) };
        };
        let judged = judge(await results.get(name));
        // Repeat alone what was unexpected: other examinations at the same time distort the measurement.
        for (let again = 0; again < MAX_REPEATS && !isDeepStrictEqual(judged, expected); again += 1) {
          await Promise.allSettled(results.values());
          judged = judge(await result(profile, 0));
        }
        expect(judged).toEqual(expected);
      }, 120_000);
    }

    test('has an expected result for every profile', () => {
      expect(allProfiles.map(({ name }) => name).filter((name) => !EXPECTED[name])).toEqual([]);
    });
  });
}
