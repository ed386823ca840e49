import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../scripts/check-imports.mjs', import.meta.url));
/** A small house that keeps to the table. */
const CLEAN = {
  'wire/event.ts': "export interface Event { id: string }\nexport const NAME = 'event';\n",
  'agent/runner.ts': "import type { Event } from '../wire/event.ts';\nexport const run = (event: Event) => event;\n",
  'http/app.ts':
    "import express from 'express';\nimport { run } from '../agent/runner.ts';\nexport const app = [express, run];\n",
  'store/file.ts': "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n",
  'server.ts': "import { app } from './http/app.ts';\nexport const start = () => app;\n",
  'index.ts': "export { start } from './server.ts';\nexport type { Event } from './wire/event.ts';\n",
};

const trees: string[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true, force: true });
});

describe('check-imports', () => {
  test('of a tree that keeps to the table passes', () => {
    expect(check(CLEAN)).toEqual({ status: 0, said: '6 files: imports keep to the table, no cycles\n' });
  });

  test('of this project passes', () => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    [
      'an import that the table does not allow',
      { 'wire/event.ts': "import { run } from '../agent/runner.ts';\nexport const event = run;\n" },
      ['wire/event.ts: src/wire/ may not import agent/runner.ts'],
    ],
    [
      'the same for a type alone',
      { 'models/gemini.ts': "import type { Event } from '../agent/runner.ts';\nexport type E = Event;\n" },
      ['models/gemini.ts: src/models/ may not import agent/runner.ts'],
    ],
    [
      'the same in an export',
      { 'session/log.ts': "export { app } from '../http/app.ts';\n" },
      ['session/log.ts: src/session/ may not import http/app.ts'],
    ],
    [
      'the same in an import() on demand',
      { 'store/late.ts': "export const late = () => import('../agent/runner.ts');\n" },
      ['store/late.ts: src/store/ may not import agent/runner.ts'],
    ],
    [
      'an import for its effect alone',
      { 'audio/pcm.ts': "import '../wire/event.ts';\n" },
      ['audio/pcm.ts: src/audio/ may not import wire/event.ts'],
    ],
    [
      'an import over several lines',
      {
        'emulator/main.ts':
          "import {\n  type Event,\n  NAME,\n} from '../wire/event.ts';\nexport const e: Event = { id: NAME };\n",
      },
      ['emulator/main.ts: src/emulator/ may not import wire/event.ts'],
    ],
    [
      'an import of a file of src/ itself from a folder',
      { 'http/app.ts': "import { start } from '../server.ts';\nexport const app = start;\n" },
      ['http/app.ts: src/http/ may not import server.ts', 'cycle: http/app.ts → server.ts → http/app.ts'],
    ],
    [
      'a cycle of two files in one folder',
      {
        'agent/runner.ts': "import { tool } from './tool.ts';\nexport const run = tool;\n",
        'agent/tool.ts': "import { run } from './runner.ts';\nexport const tool = run;\n",
      },
      ['cycle: agent/runner.ts → agent/tool.ts → agent/runner.ts'],
    ],
    [
      'a cycle that is made of types alone',
      {
        'agent/runner.ts': "import type { Tool } from './tool.ts';\nexport type Run = Tool;\n",
        'agent/tool.ts': "import type { Context } from './context.ts';\nexport type Tool = Context;\n",
        'agent/context.ts': "import type { Run } from './runner.ts';\nexport type Context = Run;\n",
      },
      ['cycle: agent/context.ts → agent/runner.ts → agent/tool.ts → agent/context.ts'],
    ],
    [
      'a file that imports itself',
      { 'agent/runner.ts': "export * from './runner.ts';\n" },
      ['cycle: agent/runner.ts → agent/runner.ts'],
    ],
    [
      'Express outside of http',
      { 'session/live.ts': "import express from 'express';\n" },
      ['session/live.ts: only src/http/ knows Express'],
    ],
    [
      'Express in a file of src/ itself',
      { 'other.ts': "import type { Express } from 'express';\n" },
      ['other.ts: only src/http/ knows Express'],
    ],
    [
      'Node in wire',
      { 'wire/id.ts': "import { randomUUID } from 'node:crypto';\n" },
      ['wire/id.ts: src/wire/ may not import node:crypto'],
    ],
    [
      'Node in the page',
      { 'web/page.tsx': "import { join } from 'node:path';\n" },
      ['web/page.tsx: src/web/ may not import node:path'],
    ],
    [
      'a package in audio',
      { 'audio/pcm.ts': "import ws from 'ws';\n" },
      ['audio/pcm.ts: src/audio/ may not import the package ws'],
    ],
    [
      'a folder that the table does not have',
      { 'utils/misc.ts': 'export {};\n' },
      ['utils/misc.ts: the table has no row for src/utils/'],
    ],
    [
      'an import of a file that is not there',
      { 'agent/runner.ts': "import { x } from './nowhere.ts';\n" },
      ['agent/runner.ts: agent/nowhere.ts does not exist below src/'],
    ],
  ])('refuses %s', (_what, planted, violations) => {
    const { status, said } = check({ ...CLEAN, ...planted });
    expect(status).toBe(1);
    const lines = said.trimEnd().split('\n');
    expect(lines).toEqual(expect.arrayContaining(violations));
    expect(lines.at(-1)).toMatch(/^\d+ import violations$/);
  });

  test('names every violation, not only the first', () => {
    const { said } = check({
      ...CLEAN,
      'wire/event.ts': "import 'node:fs';\nimport { run } from '../agent/runner.ts';\nexport const event = run;\n",
      'session/live.ts': "import express from 'express';\n",
    });
    // Node is a package, too, where none is allowed; and the import goes round in a circle.
    expect(said.trimEnd().split('\n')).toHaveLength(6);
  });

  test('is not misled by imports in comments', () => {
    const misleading =
      "/* import { run } from '../agent/runner.ts'; */\n// import '../agent/runner.ts';\nexport const text = 1;\n";
    expect(check({ ...CLEAN, 'wire/text.ts': misleading }).status).toBe(0);
  });
});

function check(files: Record<string, string>): { status: number | null; said: string } {
  const tree = mkdtempSync(join(tmpdir(), 'bidi-sse-imports-'));
  trees.push(tree);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, tree], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}
