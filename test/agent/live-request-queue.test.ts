import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LiveRequestQueue } from '../../src/agent/live-request-queue.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';

const audio = (length: number): LiveRequest => ({ blob: { mime_type: 'audio/pcm', data: 'A'.repeat(length) } });
const text = (length: number): LiveRequest => ({ content: { parts: [{ text: 'x'.repeat(length) }] } });

async function readAll(queue: LiveRequestQueue): Promise<LiveRequest[]> {
  const requests: LiveRequest[] = [];
  for (let request = await queue.get(); request; request = await queue.get()) requests.push(request);
  return requests;
}

test("LiveRequestQueue has ADK's senders, and gives what they sent in order", async () => {
  const queue = new LiveRequestQueue();
  queue.sendContent({ role: 'user', parts: [{ text: 'hi' }] });
  queue.sendRealtime({ mime_type: 'audio/pcm', data: 'AAAA' });
  queue.sendActivityStart();
  queue.sendActivityEnd();
  queue.sendAudioStreamEnd();
  queue.send({ interrupt: {} });
  queue.close();
  expect(await readAll(queue)).toEqual([
    { content: { role: 'user', parts: [{ text: 'hi' }] } },
    { blob: { mime_type: 'audio/pcm', data: 'AAAA' } },
    { activity_start: {} },
    { activity_end: {} },
    { audio_stream_end: true },
    { interrupt: {} },
  ]);
});

test('LiveRequestQueue with any interleaving of sends and reads keeps each request once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (sends) => {
      const queue = new LiveRequestQueue();
      const sent: LiveRequest[] = [];
      const reads: Promise<LiveRequest | undefined>[] = [];
      for (const isSend of sends) {
        if (isSend) {
          const request = text(sent.length);
          sent.push(request);
          queue.send(request);
        } else if (reads.length < sent.length) {
          reads.push(queue.get());
        }
      }
      const read = await Promise.all(reads);
      queue.close();
      expect([...read, ...(await readAll(queue))]).toEqual(sent);
    }),
  );
});

test('LiveRequestQueue that is empty makes its reader wait for what is sent next', async () => {
  const queue = new LiveRequestQueue();
  const reading = queue.get();
  queue.send({ interrupt: {} });
  expect(await reading).toEqual({ interrupt: {} });
});

test('LiveRequestQueue after close gives what waits, then undefined, and drops what is sent', async () => {
  const queue = new LiveRequestQueue();
  queue.send({ interrupt: {} });
  expect(queue.closed).toBe(false);
  queue.close();
  queue.send({ activity_end: {} });
  expect(queue.closed).toBe(true);
  expect(await readAll(queue)).toEqual([{ interrupt: {} }]);
});

test('LiveRequestQueue that closes lets a waiting reader go', async () => {
  const queue = new LiveRequestQueue();
  const reading = queue.get();
  queue.close();
  expect(await reading).toBeUndefined();
});

test('LiveRequestQueue that is released lets a waiting reader go, and stays open', async () => {
  const queue = new LiveRequestQueue();
  const reading = queue.get();
  queue.release();
  expect(await reading).toBeUndefined();
  queue.send({ interrupt: {} });
  expect(await queue.get()).toEqual({ interrupt: {} });
});

test('LiveRequestQueue that is drained gives up what waits, and is empty', async () => {
  const queue = new LiveRequestQueue({ maxBytes: 1_000 });
  queue.send(audio(900));
  queue.send({ interrupt: {} });
  expect(queue.drain()).toEqual([audio(900), { interrupt: {} }]);
  expect(queue.drain()).toEqual([]);
  expect(queue.hasRoomFor([audio(5_000)])).toBe(true);
});

test('LiveRequestQueue has room up to its bytes, for all of a body or none of it', () => {
  const queue = new LiveRequestQueue({ maxBytes: 2_000 });
  queue.send(audio(900));
  expect(queue.hasRoomFor([audio(400)])).toBe(true);
  expect(queue.hasRoomFor([audio(400), text(450)])).toBe(false);
  expect(queue.hasRoomFor([audio(1_000)])).toBe(false);
});

test('LiveRequestQueue that is empty has room for anything', () => {
  expect(new LiveRequestQueue({ maxBytes: 10 }).hasRoomFor([audio(100_000)])).toBe(true);
});

test('LiveRequestQueue counts something for a request without data: many small ones are not free', () => {
  const queue = new LiveRequestQueue({ maxBytes: 1_000 });
  for (let i = 0; i < 10; i += 1) queue.send({ activity_start: {} });
  expect(queue.hasRoomFor([{ activity_end: {} }])).toBe(false);
});

test('LiveRequestQueue is congested while more than half full, and has room again once it was read', async () => {
  const queue = new LiveRequestQueue({ maxBytes: 2_000 });
  expect(queue.congested).toBe(false);
  queue.send(audio(800));
  expect(queue.congested).toBe(false);
  queue.send(text(800));
  expect(queue.congested).toBe(true);
  await queue.get();
  expect(queue.congested).toBe(false);
  await queue.get();
  expect(queue.hasRoomFor([audio(50_000)])).toBe(true);
});
