// Reads source files for the scripts beside it: comments and functions, by the TypeScript parser of Babel.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@babel/parser';

/** Paths of the source files below `folder`, sorted. @param {string} folder @returns {string[]} */
export function listSourceFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .map((file) => join(folder, file).split('\\').join('/'))
    .filter((file) => /\.(tsx?|mjs)$/.test(file) && !file.endsWith('.d.ts'))
    .sort();
}

/**
 * Parses one file.
 * @param {string} file
 * @returns {{ lines: number, comments: { line: number, text: string }[], functions: { name: string | undefined, line: number, lines: number }[] }}
 * `text` of a comment: its words without comment marks; consecutive `//` lines are one comment. `lines` of a function: from its first to its
 * last line.
 */
export function readSource(file) {
  const source = readFileSync(file, 'utf8');
  const plugins = ['typescript', 'explicitResourceManagement', ...(file.endsWith('x') ? ['jsx'] : [])];
  const tree = parse(source, { sourceType: 'module', plugins });
  return {
    lines: source.split('\n').length - 1,
    comments: joinComments(tree.comments ?? []),
    functions: listFunctions(tree.program),
  };
}

function joinComments(nodes) {
  const comments = [];
  let last;
  for (const { type, value, loc } of nodes) {
    if (
      type === 'CommentLine' &&
      last?.type === 'CommentLine' &&
      last.endLine === loc.start.line - 1 &&
      last.column === loc.start.column
    ) {
      last.comment.text += ` ${value.trim()}`;
      last.endLine = loc.end.line;
      continue;
    }
    const text = value
      .replace(/^\s*\*? ?/gm, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    const comment = { line: loc.start.line, text };
    comments.push(comment);
    last = { type, comment, endLine: loc.end.line, column: loc.start.column };
  }
  return comments;
}

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ObjectMethod',
  'ClassMethod',
  'ClassPrivateMethod',
]);

function listFunctions(program) {
  const functions = [];
  const visit = (node, name) => {
    if (Array.isArray(node)) {
      for (const each of node) visit(each);
      return;
    }
    if (typeof node?.type !== 'string') return;
    if (FUNCTIONS.has(node.type)) {
      const { start, end } = node.loc;
      functions.push({ name: nameOf(node) ?? name, line: start.line, lines: end.line - start.line + 1 });
    }
    for (const [key, child] of Object.entries(node)) {
      if (key === 'loc' || child === null || typeof child !== 'object') continue;
      visit(child, key === 'init' || key === 'value' ? (nameOf(node) ?? undefined) : undefined);
    }
  };
  visit(program.body);
  return functions;
}

/** The name of a function, or of the variable, property or method that holds it. Constructors have none. */
function nameOf({ kind, id, key, computed }) {
  if (kind === 'constructor' || computed) return undefined;
  return id?.name ?? key?.name ?? key?.id?.name;
}
