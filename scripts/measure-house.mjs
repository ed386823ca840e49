// Prints figures that tell how readable the source is, as one JSON object or as two columns: `node scripts/measure-house.mjs [commit]`.
// With a commit, the first column is that commit's source (read with git, nothing is checked out), the second the working tree's.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findElliptic } from './check-comments.mjs';
import { listSourceFiles, readSource } from './source-code.mjs';

/** A file that compares an event's type or field with the end of a turn keeps a part of the turn's state, or reacts to it. */
const READS_TURN_END = /case 'turn_complete'|=== 'turn_complete'|\.turnComplete\b|\bturnComplete\b[^:?]*\}?\)? => /;

/** @param {string} root folder that holds src/ */
function measure(root) {
  const files = listSourceFiles(join(root, 'src'));
  const sources = files.map((file) => ({ file, ...readSource(file) }));
  const functions = sources.flatMap((source) => source.functions);
  const named = functions.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const lines = sources.map((source) => source.lines).sort((a, b) => a - b);
  const { count, elliptic } = findElliptic(files);
  const share = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`;
  return {
    'files in src/': files.length,
    'lines in src/': lines.reduce((sum, each) => sum + each, 0),
    'median file, lines': lines[lines.length >> 1],
    'largest file, lines': lines.at(-1),
    'longest function, lines': Math.max(...functions.map((each) => each.lines)),
    'functions over 100 lines': functions.filter((each) => each.lines > 100).length,
    'functions over 60 lines': functions.filter((each) => each.lines > 60).length,
    'comments with an elliptic opener': share(elliptic.length, count),
    'one-word function names': share(named.filter((name) => /^#?[a-z]+$/.test(name)).length, named.length),
    'files of the runtime that look for the end of a turn': countTurnReaders(sources),
  };
}

function countTurnReaders(sources) {
  const runtime = sources.filter(({ file }) => /\/src\/(agent|session)\//.test(`/${file}`));
  return runtime.filter(({ file }) => READS_TURN_END.test(readFileSync(file, 'utf8'))).length;
}

function measureCommit(commit) {
  const folder = mkdtempSync(join(tmpdir(), 'bidi-sse-house-'));
  try {
    const archive = execFileSync('git', ['archive', commit, 'src'], { maxBuffer: 256 * 1024 * 1024 });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    return measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [commit] = process.argv.slice(2);
const now = measure('.');
const before = commit === undefined ? undefined : measureCommit(commit);
for (const [name, value] of Object.entries(now)) {
  console.log(
    `${name.padEnd(54)}${before === undefined ? '' : String(before[name]).padStart(10)}${String(value).padStart(10)}`,
  );
}
