import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../scripts/check-comments.mjs', import.meta.url));
const SENTENCE = '/** Maximum wait before the second attempt, in ms. */\nexport const WAIT_MS = 100;\n';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test('comments that name their subject pass', () => {
  expect(check(SENTENCE)).toEqual({ status: 0, stdout: expect.stringContaining('1 comments, 0 (0.0 %)'), stderr: '' });
});

test.each([
  ['a docstring', '/** It is closed by the peer. */\nexport const a = 1;\n', 'It is closed by the peer.'],
  [
    'a line comment',
    '// What is said from now on is for the next one.\nexport const a = 1;\n',
    'What is said from now on',
  ],
  [
    'the first of several comment lines',
    '// One that was lost\n// was sent again.\nexport const a = 1;\n',
    'One that was lost was',
  ],
  ['a comment in markup', 'export const a = () => <p>{/* Of the model. */}</p>;\n', 'Of the model.'],
])('%s with an elliptic opener is listed with its line, and fails', (_kind, source, text) => {
  const { status, stderr } = check(source);
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`file\\.tsx:1: ${text.replaceAll('.', '\\.')}`));
});

test('one elliptic opener in fifty-one comments passes, because the limit is a share of 2 %', () => {
  const sentences = Array.from({ length: 50 }, (_, index) => SENTENCE.replace('WAIT_MS', `WAIT_${index}_MS`));
  expect(check(`// It ends here.\nexport {};\n${sentences.join('')}`)).toMatchObject({ status: 0 });
  expect(check(`// It ends here.\nexport {};\n${sentences.slice(2).join('')}`)).toMatchObject({ status: 1 });
});

test('words in strings and template literals are not taken for comments', () => {
  expect(check("export const a = '// It is text';\nexport const b = `/* One */`;\n")).toMatchObject({ status: 0 });
});

function check(source: string) {
  const folder = mkdtempSync(join(tmpdir(), 'bidi-sse-comments-'));
  folders.push(folder);
  writeFileSync(join(folder, 'file.tsx'), source);
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
