import { expect, test } from '@jest/globals';
import { seededRandom } from '../seeded-random.ts';
import { fuzz, listFuzzFaults, surfaces } from './fuzz/fuzzer.ts';
import { Mutator, shrink } from './fuzz/mutator.ts';
import type { Surface } from './fuzz/surface.ts';

/** Number of inputs: some seconds on a busy machine. `npm run attack` uses a million. */
const INPUTS = 30_000;

test('30,000 mutated bodies, messages of pages, queries, ids, hosts and frames of the provider are accepted, or refused with an error of the catalogue', () => {
  const { findings, inputs } = fuzz(INPUTS, 11);
  expect(findings).toEqual([]);
  expect(inputs).toBe(INPUTS);
});

test('every seed of every surface is read without a fault', () => {
  for (const { seeds, check } of surfaces) for (const seed of seeds) check(seed);
});

test('a surface that throws anything but a refusal, or hangs on to memory, is found, with a short input', () => {
  const held: string[][] = [];
  const broken: Surface = {
    name: 'broken',
    seeds: ['{"a":"a long text that does not matter","b":[1,2,3]}'],
    check(input) {
      if (input.includes('__proto__')) throw new TypeError('broken');
    },
  };
  const leaking: Surface = { name: 'leaking', seeds: ['x'], check: () => void held.push(Array(1_000).fill('x')) };
  const [finding] = fuzz(20_000, 1, [broken]).findings;
  expect(finding).toEqual({ surface: 'broken', input: '"__proto__"', error: 'TypeError: broken' });
  expect(listFuzzFaults(fuzz(10_000, 1, [leaking]))).toEqual([expect.stringMatching(/^memory grew by \d+ MB$/)]);
});

test('the same seed makes the same inputs, and no input is longer than the surface allows', () => {
  const make = (seed: number) => {
    const mutator = new Mutator(seededRandom(seed));
    return Array.from({ length: 500 }, () => mutator.mutate(['{"a":1}', 'text'], 1_000));
  };
  expect(make(3)).toEqual(make(3));
  expect(make(3)).not.toEqual(make(4));
  expect(Math.max(...make(3).map(({ length }) => length))).toBeLessThanOrEqual(1_000);
});

test('a failing input is shrunk to the part that fails', () => {
  expect(shrink(`${'x'.repeat(500)}!${'y'.repeat(300)}?`, (input) => input.includes('!') && input.includes('?'))).toBe(
    '!?',
  );
});
