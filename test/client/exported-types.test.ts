import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { afterTest } from '../http/test-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Writes the declarations as they are published. @returns the text of each file by its path below `dist/types` */
function buildDeclarations(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'bidi-sse-types-'));
  afterTest(() => rmSync(folder, { recursive: true }));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.types.json'), '--outDir', folder]);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.d.ts'));
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

/** Names that a file exports from others: name → file. */
function listReexports(file: string, text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, names = '', from = ''] of text.matchAll(/^(?:im|ex)port (?:type )?\{([^}]*)\} from '([^']+)'/gm)) {
    const target = resolve('/', dirname(file), from)
      .slice(1)
      .replace(/\.[jt]s$/, '.d.ts');
    for (const name of names.match(/\w+/g) ?? []) if (name !== 'type') found.set(name, target);
  }
  return found;
}

/** Text of the declaration of a type or a function, without comments; `undefined` if the file does not declare it. */
function findDeclaration(text: string, name: string): string | undefined {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  const start = new RegExp(`^(?:export )?(?:declare )?(?:interface|type|class|function) ${name}\\b`, 'm').exec(code);
  if (!start) return undefined;
  const rest = code.slice(start.index);
  // The next declaration or import begins at the start of a line.
  const end = /\n(?=(?:export|declare|interface|type|import)\b)/.exec(rest);
  return end ? rest.slice(0, end.index) : rest;
}

test.each(['client/index.d.ts'])('%s exports every type that its exported types name', (entry) => {
  const files = buildDeclarations();
  const exported = listReexports(entry, files.get(entry) ?? '');
  expect(exported.has('createClient')).toBe(true);
  const hidden: string[] = [];
  for (const [name, file] of exported) {
    const text = files.get(file) ?? '';
    const declaration = findDeclaration(text, name);
    expect([name, declaration === undefined]).toEqual([name, false]);
    const imported = listReexports(file, text);
    for (const [named] of (declaration ?? '').matchAll(/\b[A-Z]\w*/g)) {
      const isOurs = imported.has(named) || findDeclaration(text, named) !== undefined;
      if (isOurs && !exported.has(named)) hidden.push(`${name} names ${named}`);
    }
  }
  expect(hidden).toEqual([]);
});
