import { expect, test } from '@jest/globals';
import { AsyncQueue } from '../../src/models/async-queue.ts';

async function read<T>(queue: AsyncQueue<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of queue) values.push(value);
  return values;
}

test('AsyncQueue yields values pushed before and during reading, in order', async () => {
  const queue = new AsyncQueue<number>(10);
  queue.push(1);
  queue.push(2);
  const reading = read(queue);
  await Promise.resolve();
  queue.push(3);
  setImmediate(() => {
    queue.push(4);
    queue.end();
  });
  expect(await reading).toEqual([1, 2, 3, 4]);
});

test('a full AsyncQueue refuses a value, and accepts it after one was read', async () => {
  const queue = new AsyncQueue<number>(2);
  expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false]);
  const iterator = queue[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toBe(1);
  expect(queue.push(4)).toBe(true);
  queue.end();
  expect([(await iterator.next()).value, (await iterator.next()).value]).toEqual([2, 4]);
  expect((await iterator.next()).done).toBe(true);
});

test('an AsyncQueue that has ended yields the waiting values, then ends, and accepts nothing more', async () => {
  const queue = new AsyncQueue<number>(10);
  queue.push(1);
  queue.end();
  expect(queue.push(2)).toBe(false);
  expect(await read(queue)).toEqual([1]);
});

test('an AsyncQueue that ends with an error yields the waiting values, then throws it, and a second end changes nothing', async () => {
  const queue = new AsyncQueue<number>(10);
  queue.push(1);
  queue.end(new Error('first'));
  queue.end(new Error('second'));
  queue.end();
  const iterator = queue[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toBe(1);
  await expect(iterator.next()).rejects.toThrow('first');
});

test('the end of an AsyncQueue wakes a waiting reader', async () => {
  const queue = new AsyncQueue<number>(10);
  const reading = read(queue);
  setImmediate(() => queue.end());
  expect(await reading).toEqual([]);
});

test('AsyncQueue.endWith adds its value even to a full queue, and nothing is accepted after it', async () => {
  const queue = new AsyncQueue<number>(1);
  queue.push(1);
  queue.endWith(2);
  queue.endWith(3);
  expect(queue.push(4)).toBe(false);
  expect(await read(queue)).toEqual([1, 2]);
});
