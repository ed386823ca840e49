import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
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

test('the back-off is spread from nothing to a bound that doubles up to ten seconds', () => {
  expect([1, 2, 3, 6, 7, 1_000].map((attempt) => fullJitter(attempt, () => 1))).toEqual([
    200, 400, 800, 6_400, 10_000, 10_000,
  ]);
  expect(fullJitter(5, () => 0)).toBe(0);
});
