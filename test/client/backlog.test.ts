import { describe, expect, test } from '@jest/globals';
import { createBacklog, type Waiting } from '../../src/client/backlog.ts';

const ignore = () => undefined;
const outline = (taken: Waiting[]) => taken.map((one) => ('pcm' in one ? one.pcm[0] : one.item));

describe('a backlog', () => {
  test('drops the oldest audio beyond two seconds, says so, and never drops anything else', () => {
    let told = 0;
    const backlog = createBacklog((ms) => {
      told += ms;
    });
    backlog.addItem({ data: 'first' }, ignore);
    for (let second = 0; second < 5; second += 1) backlog.addAudio(new Uint8Array(32_000).fill(second));
    backlog.addItem({ data: 'last' }, ignore);
    expect(outline(backlog.take(Number.POSITIVE_INFINITY))).toEqual([{ data: 'first' }, 3, 4, { data: 'last' }]);
    expect([backlog.droppedAudioMs, told]).toEqual([3_000, 3_000]);
    expect(backlog.isEmpty).toBe(true);
  });

  test('gives what fits into a body, and one thing that is larger by itself', () => {
    const backlog = createBacklog(ignore);
    for (const data of ['a', 'x'.repeat(10_000), 'b', 'c']) backlog.addItem({ data }, ignore);
    expect([backlog.take(1_000).length, backlog.take(1_000).length, backlog.take(1_000).length]).toEqual([1, 1, 2]);
  });

  test('without its audio keeps the items, and has room for as much audio as before', () => {
    const backlog = createBacklog(ignore);
    for (let second = 0; second < 2; second += 1) backlog.addAudio(new Uint8Array(32_000).fill(1));
    backlog.addItem({ data: 'a' }, ignore);
    backlog.dropAudio();
    for (let second = 0; second < 2; second += 1) backlog.addAudio(new Uint8Array(32_000).fill(2));
    expect(outline(backlog.clear())).toEqual([{ data: 'a' }, 2, 2]);
    expect(backlog.droppedAudioMs).toBe(0);
  });

  test('that is full takes no more items until some have left, but always one', () => {
    const backlog = createBacklog(ignore);
    const large = { data: 'x'.repeat(12 * 1024 * 1024) };
    expect(backlog.addItem(large, ignore)).toBe(true);
    expect(backlog.addItem({ data: 'a' }, ignore)).toBe(false);
    backlog.clear();
    expect(backlog.addItem({ data: 'a' }, ignore)).toBe(true);
  });
});
