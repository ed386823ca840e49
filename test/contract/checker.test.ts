import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { violationsOf } from './checker.ts';
import { madeHistories } from './made-history.ts';
import { faultsOfTheWayDown, faultsOfTheWayUp } from './planted-faults.ts';

const faults = [...faultsOfTheWayDown, ...faultsOfTheWayUp];

test('the checker finds nothing in a valid history', () => {
  fc.assert(
    fc.property(madeHistories, (history) => {
      expect(violationsOf(history)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

describe('a fault planted anywhere in a made history is found', () => {
  test.each(faults.map((fault) => [fault.name, fault] as const))('%s', (_, fault) => {
    fc.assert(
      fc.property(madeHistories, fc.nat(), (history, choice) => {
        const places = fault.places(history);
        fc.pre(places.length > 0);
        const place = places[choice % places.length] ?? 0;
        const rules = violationsOf(fault.plant(history, place)).map(({ rule }) => rule);
        if (!rules.some((rule) => fault.rules.includes(rule))) throw new Error(`planted at ${place}, found ${rules}`);
      }),
      { numRuns: 50 },
    );
  });
});
