import { expect, test } from '@jest/globals';
import { type CaptureBatch, CaptureQueue } from '../../src/web/voice/capture-queue.ts';

/** A queue, and what it has sent. Frame n holds 320 samples of the value n, and its level is n / 1000. */
function createQueue() {
  const batches: CaptureBatch[] = [];
  const queue = new CaptureQueue((batch) => batches.push(batch));
  let pushed = 0;
  const push = (count: number) => {
    for (let i = 0; i < count; i++) {
      pushed += 1;
      queue.push({ pcm: new Int16Array(320).fill(pushed), level: pushed / 1000 });
    }
  };
  /** Numbers of the frames of all batches since the last call. */
  const sent = () => batches.splice(0).flatMap(({ pcm }) => [...pcm].filter((_, at) => at % 320 === 0));
  return { queue, batches, push, sent };
}

/** Numbers from first to last. */
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('frames are sent in batches of 100 ms with the highest level', () => {
  const { queue, batches, push, sent } = createQueue();
  queue.open();
  push(4);
  expect(batches).toEqual([]);
  push(1);
  expect(batches).toMatchObject([{ level: 0.005, lostMs: 0 }]);
  expect(batches[0]?.pcm.length).toBe(1600);
  expect(sent()).toEqual(range(1, 5));
});

test('while the page receives nothing the audio waits, and then follows at five times the speed of speech', () => {
  const { queue, push, sent } = createQueue();
  queue.open();
  push(150);
  expect(sent()).toEqual(range(1, 15));
  for (let i = 0; i < 3; i++) queue.acknowledge();
  const after: number[] = [];
  for (let frame = 151; frame <= 190; frame++) {
    push(1);
    const received = sent();
    expect(received.length).toBeLessThanOrEqual(5);
    if (received.length > 0) queue.acknowledge();
    after.push(...received);
  }
  expect(after).toEqual(range(16, 190));
});

test('beyond 10 s the oldest audio is discarded, and the next batch says how much', () => {
  const { queue, batches, push } = createQueue();
  queue.open();
  push(15 + 500 + 50);
  batches.splice(0);
  queue.acknowledge();
  push(1);
  expect(batches).toMatchObject([{ lostMs: 1020 }]);
  expect(batches[0]?.pcm[0]).toBe(15 + 51 + 1);
});

test('a queue that is closed sends what it has, and keeps the latest 300 ms for the time when it is opened again', () => {
  const { queue, push, sent } = createQueue();
  push(100);
  expect(sent()).toEqual([]);
  queue.open();
  push(2);
  queue.close();
  expect(sent()).toEqual([...range(86, 90), ...range(91, 95), ...range(96, 102)]);
  for (let i = 0; i < 3; i++) queue.acknowledge();
  push(40);
  queue.close();
  expect(sent()).toEqual([]);
  queue.open();
  push(1);
  expect(sent()).toEqual(range(128, 132));
});
