import { expect, test } from '@jest/globals';
import { seededRandom } from '../seeded-random.ts';
import { converse } from './converse.ts';
import { openCourse, run, through } from './course.ts';
import { openPlain } from './plain-talker.ts';
import { direct } from './profiles/direct.ts';
import { startSocketIoServer } from './socketio-server.ts';
import { openSocketIo } from './socketio-talker.ts';

/** Script with one utterance and one silence. */
const SCRIPT = { name: 'talk', ms: 1, settleMs: 25_000, random: seededRandom(1) };
const TALK_MS = 90_000;
const NOTHING_AMISS = { lost: 0, doubled: 0, outOfOrder: 0 };
/** Expected counts: 30 blocks each way; 7 texts up; hello, 6 words of an utterance and 6 answers down. */
const EXACT = {
  up: { sent: 37, ...NOTHING_AMISS },
  down: { sent: 43, ...NOTHING_AMISS },
  announced: 0,
  strayBytes: 0,
};

// Run both at once, because they mostly wait. gauntlet.test.ts covers our clients through every network.
test.concurrent(
  "ADK's SSE sample carries everything once over a direct connection",
  async () => {
    await using stack = new AsyncDisposableStack();
    const course = await openCourse(stack);
    const { up, down, strayBytes } = await run(course, direct, openPlain, SCRIPT);
    expect(course.mistakes).toEqual([]);
    // Ignore the order, because the page's parallel POSTs overtake each other at random.
    expect(up).toMatchObject({ sent: 37, lost: 0, doubled: 0 });
    expect(down).toMatchObject({ sent: 43, ...NOTHING_AMISS });
    expect(strayBytes).toBe(0);
  },
  TALK_MS,
);

test.concurrent(
  'socket.io carries everything once and in order over a direct connection and upgrades to a WebSocket',
  async () => {
    await using stack = new AsyncDisposableStack();
    const { model } = await openCourse(stack);
    const port = await startSocketIoServer(model, stack);
    const outcome = await through(direct, port, (way) => converse(openSocketIo, direct, way, model, SCRIPT));
    expect(outcome).toMatchObject({ ...EXACT, rung: 'websocket' });
  },
  TALK_MS,
);
