import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');
const spans = [...new Set([...page.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span))];

test('every path that docs/architecture.md names exists', () => {
  const paths = spans.filter((span) => /^(?:src|test|docs|scripts|bench|examples|deploy)\//.test(span));
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});

test('every link of docs/architecture.md leads to a file that exists', () => {
  const targets = [...page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
  expect(targets.length).toBeGreaterThan(1);
  expect(targets.filter((target) => !existsSync(new URL(`docs/${target}`, root)))).toEqual([]);
});

test('every class, type and function that docs/architecture.md names is declared in the file named beside it, or in the source', () => {
  const inFiles = [...page.matchAll(/`([A-Za-z]+)` in `(src\/[^`]+\.ts)`/g)];
  expect(inFiles.length).toBeGreaterThan(20);
  const missing = inFiles.filter(([, name = '', file = '']) => !declares(read(file), name));
  expect(missing.map(([text]) => text)).toEqual([]);

  const source = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(`src/${file}`))
    .join('\n');
  const names = spans.filter((span) => /^[A-Z][a-z]+[A-Z]\w+$/.test(span));
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !declares(source, name))).toEqual([]);
});

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

function declares(source: string, name: string): boolean {
  return new RegExp(`\\b(?:class|interface|type|function|const) ${name}\\b`).test(source);
}
