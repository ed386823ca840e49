import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LiveRequestQueue } from '../../src/agent/live-request-queue.ts';
import { byteSize } from '../../src/wire/byte-size.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import type { MemoryCounter } from '../../src/wire/memory-share.ts';

const audio = (length: number): LiveRequest => ({ blob: { mime_type: 'audio/pcm', data: 'A'.repeat(length) } });
const text = (length: number): LiveRequest => ({ content: { parts: [{ text: 'x'.repeat(length) }] } });

class Counter implements MemoryCounter {
  bytes = 0;

  add(bytes: number): void {
    this.bytes += bytes;
  }

  release(bytes: number): void {
    this.bytes -= bytes;
  }
}

async function readAll(queue: LiveRequestQueue): Promise<LiveRequest[]> {
  const requests: LiveRequest[] = [];
  for (let request = await queue.get(); request; request = await queue.get()) requests.push(request);
  return requests;
}

test("LiveRequestQueue has ADK's send methods, and its reader receives the requests in order", async () => {
  const queue = new LiveRequestQueue();
  queue.sendContent({ role: 'user', parts: [{ text: 'hi' }] });
  queue.sendContent({ role: 'user', parts: [{ text: 'wa' }] }, true);
  queue.sendRealtime({ mime_type: 'audio/pcm', data: 'AAAA' });
  queue.sendActivityStart();
  queue.sendActivityEnd();
  queue.sendAudioStreamEnd();
  queue.send({ interrupt: {} });
  queue.close();
  expect(await readAll(queue)).toEqual([
    { content: { role: 'user', parts: [{ text: 'hi' }] } },
    { content: { role: 'user', parts: [{ text: 'wa' }] }, partial: true },
    { blob: { mime_type: 'audio/pcm', data: 'AAAA' } },
    { activity_start: {} },
    { activity_end: {} },
    { audio_stream_end: true },
    { interrupt: {} },
  ]);
});

test('any interleaving of sends and reads delivers each request once and in order', async () => {
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

test('the reader of an empty queue waits for the next request', async () => {
  const queue = new LiveRequestQueue();
  const reading = queue.get();
  queue.send({ interrupt: {} });
  expect(await reading).toEqual({ interrupt: {} });
});

test('a closed queue delivers the requests that wait, then undefined, and discards later ones', async () => {
  const queue = new LiveRequestQueue();
  queue.send({ interrupt: {} });
  expect(queue.closed).toBe(false);
  queue.close();
  queue.send({ activity_end: {} });
  expect(queue.closed).toBe(true);
  expect(await readAll(queue)).toEqual([{ interrupt: {} }]);
});

test('close wakes a waiting reader', async () => {
  const queue = new LiveRequestQueue();
  const reading = queue.get();
  queue.close();
  expect(await reading).toBeUndefined();
});

test('release wakes a waiting reader, and the queue stays open', async () => {
  const queue = new LiveRequestQueue();
  const reading = queue.get();
  queue.release();
  expect(await reading).toBeUndefined();
  queue.send({ interrupt: {} });
  expect(await queue.get()).toEqual({ interrupt: {} });
});

test('drain removes the waiting requests and returns them with their sizes', () => {
  const queue = new LiveRequestQueue({ maxBytes: 1_000 });
  queue.send(audio(900));
  queue.push({ request: { interrupt: {} }, bytes: 100 });
  expect(queue.drain()).toEqual([
    { request: audio(900), bytes: byteSize(audio(900)) },
    { request: { interrupt: {} }, bytes: 100 },
  ]);
  expect(queue.drain()).toEqual([]);
  expect(queue.hasRoomFor(5_000)).toBe(true);
});

test('the queue has room up to its limit, for all requests of a body or for none', () => {
  const queue = new LiveRequestQueue({ maxBytes: byteSize(audio(900)) + 1_000 });
  queue.send(audio(900));
  expect(queue.hasRoomFor(byteSize(audio(400)))).toBe(true);
  expect(queue.hasRoomFor(1_000)).toBe(true);
  expect(queue.hasRoomFor(1_001)).toBe(false);
  expect(queue.hasRoomFor(byteSize(audio(400)) + byteSize(text(450)))).toBe(false);
});

test('an empty queue has room for a request of any size', () => {
  expect(new LiveRequestQueue({ maxBytes: 10 }).hasRoomFor(byteSize(audio(100_000)))).toBe(true);
});

test('a request without data counts towards the limit, so that many small requests are not free', () => {
  const queue = new LiveRequestQueue({ maxBytes: 1_000 });
  for (let i = 0; i < 10; i += 1) queue.send({ activity_start: {} });
  expect(queue.hasRoomFor(byteSize({ activity_end: {} }))).toBe(false);
});

test('the queue is congested while it is more than half full', async () => {
  const queue = new LiveRequestQueue({ maxBytes: 2 * byteSize(audio(800)) });
  expect(queue.congested).toBe(false);
  queue.send(audio(800));
  expect(queue.congested).toBe(false);
  queue.send(text(350));
  expect(queue.congested).toBe(true);
  await queue.get();
  expect(queue.congested).toBe(false);
  await queue.get();
  expect(queue.hasRoomFor(50_000)).toBe(true);
});

test('the queue counts the requests that wait in the memory of all clients, until they are read or drained', async () => {
  const memory = new Counter();
  const queue = new LiveRequestQueue({ memory });
  queue.send(audio(800));
  queue.send(text(100));
  expect(memory.bytes).toBe(byteSize(audio(800)) + byteSize(text(100)));
  await queue.get();
  expect(memory.bytes).toBe(byteSize(text(100)));
  queue.close();
  queue.drain();
  expect(memory.bytes).toBe(0);
});

test('the queue keeps the order of many more requests than it reads at once', async () => {
  const queue = new LiveRequestQueue({ maxBytes: 10_000_000 });
  for (let index = 0; index < 5_000; index += 1) queue.send(text(index % 50));
  for (let index = 0; index < 3_000; index += 1) expect(await queue.get()).toEqual(text(index % 50));
  expect(queue.drain().map(({ request }) => request)).toEqual(
    Array.from({ length: 2_000 }, (_, index) => text(index % 50)),
  );
});
