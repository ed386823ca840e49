import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createPacedSender, type Sent, type TimedFrame } from '../../src/emulator/paced-sender.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** One frame every 40 ms, numbered. */
function* frames(count: number): Generator<TimedFrame> {
  for (let index = 0; index < count; index++)
    yield { atMs: index * 40, frame: Buffer.from(String(index)), said: `${index} ` };
}

function start(pace = 1) {
  const state = { sent: [] as string[], buffered: 0, stuck: false, ended: undefined as Sent | undefined };
  const sender = createPacedSender({
    send: (frame) => state.sent.push(frame.toString()),
    bufferedBytes: () => state.buffered,
    onStuck: () => {
      state.stuck = true;
    },
    pace,
  });
  const play = (count: number, headStartMs: number) =>
    sender.play(frames(count), headStartMs, (sent) => {
      state.ended = sent;
    });
  return { state, sender, play };
}

describe('a paced sender', () => {
  test('stopped by what its own frame brings about, sends nothing more and does not end', () => {
    const sent: string[] = [];
    let ended = false;
    let words = '';
    const sender = createPacedSender({
      send(frame) {
        sent.push(frame.toString());
        if (sent.length === 2) words = sender.stop().words;
      },
      bufferedBytes: () => 0,
      onStuck() {},
      pace: 1,
    });
    sender.play(frames(10), 100, () => {
      ended = true;
    });
    jest.advanceTimersByTime(1_000);
    expect({ sent, ended, words }).toEqual({ sent: ['0', '1'], ended: false, words: '0 1 ' });
  });

  test('sends the head start at once and the rest in real time', () => {
    const { state, play } = start();
    play(10, 100);
    expect(state.sent).toEqual(['0', '1', '2']);
    jest.advanceTimersByTime(100);
    expect(state.sent).toHaveLength(6);
    expect(state.ended).toBeUndefined();
    jest.advanceTimersByTime(1_000);
    expect(state.sent).toHaveLength(10);
    expect(state.ended).toEqual({ words: '0 1 2 3 4 5 6 7 8 9 ', ms: 360 });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('sends as much faster as the pace says', () => {
    const { state, play } = start(4);
    play(100, 0);
    jest.advanceTimersByTime(500);
    expect(state.sent.length).toBeGreaterThanOrEqual(49);
    expect(state.sent.length).toBeLessThanOrEqual(51);
  });

  test('stop forgets the rest and tells how far it got', () => {
    const { state, sender, play } = start();
    play(10, 0);
    jest.advanceTimersByTime(50);
    expect(sender.stop()).toEqual({ words: '0 1 ', ms: 40 });
    jest.advanceTimersByTime(1_000);
    expect(state.sent).toEqual(['0', '1']);
    expect(state.ended).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });

  test('holds back while the peer does not read, and goes on when it does', () => {
    const { state, play } = start(1_000);
    state.buffered = 300 * 1024;
    play(100, 0);
    jest.advanceTimersByTime(20_000);
    expect(state.sent).toEqual([]);
    state.buffered = 0;
    jest.advanceTimersByTime(1_000);
    expect(state.sent).toHaveLength(100);
    expect(state.stuck).toBe(false);
  });

  test('gives up on a peer that has read nothing for 30 s', () => {
    const { state, play } = start();
    state.buffered = 300 * 1024;
    play(100, 0);
    jest.advanceTimersByTime(31_000);
    expect(state.stuck).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });
});
