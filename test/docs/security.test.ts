import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { attacks } from '../attack/attacks/all.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('SECURITY.md', root), 'utf8');
const example = readFileSync(new URL('.env.example', root), 'utf8');

test('every test that SECURITY.md names exists', () => {
  const paths = [...new Set([...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path))];
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});

test('every attack that SECURITY.md names is one of npm run attack', () => {
  const lists = [...page.matchAll(/attacks? ((?:`[a-z-]+`(?:, )?)+)/g)].map(([, list = '']) => list);
  const named = lists.flatMap((list) => [...list.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name));
  expect(named.length).toBeGreaterThan(40);
  const known = attacks.map(({ name }) => name);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
  expect(new Set(known).size).toBe(known.length);
});

test('every variable that SECURITY.md names is in .env.example', () => {
  const names = [...page.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[a-z]+)?`/g)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !new RegExp(`^# ${name}=`, 'm').test(example))).toEqual([]);
});

test('every link of SECURITY.md leads to a file that exists', () => {
  const targets = [...page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
  expect(targets.filter((target) => !existsSync(new URL(target, root)))).toEqual([]);
});
