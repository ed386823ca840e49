import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createFramePacer } from '../../src/agent/frame-pacer.ts';

const frame = (data: string) => ({ mime_type: 'image/jpeg', data });

describe('a frame pacer', () => {
  let sent: [number, string][];
  let pacer: ReturnType<typeof createFramePacer>;
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    sent = [];
    pacer = createFramePacer(({ data }) => sent.push([Math.round(performance.now()), data]));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('sends the first frame at once, and of ten a second the latest, once a second', () => {
    for (let index = 0; index < 25; index += 1) {
      pacer.take(frame(`${index}`));
      jest.advanceTimersByTime(100);
    }
    jest.advanceTimersByTime(5_000);
    expect(sent).toEqual([
      [0, '0'],
      [1_000, '9'],
      [2_000, '19'],
      [3_000, '24'],
    ]);
  });

  test('sends what waits when it is asked to, and the next one not sooner than a second after that', () => {
    pacer.take(frame('a'));
    pacer.take(frame('b'));
    jest.advanceTimersByTime(300);
    pacer.flush();
    pacer.flush();
    pacer.take(frame('c'));
    jest.advanceTimersByTime(5_000);
    expect(sent).toEqual([
      [0, 'a'],
      [300, 'b'],
      [1_300, 'c'],
    ]);
  });

  test('sends frames that come slowly as they come', () => {
    for (const data of ['a', 'b', 'c']) {
      pacer.take(frame(data));
      jest.advanceTimersByTime(1_500);
    }
    expect(sent.map(([at]) => at)).toEqual([0, 1_500, 3_000]);
  });

  test('that is stopped sends nothing more', () => {
    pacer.take(frame('a'));
    pacer.take(frame('b'));
    pacer.stop();
    pacer.flush();
    jest.advanceTimersByTime(5_000);
    expect(sent).toEqual([[0, 'a']]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
