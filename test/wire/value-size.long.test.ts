import { expect, test } from '@jest/globals';
import { valueBytes } from '../../src/wire/value-size.ts';
import { memoryInUse } from '../long/memory.ts';

test.each<[string, string]>([
  ['empty objects', `[${'{},'.repeat(50)}{}]`],
  ['empty arrays', `[${'[],'.repeat(50)}[]]`],
  ['small objects', `[${'{"a":1,"b":"text of some length"},'.repeat(50)}{}]`],
  ['nested arrays', `${'['.repeat(500)}${']'.repeat(500)}`],
  ['long texts', JSON.stringify(['x'.repeat(10_000), '€'.repeat(5_000)])],
])('valueBytes of %s is what they take in memory, within a factor of two', (_what, json) => {
  const count = 200;
  const before = memoryInUse();
  const values = Array.from({ length: count }, () => JSON.parse(json));
  const measured = (memoryInUse() - before) / count;
  expect(valueBytes(values[0])).toBeGreaterThan(measured / 2);
  expect(valueBytes(values[0])).toBeLessThan(measured * 2);
});

test('valueBytes of a value that contains itself ends', () => {
  const value: Record<string, unknown> = {};
  value.self = value;
  expect(valueBytes(value)).toBeGreaterThan(0);
  expect(valueBytes(undefined)).toBe(0);
});
