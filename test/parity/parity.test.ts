import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { areas } from './areas.ts';
import { pains } from './pains.ts';
import { fieldNames, testTitles } from './source-text.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const rows = areas.flatMap(({ requirements }) => requirements);
const ids = rows.map(({ id }) => id);

test('docs/adk-parity.md is what scripts/write-adk-parity.mjs writes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-sse-parity-'));
  try {
    const page = join(directory, 'page.md');
    execFileSync(process.execPath, ['--no-warnings', 'scripts/write-adk-parity.mjs', page], { cwd: root });
    expect(read('docs/adk-parity.md')).toBe(readFileSync(page, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('no two rows have one id', () => {
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

describe('a row', () => {
  /** Cached: many rows name the same file. */
  const titlesOf = new Map<string, string[]>();
  const countOf = (reference: string) => {
    const [, file = '', title] = /^(\S+\.test\.ts): (.+)$/.exec(reference) ?? [];
    if (!titlesOf.has(file)) titlesOf.set(file, testTitles(read(`test/${file}`)));
    return titlesOf.get(file)?.filter((each) => each === title).length;
  };

  test.each([
    ...rows.flatMap((row): [string, readonly string[]][] => (row.status === 'done' ? [[row.id, row.tests]] : [])),
    ...pains.map(({ number, tests }): [string, readonly string[]] => [`pain ${number}`, tests]),
  ])('%s names tests, each of which there is once', (_id, references) => {
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((reference) => countOf(reference) !== 1)).toEqual([]);
  });

  test.each([
    ['RunConfig', 'src/agent/run-config.ts', 'RunConfig'],
    ['Event', 'src/wire/agent-event.ts', 'AgentEvent'],
    ['Part', 'src/wire/agent-event.ts', 'Part'],
    ['LiveRequest', 'src/wire/live-request.ts', 'LiveRequest'],
  ])('is there for each field of %s, and for none that there is not', (name, path, interfaceName) => {
    const fields = fieldNames(read(path), interfaceName);
    expect(fields.length).toBeGreaterThan(5);
    expect(fields.filter((field) => !ids.includes(`${name}.${field}`))).toEqual([]);
    const done = rows.filter(({ id, status }) => id.startsWith(`${name}.`) && status === 'done');
    const elsewhere = ELSEWHERE[name] ?? [];
    const gone = done.map(({ id }) => id.slice(name.length + 1)).filter((field) => !fields.includes(field));
    expect(gone).toEqual(elsewhere);
  });
});

/** Fields of ADK that have another place here. */
const ELSEWHERE: Record<string, string[]> = { RunConfig: ['historyConfig', 'httpOptions'] };

describe('pains', () => {
  test('are numbered from 1, without a hole', () => {
    expect(pains.map(({ number }) => number)).toEqual(pains.map((_pain, index) => index + 1));
  });

  test.each(pains.map(({ number, tests }) => [number, tests] as const))(
    '%i is shown by tests that name it',
    (number, tests) => {
      for (const reference of tests) expect(reference).toMatch(new RegExp(`^pains/\\S+: (.* )?pain ${number}: `));
    },
  );
});

describe('titles are read from source text', () => {
  const source = `
    // test('in a comment', () => {});
    const text = "test('in a text', () => {})";
    const pattern = /test\\('in a pattern/;
    describe('outer', () => {
      describe("inner's", () => {
        test.each<[number, () => void]>([[1, () => {}]])('each %i', (n) => { expect(\`\${n}) test('x')\`); });
      });
      for (const each of [1]) test(\`template \${each}\`, () => {});
      test(
        'with \\'quotes\\'',
        async () => {},
      );
      test(variable, () => {});
      expect(/x/.test('not a title')).toBe(4 / 2 / 1);
    });
    test.skip('alone', () => {});
  `;

  test('with those of the describes around them, and nothing that only looks like one', () => {
    expect(testTitles(source)).toEqual([
      "outer inner's each %i",
      `outer template \${each}`,
      "outer with 'quotes'",
      'alone',
    ]);
  });

  test('and so are the fields of an interface, without those inside of them', () => {
    const fields = `interface Other { z: 1 }
      export interface Wanted extends Other {
        /** A comment; with { brackets: and } colons. */
        readonly first?: { inner: string; other: number };
        second: 'a: b;' | \`c\`;
        third?: Record<string, unknown>;
      }`;
    expect(fieldNames(fields, 'Wanted')).toEqual(['first', 'second', 'third']);
    expect(() => fieldNames(fields, 'Missing')).toThrow('no interface Missing');
  });
});
