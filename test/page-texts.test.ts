import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@babel/parser';
import { expect, test } from '@jest/globals';

const WEB = join(import.meta.dirname, '../src/web');
/** Attributes and properties whose text a user reads or hears. */
const VISIBLE = /^(aria-label|aria-description|aria-roledescription|title|placeholder|alt|label|text|note|advice)$/;
/** A text of several words, as no identifier and no class has it. */
const PHRASE = /^\p{Lu}[\p{L}']+ \p{L}/u;

test.each([
  ['markup', '<p class="a b">Hello <b>{"you there"}</b></p>', 2],
  ['a condition', '<p>{x === "x y" ? "Yes" : `No`} {y && "Hello"}</p>', 3],
  ['an attribute', '<p title="Close" aria-label={`Close`} data-x="close it">· {y}</p>', 2],
  ['code', '<p><code translate={false}>npm start</code></p>', 0],
  ['a notice', 'const a = { text: "Hello", key: "hello" }, b = "Hello you"; throw Error("Hello you");', 2],
])('a literal text in %s is found', (_place, source, count) => {
  expect(findLiterals('a.tsx', source)).toHaveLength(count);
});

test('no component and no other part of the page has a literal text outside of the message files', () => {
  const files = readdirSync(WEB, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  const sources = files.filter((file) => !file.startsWith('messages/') && !file.endsWith('.d.ts'));
  expect(sources.length).toBeGreaterThan(30);
  expect(sources.flatMap((file) => findLiterals(file, readFileSync(join(WEB, file), 'utf8')))).toEqual([]);
});

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Lists the texts of a source that a user would see. Left out are arguments of errors, which only developers see, and code, which is the same in all languages. */
function findLiterals(file: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown, isVisible: boolean): void => {
    if (Array.isArray(node)) for (const child of node) visit(child, isVisible);
    if (!isNode(node)) return;
    for (const text of readTexts(node)) {
      const isText = isVisible || node.type === 'JSXText' ? /\p{L}/u.test(text) : PHRASE.test(text);
      if (isText) found.push(`${file}: ${text.trim()}`);
    }
    if (/^(Import|Export(All|Named))Declaration$/.test(node.type) && node.source) return;
    if (isErrorConstruction(node) || isCode(node)) return;
    for (const [field, child] of Object.entries(node)) visit(child, isVisibleIn(node, field, isVisible));
  };
  visit(parse(source, { sourceType: 'module', plugins: ['typescript', 'jsx'] }).program, false);
  return found;
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string';

function readTexts(node: Node): string[] {
  if (node.type === 'StringLiteral' || node.type === 'JSXText') return [String(node.value)];
  if (node.type === 'TemplateElement') return [(node.value as { cooked: string }).cooked];
  return [];
}

/** Decides whether a text in a field of a node is shown. `isVisible` tells that of the node itself. */
function isVisibleIn(node: Node, field: string, isVisible: boolean): boolean {
  if (node.type === 'JSXElement' || node.type === 'JSXFragment') return field === 'children';
  if (node.type === 'JSXAttribute') return field === 'value' && VISIBLE.test((node.name as { name: string }).name);
  if (node.type === 'ObjectProperty')
    return field === 'value' && VISIBLE.test((node.key as { name?: string }).name ?? '');
  if (node.type === 'ConditionalExpression') return isVisible && field !== 'test';
  if (node.type === 'LogicalExpression') return isVisible && (field === 'right' || node.operator !== '&&');
  const passesOn = ['JSXExpressionContainer', 'TemplateLiteral', 'StringLiteral'].includes(node.type);
  return isVisible && passesOn;
}

function isErrorConstruction({ type, callee }: Node): boolean {
  return /^(New|Call)Expression$/.test(type) && /Error$/.test((callee as { name?: string }).name ?? '');
}

function isCode({ type, openingElement }: Node): boolean {
  const { name } = (openingElement ?? {}) as { readonly name?: { readonly name?: unknown } };
  return type === 'JSXElement' && name?.name === 'code';
}
