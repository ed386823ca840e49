import { expect, test } from '@jest/globals';
import { BoundedMap } from '../../src/wire/bounded-map.ts';

test('a full map evicts the entry that was set least recently, and reports it', () => {
  const evicted: [string, number][] = [];
  const map = new BoundedMap<string, number>(2, (value, key) => evicted.push([key, value]));
  map.set('a', 1).set('b', 2).set('c', 3);
  expect([...map]).toEqual([
    ['b', 2],
    ['c', 3],
  ]);
  expect(evicted).toEqual([['a', 1]]);
});

test('an entry that is set again becomes the newest and evicts nothing', () => {
  const evicted: string[] = [];
  const map = new BoundedMap<string, number>(2, (_value, key) => evicted.push(key));
  map.set('a', 1).set('b', 2).set('a', 3);
  expect([...map.keys()]).toEqual(['b', 'a']);
  map.set('c', 4);
  expect([...map.keys()]).toEqual(['a', 'c']);
  expect(evicted).toEqual(['b']);
});

test('a map without a callback evicts silently', () => {
  const map = new BoundedMap<number, string>(1);
  map.set(1, 'a').set(2, 'b');
  expect([...map]).toEqual([[2, 'b']]);
});
