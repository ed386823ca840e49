import { expect, test } from '@jest/globals';
import { LiveRequestQueue } from '../../../src/agent/live-request-queue.ts';
import { FramePacer } from '../../../src/agent/run/frame-pacer.ts';
import { InputConverter } from '../../../src/agent/run/input-converter.ts';
import { InputPump } from '../../../src/agent/run/input-pump.ts';
import type { ModelLink } from '../../../src/agent/run/model-link.ts';
import type { ModelConnection } from '../../../src/models/realtime-model.ts';
import type { LiveRequest } from '../../../src/wire/live-request.ts';

/** A pump whose requests take some time each. */
function createPump(costMs: number) {
  const queue = new LiveRequestQueue();
  const frames = new FramePacer(undefined, () => {});
  const sent: LiveRequest[] = [];
  const pump = new InputPump({
    queue,
    // The pump uses nothing else of a link and of a connection.
    link: { connection: { bufferedBytes: 0 } as ModelConnection } as ModelLink,
    converter: new InputConverter({ inputRate: 16_000, manualActivity: false, frames }),
    frames,
    blocksMessage: () => false,
    recordMessage: () => 'id',
    applyState: () => {},
    confirmCall: () => undefined,
    answerCall: () => {},
    resolveRespond: () => undefined,
    send: (_connection, input) => {
      const end = performance.now() + costMs;
      while (performance.now() < end);
      sent.push(input);
    },
  });
  return { queue, pump, sent };
}

test('requests that take long leave turns to everything else, and stay in order', async () => {
  const { queue, pump, sent } = createPump(1);
  let turns = 0;
  let counting = true;
  const count = () => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  for (let index = 0; index < 200; index += 1) queue.send({ interrupt: { played_ms: index } });
  queue.close();
  setImmediate(count);
  await pump.run();
  counting = false;
  expect(turns).toBeGreaterThanOrEqual(20);
  expect(sent.map(({ interrupt }) => interrupt?.played_ms)).toEqual(Array.from({ length: 200 }, (_, index) => index));
});

test('a request that comes alone is sent in the turn in which it comes', async () => {
  const { queue, pump, sent } = createPump(0);
  const running = pump.run();
  queue.send({ interrupt: {} });
  for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
  expect(sent).toHaveLength(1);
  queue.close();
  await running;
});
