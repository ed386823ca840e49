import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AudioStore, type KeptText, lengthOf } from '../../src/session/audio-store.ts';

const text = fc.oneof(
  { weight: 4, arbitrary: fc.base64String({ maxLength: 60_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 90_000, max: 200_000 }).map((length) => 'A'.repeat(length)) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }).map((length) => 'é'.repeat(length)) },
);

test('AudioStore under any order of keep and drop gives back each text that is kept, as it was', () => {
  const step = fc.oneof({ weight: 3, arbitrary: text }, { weight: 2, arbitrary: fc.nat(1_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new AudioStore();
      const held: { text: string; kept: KeptText }[] = [];
      for (const each of steps) {
        if (typeof each === 'string') held.push({ text: each, kept: store.keep(each) });
        else for (const { kept } of held.splice(each % (held.length + 1), 1)) store.drop(kept);
        for (const { text, kept } of held) {
          expect(store.read(kept) === text).toBe(true);
          expect(lengthOf(kept)).toBe(text.length);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('AudioStore whose texts go oldest first has no more slabs than they fill, and one', () => {
  const store = new AudioStore();
  const slabs = new Set<unknown>();
  const held: KeptText[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    const kept = store.keep('A'.repeat(6_400));
    if (typeof kept !== 'string') slabs.add(kept.slab);
    held.push(kept);
    if (held.length > 30) for (const oldest of held.splice(0, 1)) store.drop(oldest);
  }
  expect(slabs.size).toBeLessThanOrEqual(4);
});
