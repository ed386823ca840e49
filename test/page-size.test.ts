import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';

/** The page as it was built; `npm test` builds it before. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../dist/public');
/** Maximum size of the scripts that the page loads before it is shown, compressed with gzip, in bytes. */
const MAX_FIRST = 60_000;
/** Maximum size of all scripts: those of a call, of answers, of the list of conversations and of the other panels, and the texts of all languages, too. */
const MAX_ALL = 105_000;

/** Returns the size of files of the page, each compressed with gzip, in bytes. */
async function measure(names: Iterable<string>): Promise<number> {
  const files = await Promise.all([...names].map((name) => readFile(join(PUBLIC_DIR, name))));
  return files.reduce((sum, file) => sum + gzipSync(file).length, 0);
}

/** Returns the names of the scripts in the document, and of those that they import, directly or not. */
async function findFirstScripts(): Promise<ReadonlySet<string>> {
  const html = await readFile(join(PUBLIC_DIR, 'index.html'), 'utf8');
  const names = new Set(
    [...html.matchAll(/<(?:script|link)\b[^>]*"static\/([^"]+\.js)"/g)].map(([, name]) => `${name}`),
  );
  for (const name of names) {
    const script = await readFile(join(PUBLIC_DIR, name), 'utf8');
    for (const [, imported] of script.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g)) names.add(`${imported}`);
  }
  return names;
}

test('the scripts that the page loads before it is shown have at most 60 kB, compressed', async () => {
  const names = await findFirstScripts();
  expect([...names]).toEqual(expect.arrayContaining(['prepare-page.js', 'page.js', expect.stringMatching(/^chunk-/)]));
  expect(await measure(names)).toBeLessThanOrEqual(MAX_FIRST);
});

test('the scripts that the page loads before it is shown have no texts of answers, and no script checks the options of a client or runs its tools', async () => {
  const first = await findFirstScripts();
  const scripts = (await readdir(PUBLIC_DIR)).filter((name) => name.endsWith('.js'));
  const findText = async (text: string) => {
    const found = scripts.map(async (name) => (await readFile(join(PUBLIC_DIR, name), 'utf8')).includes(text));
    const has = await Promise.all(found);
    return scripts.filter((_name, index) => has[index]);
  };
  const copying = await findText('Copy the answer');
  expect(copying).toHaveLength(1);
  expect(copying.filter((name) => first.has(name))).toEqual([]);
  expect(await findText('there is no option')).toEqual([]);
  expect(await findText('there is a tool with this name')).toEqual([]);
});

test('all scripts of the page together have at most 105 kB, compressed', async () => {
  const names = (await readdir(PUBLIC_DIR)).filter((name) => name.endsWith('.js'));
  expect(names.length).toBeGreaterThan((await findFirstScripts()).size);
  expect(await measure(names)).toBeLessThanOrEqual(MAX_ALL);
});

test('the page shares one chunk with its later scripts, which src/web/shared-chunk.ts brings about', async () => {
  expect([...(await findFirstScripts())].filter((name) => name.startsWith('chunk-'))).toHaveLength(1);
});

test('the document names all scripts that the page needs to be shown, so that none waits for another', async () => {
  const html = await readFile(join(PUBLIC_DIR, 'index.html'), 'utf8');
  for (const name of await findFirstScripts()) expect(html).toContain(`static/${name}`);
});
