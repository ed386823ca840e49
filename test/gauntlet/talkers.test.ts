import { describe, expect, test } from '@jest/globals';
import { findChromium } from '../browser/chromium.ts';
import { converse, type Outcome } from './converse.ts';
import { openCourse, run, through } from './course.ts';
import { openPageTalker } from './page-talker.ts';
import { openPlain } from './plain-talker.ts';
import type { Profile } from './profile.ts';
import { chaosProfiles } from './profiles/chaos.ts';
import { direct } from './profiles/direct.ts';
import { openSdk } from './sdk-talker.ts';
import { seededRandom } from './seeded-random.ts';
import { startSocketIoServer } from './socketio-server.ts';
import { openSocketIo } from './socketio-talker.ts';
import type { OpenTalker } from './talker.ts';

/** One utterance and one silence. */
const SCRIPT = { name: 'talk', ms: 1, settleMs: 25_000, random: seededRandom(1) };
const TALK_MS = 90_000;
const NOTHING_AMISS = { lost: 0, doubled: 0, outOfOrder: 0 };
/** 30 blocks each way; 7 texts up; hello, 6 words of an utterance and 6 answers down. */
const EXACT = {
  up: { sent: 37, ...NOTHING_AMISS },
  down: { sent: 43, ...NOTHING_AMISS },
  announced: 0,
  strayBytes: 0,
};

function chaos(name: string): Profile {
  const found = chaosProfiles.find((profile) => profile.name === name);
  if (!found) throw new Error(`no profile ${name}`);
  return found;
}

async function talk(open: OpenTalker, profile: Profile): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const course = await openCourse(stack);
  const outcome = await run(course, profile, open, SCRIPT);
  expect(course.mistakes).toEqual([]);
  return outcome;
}

// All at once: they mostly wait.
test.concurrent.each([direct, chaos('random-cuts')])(
  'the SDK, through $name, carries everything once and in order',
  async (profile) => {
    const outcome = await talk(openSdk, profile);
    expect(outcome).toMatchObject(EXACT);
    expect(profile.rungs).toContain(outcome.rung);
  },
  TALK_MS,
);

test.concurrent(
  "ADK's SSE sample, with nothing in the way, carries everything once",
  async () => {
    const { up, down, strayBytes } = await talk(openPlain, direct);
    // Its POSTs are under way side by side: what overtakes what is chance.
    expect(up).toMatchObject({ sent: 37, lost: 0, doubled: 0 });
    expect(down).toMatchObject({ sent: 43, ...NOTHING_AMISS });
    expect(strayBytes).toBe(0);
  },
  TALK_MS,
);

test.concurrent(
  'socket.io, with nothing in the way, carries everything once and in order, and comes to a WebSocket',
  async () => {
    await using stack = new AsyncDisposableStack();
    const { model } = await openCourse(stack);
    const port = await startSocketIoServer(model, stack);
    const outcome = await through(direct, port, (way) => converse(openSocketIo, direct, way, model, SCRIPT));
    expect(outcome).toMatchObject({ ...EXACT, rung: 'websocket' });
  },
  TALK_MS,
);

const chromium = findChromium();
if ('missing' in chromium) {
  const run = process.env.CI === 'true' ? test : test.skip;
  run(`the page as a talker: skipped, ${chromium.missing}`, () => {
    throw new Error(chromium.missing);
  });
} else {
  describe('the page in Chromium', () => {
    test.concurrent.each([direct, chaos('random-cuts')])(
      'through $name, carries everything once and in order',
      async (profile) => {
        const outcome = await talk(openPageTalker, profile);
        expect(outcome).toMatchObject(EXACT);
        expect(profile.rungs).toContain(outcome.rung);
      },
      TALK_MS,
    );
  });
}
