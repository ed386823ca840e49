import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { FramePacer } from '../../../src/agent/run/frame-pacer.ts';

const frame = (data: string) => ({ mime_type: 'image/jpeg', data });

describe('FramePacer', () => {
  let sent: [number, string][];
  let pacer: FramePacer;
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    sent = [];
    pacer = new FramePacer(1, ({ data }) => sent.push([Math.round(performance.now()), data]));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('sends the first frame at once, and then the latest frame once a second', () => {
    for (let index = 0; index < 25; index += 1) {
      pacer.push(frame(`${index}`));
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

  test('sends the waiting frame on flush, and the next frame at least 1 s later', () => {
    pacer.push(frame('a'));
    pacer.push(frame('b'));
    jest.advanceTimersByTime(300);
    pacer.flush();
    pacer.flush();
    pacer.push(frame('c'));
    jest.advanceTimersByTime(5_000);
    expect(sent).toEqual([
      [0, 'a'],
      [300, 'b'],
      [1_300, 'c'],
    ]);
  });

  test('sends frames below the rate without delay', () => {
    for (const data of ['a', 'b', 'c']) {
      pacer.push(frame(data));
      jest.advanceTimersByTime(1_500);
    }
    expect(sent.map(([at]) => at)).toEqual([0, 1_500, 3_000]);
  });

  test('sends nothing after stop', () => {
    pacer.push(frame('a'));
    pacer.push(frame('b'));
    pacer.stop();
    pacer.flush();
    jest.advanceTimersByTime(5_000);
    expect(sent).toEqual([[0, 'a']]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
