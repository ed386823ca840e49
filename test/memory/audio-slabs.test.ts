import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AudioSlabs, type StoredText, storedLength } from '../../src/memory/audio-slabs.ts';

const text = fc.oneof(
  { weight: 4, arbitrary: fc.base64String({ maxLength: 60_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 90_000, max: 200_000 }).map((length) => 'A'.repeat(length)) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }).map((length) => 'é'.repeat(length)) },
);

test('AudioSlabs returns each stored text unchanged, whatever the order of store and free', () => {
  const step = fc.oneof({ weight: 3, arbitrary: text }, { weight: 2, arbitrary: fc.nat(1_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const slabs = new AudioSlabs();
      const held: { text: string; stored: StoredText }[] = [];
      for (const each of steps) {
        if (typeof each === 'string') held.push({ text: each, stored: slabs.store(each) });
        else for (const { stored } of held.splice(each % (held.length + 1), 1)) slabs.free(stored);
        for (const { text, stored } of held) {
          expect(slabs.read(stored) === text).toBe(true);
          expect(storedLength(stored)).toBe(text.length);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('AudioSlabs uses at most one slab more than the stored texts fill, if the oldest text is freed first', () => {
  const slabs = new AudioSlabs();
  const used = new Set<unknown>();
  const held: StoredText[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    const stored = slabs.store('A'.repeat(6_400));
    if (typeof stored !== 'string') used.add(stored.slab);
    held.push(stored);
    if (held.length > 30) for (const oldest of held.splice(0, 1)) slabs.free(oldest);
  }
  expect(used.size).toBeLessThanOrEqual(4);
});
