import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Position } from '../../src/client/position.ts';

const EPOCH = 'abcdefghijklmnop';
/** Ids of three entries, the second of three frames. */
const LOG = [`${EPOCH}.1`, `${EPOCH}.2-1`, `${EPOCH}.2-2`, `${EPOCH}.2`, `${EPOCH}.3`];

describe('the position', () => {
  test('every event is accepted once and in order, however streams overlap', () => {
    const stretches = fc.array(fc.nat(LOG.length), { maxLength: 10 });
    fc.assert(
      fc.property(stretches, (ends) => {
        const position = new Position();
        const taken: string[] = [];
        // Each connection begins at or before the position of the client, and is cut somewhere.
        for (const end of [...ends, LOG.length]) {
          for (const id of LOG.slice(0, end)) if (position.accept(id)) taken.push(id);
        }
        expect(taken).toEqual(LOG);
      }),
    );
  });

  test('the position ignores ids of another log and invalid ids, until it is moved', () => {
    const position = new Position();
    position.moveTo(`${EPOCH}.7`);
    expect([position.accept('ponmlkjihgfedcba.9'), position.accept('9'), position.accept(`${EPOCH}.7`)]).toEqual([
      false,
      false,
      false,
    ]);
    position.advance('ponmlkjihgfedcba.9');
    expect(position.id).toBe(`${EPOCH}.7`);
    position.moveTo('ponmlkjihgfedcba.0');
    expect(position.accept('ponmlkjihgfedcba.1')).toBe(true);
  });
});
