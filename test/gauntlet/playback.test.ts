import { expect, test } from '@jest/globals';
import { createPlayback } from './playback.ts';

/** Plays blocks that arrive at these times. Each was sent 100 ms after the previous one, unless `sent` gives other times. */
function play(arrivals: readonly number[], sent: readonly number[] = arrivals.map((_, index) => index * 100)) {
  const playback = createPlayback();
  for (const [index, at] of arrivals.entries()) playback.take({ number: index + 1, sentAt: sent[index] ?? 0 }, at);
  return playback.dry;
}

test('a player that receives a block every 100 ms, one of them up to 200 ms late, never runs dry', () => {
  expect(play([10, 110, 210, 310, 410, 510])).toEqual({ count: 0, ms: 0 });
  expect(play([10, 110, 210, 510, 510, 510, 610])).toEqual({ count: 0, ms: 0 });
});

test('a player that receives nothing for the duration of its buffer runs dry until it has 250 ms again', () => {
  // The player starts at 210 with 300 ms, has played them at 510, and has three more at 900.
  expect(play([10, 110, 210, 700, 800, 900, 1_000])).toEqual({ count: 1, ms: 390 });
});

test('a player that misses blocks runs dry for the duration of those blocks', () => {
  const playback = createPlayback();
  for (const number of [1, 2, 3, 4, 12, 13, 14, 15]) {
    playback.take({ number, sentAt: (number - 1) * 100 }, (number - 1) * 100 + 10);
  }
  // The player has played its buffer at 610, and has 300 ms again at 1,310.
  expect(playback.dry).toEqual({ count: 1, ms: 700 });
});

test('a delay of the speaker itself does not count as running dry', () => {
  const late = [0, 100, 200, 900, 1_000, 1_100];
  expect(play(late, late)).toEqual({ count: 0, ms: 0 });
});

test('the pause between two utterances does not count as running dry', () => {
  const playback = createPlayback();
  for (const [index, at] of [0, 100, 200].entries()) playback.take({ number: index + 1, sentAt: at }, at);
  playback.end();
  for (const [index, at] of [5_000, 5_100, 5_200].entries()) playback.take({ number: index + 4, sentAt: at }, at);
  expect(playback.dry).toEqual({ count: 0, ms: 0 });
});
