import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PacedSender, type Sent, type TimedFrame } from '../../src/emulator/paced-sender.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Generates numbered frames, one every 40 ms, each with 80 ms of speech. */
function* frames(count: number): Generator<TimedFrame> {
  for (let index = 0; index < count; index++)
    yield { atMs: index * 40, speechMs: index * 80, frame: Buffer.from(String(index)), said: `${index} ` };
}

function start(pace = 1) {
  const state = { sent: [] as string[], buffered: 0, stuck: false, ended: undefined as Sent | undefined };
  const sender = new PacedSender({
    send: (frame) => state.sent.push(frame.toString()),
    bufferedBytes: () => state.buffered,
    onStuck: () => {
      state.stuck = true;
    },
    pace,
  });
  const play = (count: number) =>
    sender.play(frames(count), (sent) => {
      state.ended = sent;
    });
  return { state, sender, play };
}

describe('the paced sender', () => {
  test('sends nothing more and does not call onEnd after a frame has stopped it', () => {
    const sent: string[] = [];
    let ended = false;
    let words = '';
    const sender = new PacedSender({
      send(frame) {
        sent.push(frame.toString());
        if (sent.length === 2) words = sender.stop().words;
      },
      bufferedBytes: () => 0,
      onStuck() {},
      pace: 1,
    });
    sender.play(frames(10), () => {
      ended = true;
    });
    jest.advanceTimersByTime(1_000);
    expect({ sent, ended, words }).toEqual({ sent: ['0', '1'], ended: false, words: '0 1 ' });
  });

  test('sends each frame when it is due', () => {
    const { state, play } = start();
    play(10);
    expect(state.sent).toEqual(['0']);
    jest.advanceTimersByTime(100);
    expect(state.sent).toEqual(['0', '1', '2']);
    expect(state.ended).toBeUndefined();
    jest.advanceTimersByTime(1_000);
    expect(state.sent).toHaveLength(10);
    expect(state.ended).toEqual({ words: '0 1 2 3 4 5 6 7 8 9 ', speechMs: 720 });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('sends faster than real time by the factor of the pace', () => {
    const { state, play } = start(4);
    play(100);
    jest.advanceTimersByTime(500);
    expect(state.sent.length).toBeGreaterThanOrEqual(49);
    expect(state.sent.length).toBeLessThanOrEqual(51);
  });

  test('discards the rest at stop and returns the sent part', () => {
    const { state, sender, play } = start();
    play(10);
    jest.advanceTimersByTime(50);
    expect(sender.stop()).toEqual({ words: '0 1 ', speechMs: 80 });
    jest.advanceTimersByTime(1_000);
    expect(state.sent).toEqual(['0', '1']);
    expect(state.ended).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });

  test('holds frames back while the peer does not read, and resumes when it does', () => {
    const { state, play } = start(1_000);
    state.buffered = 300 * 1024;
    play(100);
    jest.advanceTimersByTime(20_000);
    expect(state.sent).toEqual([]);
    state.buffered = 0;
    jest.advanceTimersByTime(1_000);
    expect(state.sent).toHaveLength(100);
    expect(state.stuck).toBe(false);
  });

  test('reports a peer that has read nothing for 30 s as stuck', () => {
    const { state, play } = start();
    state.buffered = 300 * 1024;
    play(100);
    jest.advanceTimersByTime(31_000);
    expect(state.stuck).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });
});
