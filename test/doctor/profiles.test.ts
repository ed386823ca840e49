import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Topic } from '../../src/doctor/advice.ts';
import { complaintsOf } from '../../src/doctor/complaints.ts';
import { type Examination, ladderAfter } from '../../src/doctor/examination.ts';
import { examine } from '../../src/doctor/examine.ts';
import { type Course, openCourse, through } from '../gauntlet/course.ts';
import type { Profile } from '../gauntlet/profile.ts';
import { profiles } from '../gauntlet/profiles/all.ts';
import { missingPrograms } from '../gauntlet/program.ts';
import { targetOf } from './target.ts';

/** What must be found, and what may be found beside it: networks of chance are not the same each time. */
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

/** All cuts of the profiles come within it, ms. */
const WATCH_MS = 6_000;
/** Between the starts of two, ms: what is measured in the first seconds is not to wait for the processor. */
const APART_MS = 350;
/** So often what was not as expected is examined again. */
const ALONE = 2;

const missing = missingPrograms(profiles.flatMap(({ programs }) => programs));
const lacks = ({ programs }: Profile) =>
  process.env.CI === 'true' ? undefined : programs.flatMap((name) => missing.get(name) ?? [])[0];

describe('The doctor, of a network', () => {
  const stack = new AsyncDisposableStack();
  const results = new Map<string, Promise<Examination>>();
  let course: Course;

  async function result(profile: Profile, afterMs: number): Promise<Examination> {
    await delay(afterMs);
    const found = await through(profile, course.port, (way) => examine(targetOf(way, profile.name), WATCH_MS));
    if ('kind' in found) throw new Error(`${profile.name}: ${JSON.stringify(found)}`);
    return found;
  }

  beforeAll(async () => {
    course = await openCourse(stack);
    // Those that take longest come first: they lose connections, and wait for answers.
    const slow = ['stall', 'half-open', 'haproxy-tarpit', '64-kbit'];
    const order = [...profiles]
      .filter((profile) => !lacks(profile))
      .sort((one, other) => Number(slow.includes(other.name)) - Number(slow.includes(one.name)));
    for (const [index, profile] of order.entries()) {
      const promise = result(profile, index * APART_MS);
      // Its own test says so.
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
    const title = `${name} (${what}): finds ${must && must.length > 0 ? must.join(', ') : 'nothing that is worth a word'}`;
    if (why) {
      test.skip(`${title} (skipped: ${why})`, () => undefined);
      continue;
    }
    test(`${title}, and the rung on which a conversation ends up`, async () => {
      const expected = { topics: [...(must ?? [])].sort(), rung: true };
      const judge = (examination: Examination | undefined) => {
        if (!examination) return undefined;
        const found = new Set(complaintsOf(examination).flatMap(({ topic }) => topic ?? []));
        const topics = [...found].filter((topic) => !may.includes(topic) || must?.includes(topic)).sort();
        return { topics, rung: rungs.includes(ladderAfter(examination).rung) };
      };
      let judged = judge(await results.get(name));
      // Milliseconds are measured wrong while so many others measure theirs: then once more, alone.
      for (let again = 0; again < ALONE && !isDeepStrictEqual(judged, expected); again += 1) {
        await Promise.allSettled(results.values());
        judged = judge(await result(profile, 0));
      }
      expect(judged).toEqual(expected);
    }, 120_000);
  }

  test('a profile: what the doctor must find in it stands above', () => {
    expect(profiles.map(({ name }) => name).filter((name) => !EXPECTED[name])).toEqual([]);
  });
});
