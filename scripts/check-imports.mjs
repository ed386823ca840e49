// Holds the import table: a file imports from its own folder and from the folders that its row names, nothing else, and there is
// no cycle, types included. `node scripts/check-imports.mjs [folder]` prints every violation and exits with 1 if there is one.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Row of the import table: a folder below src/, and the folders that its files may import besides their own. */
const TABLE = {
  wire: [],
  'wire/framing': ['wire'],
  'wire/dialects': ['wire'],
  audio: [],
  memory: [],
  json: ['wire'],
  emulator: ['audio'],
  'emulator/gemini': ['emulator', 'audio'],
  'emulator/openai': ['emulator'],
  models: ['wire', 'json', 'audio', 'memory'],
  'models/gemini': ['wire', 'audio', 'models'],
  'models/openai': ['wire', 'audio', 'models'],
  'models/qwen': ['wire', 'audio', 'models'],
  isolation: ['wire'],
  store: ['wire', 'isolation'],
  'store/sql': ['wire', 'isolation', 'store'],
};
const WIRE = ['wire', 'wire/framing', 'wire/dialects'];
TABLE.agent = [...WIRE, 'audio', 'models', 'isolation', 'store'];
TABLE['agent/tools'] = ['agent', ...TABLE.agent];
TABLE['agent/run'] = ['agent/tools', 'memory', ...TABLE['agent/tools']];
TABLE['agent/adk'] = ['agent/run', 'models/gemini', ...TABLE['agent/run']];
TABLE['agent/room'] = ['agent/run', ...TABLE['agent/run']];
TABLE['session/log'] = ['wire', 'memory'];
TABLE['session/export'] = ['wire', 'audio', 'store'];
TABLE.session = [
  ...WIRE,
  'session/log',
  'session/export',
  'agent',
  'agent/tools',
  'agent/run',
  'agent/room',
  'isolation',
  'store',
];
TABLE['session/redis'] = ['session', ...TABLE.session];
TABLE['http/auth'] = ['wire'];
TABLE['http/limits'] = ['wire'];
TABLE.http = [
  ...WIRE,
  'json',
  'http/auth',
  'http/limits',
  'session',
  'session/log',
  'session/export',
  'agent',
  'agent/run',
  'store',
];
TABLE['http/delivery'] = ['http', 'memory', ...TABLE.http];
TABLE['http/routes'] = ['http/delivery', ...TABLE['http/delivery']];
TABLE.client = WIRE;
TABLE.doctor = ['client', ...WIRE];
TABLE.web = ['client', 'audio', ...WIRE];
/** The command line may import everything, as may the files of src/ itself. */
const UNRESTRICTED = ['', 'cli'];
/** Folders whose files run in a browser, or on no particular platform: they may not import Node's modules. */
const NO_NODE = ['wire', 'wire/framing', 'wire/dialects', 'audio', 'client', 'web'];
/** Pure folders: they may not import any package. */
const NO_PACKAGES = ['wire', 'wire/framing', 'wire/dialects', 'audio'];

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
  if (!UNRESTRICTED.includes(folder) && !(folder in TABLE))
    violations.push(`${file}: the table has no row for src/${folder}/`);
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
  if (!UNRESTRICTED.includes(from) && from !== to && !(TABLE[from] ?? []).includes(to)) {
    violations.push(`${file}: src/${from}/ may not import ${target}`);
  }
}

function checkPackage(file, folder, specifier) {
  if (specifier === 'express' && !folder.startsWith('http')) violations.push(`${file}: only src/http/ knows Express`);
  if (specifier.startsWith('node:') && NO_NODE.includes(folder))
    violations.push(`${file}: src/${folder}/ may not import ${specifier}`);
  if (NO_PACKAGES.includes(folder)) violations.push(`${file}: src/${folder}/ may not import the package ${specifier}`);
}

/** The folder of the row that a file belongs to: a folder without a row of its own belongs to the row of its parent. */
function folderOf(file) {
  const folder = dirname(file) === '.' ? '' : dirname(file).split('\\').join('/');
  if (folder === '' || folder in TABLE) return folder;
  const rows = Object.keys(TABLE).filter((row) => folder.startsWith(`${row}/`));
  return rows.sort((a, b) => b.length - a.length)[0] ?? folder;
}

/** Lists one cycle for each file that closes one. */
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
