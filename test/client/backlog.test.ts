import { describe, expect, test } from '@jest/globals';
import { Backlog, type QueuedInput } from '../../src/client/backlog.ts';

const ignore = () => undefined;
const outline = (taken: QueuedInput[]) => taken.map((one) => ('pcm' in one ? one.pcm[0] : one.item));

describe('the backlog', () => {
  test('a close ends the body, so that what was given after it is sent in another one', () => {
    const backlog = new Backlog(ignore);
    for (const item of [{ data: 'first' }, { close: true }, { data: 'last' }]) backlog.addItem(item, ignore);
    expect(outline(backlog.takeBatch(Number.POSITIVE_INFINITY))).toEqual([{ data: 'first' }, { close: true }]);
    expect(outline(backlog.takeBatch(Number.POSITIVE_INFINITY))).toEqual([{ data: 'last' }]);
  });

  test('the result of a tool has a body of its own', () => {
    const backlog = new Backlog(ignore);
    const result = { tool_result: { id: 'c1', result: 1 } };
    for (const item of [{ data: 'first' }, result, result, { data: 'last' }]) backlog.addItem(item, ignore);
    const bodies = [1, 2, 3, 4].map(() => outline(backlog.takeBatch(Number.POSITIVE_INFINITY)));
    expect(bodies).toEqual([[{ data: 'first' }], [result], [result], [{ data: 'last' }]]);
  });

  test('the oldest audio beyond 2 s is dropped and reported, and items are never dropped', () => {
    let told = 0;
    const backlog = new Backlog((ms) => {
      told += ms;
    });
    backlog.addItem({ data: 'first' }, ignore);
    for (let second = 0; second < 5; second += 1) backlog.addAudio(new Uint8Array(32_000).fill(second));
    backlog.addItem({ data: 'last' }, ignore);
    expect(outline(backlog.takeBatch(Number.POSITIVE_INFINITY))).toEqual([{ data: 'first' }, 3, 4, { data: 'last' }]);
    expect([backlog.droppedAudioMs, told]).toEqual([3_000, 3_000]);
    expect(backlog.isEmpty).toBe(true);
  });

  test('a batch holds what fits into a body, or one input that is larger', () => {
    const backlog = new Backlog(ignore);
    for (const data of ['a', 'x'.repeat(10_000), 'b', 'c']) backlog.addItem({ data }, ignore);
    expect([backlog.takeBatch(1_000).length, backlog.takeBatch(1_000).length, backlog.takeBatch(1_000).length]).toEqual(
      [1, 1, 2],
    );
  });

  test('dropping the audio keeps the items and makes room for as much audio as before', () => {
    const backlog = new Backlog(ignore);
    for (let second = 0; second < 2; second += 1) backlog.addAudio(new Uint8Array(32_000).fill(1));
    backlog.addItem({ data: 'a' }, ignore);
    backlog.dropAudio();
    for (let second = 0; second < 2; second += 1) backlog.addAudio(new Uint8Array(32_000).fill(2));
    expect(outline(backlog.clear())).toEqual([{ data: 'a' }, 2, 2]);
    expect(backlog.droppedAudioMs).toBe(0);
  });

  test('a full backlog accepts no item until others have left, but an empty one accepts any item', () => {
    const backlog = new Backlog(ignore);
    const large = { data: 'x'.repeat(12 * 1024 * 1024) };
    expect(backlog.addItem(large, ignore)).toBe(true);
    expect(backlog.addItem({ data: 'a' }, ignore)).toBe(false);
    backlog.clear();
    expect(backlog.addItem({ data: 'a' }, ignore)).toBe(true);
  });
});
