// Holds the import table: a file imports from its own folder and from the folders that its row names, nothing else, and there is
// no cycle, types included. `node scripts/check-imports.mjs [folder]` prints every violation and exits with 1 if there is one.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const TABLE = {
  wire: [],
  audio: [],
  emulator: ['audio'],
  models: ['wire', 'audio'],
  store: ['wire'],
  agent: ['wire', 'audio', 'models', 'store'],
  session: ['wire', 'agent', 'store'],
  http: ['wire', 'session', 'agent', 'store'],
  client: ['wire'],
  doctor: ['client', 'wire'],
  web: ['client', 'wire', 'audio'],
};
/** Folders that run in a browser or know no platform: nothing of Node's there. */
const NO_NODE = ['wire', 'audio', 'client', 'web'];
/** Pure: no package at all. */
const NO_PACKAGES = ['wire', 'audio'];

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'src'));
const IMPORT =
  /(?:^|[\s;])(?:import|export)\s+(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

const files = readdirSync(root, { recursive: true })
  .map((file) => file.split('\\').join('/'))
  .filter((file) => /\.tsx?$/.test(file))
  // A folder is read in any order; what is printed is to be the same everywhere.
  .sort();
/** file → files it imports, as paths below the root */
const graph = new Map(files.map((file) => [file, []]));
const violations = [];

for (const file of files) {
  const folder = folderOf(file);
  if (folder !== '' && !(folder in TABLE)) violations.push(`${file}: the table has no row for src/${folder}/`);
  const source = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  for (const [, fromStatic, fromDynamic] of source.matchAll(IMPORT)) {
    const specifier = fromStatic ?? fromDynamic;
    if (specifier === 'bidi-sse') addEdge(file, 'index.ts');
    else if (specifier.startsWith('.'))
      addEdge(
        file,
        relative(root, resolve(root, dirname(file), specifier))
          .split('\\')
          .join('/'),
      );
    else checkPackage(file, folder, specifier);
  }
}
for (const cycle of findCycles()) violations.push(`cycle: ${cycle.join(' → ')}`);

if (violations.length > 0) {
  console.error(`${violations.join('\n')}\n${violations.length} import violations`);
  process.exit(1);
}
console.log(`${files.length} files: imports keep to the table, no cycles`);

function addEdge(file, target) {
  if (!graph.has(target)) {
    if (/\.tsx?$/.test(target)) violations.push(`${file}: ${target} does not exist below src/`);
    return;
  }
  graph.get(file).push(target);
  const from = folderOf(file);
  const to = folderOf(target);
  if (from !== '' && from !== to && !(TABLE[from] ?? []).includes(to)) {
    violations.push(`${file}: src/${from}/ may not import ${target}`);
  }
}

function checkPackage(file, folder, specifier) {
  if (specifier === 'express' && folder !== 'http') violations.push(`${file}: only src/http/ knows Express`);
  if (specifier.startsWith('node:') && NO_NODE.includes(folder))
    violations.push(`${file}: src/${folder}/ may not import ${specifier}`);
  if (NO_PACKAGES.includes(folder)) violations.push(`${file}: src/${folder}/ may not import the package ${specifier}`);
}

function folderOf(file) {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

/** One cycle for each file that closes one. */
function findCycles() {
  const cycles = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    if (done.has(file)) return;
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    path.push(file);
    for (const target of graph.get(file)) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of files) visit(file);
  return cycles;
}
