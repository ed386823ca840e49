import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBacklog } from '../../src/client/backlog.ts';
import { fullJitter } from '../../src/client/backoff.ts';
import { createPosition } from '../../src/client/position.ts';

const EPOCH = 'abcdefghijklmnop';
/** Three entries, the second of three frames. */
const LOG = [`${EPOCH}.1`, `${EPOCH}.2-1`, `${EPOCH}.2-2`, `${EPOCH}.2`, `${EPOCH}.3`];

describe('a position', () => {
  test('takes every event once and in order, however streams overlap', () => {
    const stretches = fc.array(fc.nat(LOG.length), { maxLength: 10 });
    fc.assert(
      fc.property(stretches, (ends) => {
        const position = createPosition();
        const taken: string[] = [];
        // Each connection begins at or before where the client stands, and is cut somewhere.
        for (const end of [...ends, LOG.length]) {
          for (const id of LOG.slice(0, end)) if (position.take(id)) taken.push(id);
        }
        expect(taken).toEqual(LOG);
      }),
    );
  });

  test('does not move for another log, or for what is no id, until it is told to', () => {
    const position = createPosition();
    position.move(`${EPOCH}.7`);
    expect([position.take('ponmlkjihgfedcba.9'), position.take('9'), position.take(`${EPOCH}.7`)]).toEqual([
      false,
      false,
      false,
    ]);
    position.pass('ponmlkjihgfedcba.9');
    expect(position.id).toBe(`${EPOCH}.7`);
    position.move('ponmlkjihgfedcba.0');
    expect(position.take('ponmlkjihgfedcba.1')).toBe(true);
  });
});

describe('a backlog', () => {
  test('drops the oldest audio beyond two seconds, and never anything else', () => {
    const backlog = createBacklog();
    backlog.addItem({ mime_type: 'text/plain', data: 'first' });
    for (let second = 0; second < 5; second += 1) backlog.addAudio(new Uint8Array(32_000).fill(second));
    backlog.addItem({ mime_type: 'text/plain', data: 'last' });
    const taken = backlog.take(Number.POSITIVE_INFINITY).map((one) => ('pcm' in one ? one.pcm[0] : one.item));
    expect(taken).toEqual([
      { mime_type: 'text/plain', data: 'first' },
      3,
      4,
      { mime_type: 'text/plain', data: 'last' },
    ]);
    expect(backlog.droppedAudioMs).toBe(3_000);
    expect(backlog.isEmpty).toBe(true);
  });

  test('gives what fits into a body, and one thing that is larger by itself', () => {
    const backlog = createBacklog();
    for (const data of ['a', 'x'.repeat(10_000), 'b', 'c']) backlog.addItem({ data });
    expect([backlog.take(1_000).length, backlog.take(1_000).length, backlog.take(1_000).length]).toEqual([1, 1, 2]);
  });
});

test('the back-off is spread from nothing to a bound that doubles up to ten seconds', () => {
  expect([1, 2, 3, 6, 7, 1_000].map((attempt) => fullJitter(attempt, () => 1))).toEqual([
    200, 400, 800, 6_400, 10_000, 10_000,
  ]);
  expect(fullJitter(5, () => 0)).toBe(0);
});
