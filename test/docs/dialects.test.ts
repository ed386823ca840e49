import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { DialectName } from '../../src/wire/dialects/dialect.ts';
import { selectDialect } from '../../src/wire/dialects/select-dialect.ts';
import { ITEMS } from './dialects/items.ts';
import { NAMES } from './dialects/steps.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/dialects.md', root), 'utf8');
const protocol = readFileSync(new URL('docs/protocol.md', root), 'utf8');

test('docs/dialects.md is what scripts/write-dialects-doc.mjs writes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-sse-dialects-'));
  try {
    const written = join(directory, 'page.md');
    execFileSync(process.execPath, ['--no-warnings', 'scripts/write-dialects-doc.mjs', written], { cwd: root });
    expect(page).toBe(readFileSync(written, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('docs/dialects.md shows every named event and every message of AgentScope that docs/protocol.md lists', () => {
  const named = namesIn('### Named events');
  const agentScope = namesIn('### AgentScope');
  expect(named.length).toBeGreaterThan(14);
  expect(agentScope.filter((name) => /^(agent|server)_/.test(name))).toHaveLength(19);
  expect(agentScope.filter((name) => name.startsWith('client_'))).toHaveLength(9);
  expect(named.filter((name) => !page.includes(`\nevent: ${name}\n`))).toEqual([]);
  expect(agentScope.filter((name) => !page.includes(`{"type":"${name}"`))).toEqual([]);
});

test.each(ITEMS.filter(({ messages }) => Object.keys(messages).length > 1))(
  'the messages of docs/dialects.md mean the same in each dialect that has one: $title',
  ({ messages }) => {
    const requests = Object.entries(messages).map(([name, message]) => decode(name as DialectName, message));
    for (const request of requests) expect(request).toEqual(requests[0]);
  },
);

function decode(name: DialectName, message: object): unknown {
  return selectDialect(name, true)?.decodeItem(message, NAMES.sessionId);
}

/** Names in the first cells of the tables of a section, of which the AgentScope ones are the `type` of a message. */
function namesIn(heading: string): string[] {
  const section = protocol.slice(protocol.indexOf(`\n${heading}\n`) + heading.length + 2);
  const rows = section.slice(0, section.search(/\n##+ /)).matchAll(/^\| (`.*?`) \|/gm);
  return [...rows].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:\{"type":")?([a-z_]+)/g)].map(([, name = '']) => name),
  );
}
