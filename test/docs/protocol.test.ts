import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { configSchema } from '../../src/config.ts';
import { errorCatalogue } from '../../src/wire/error-catalogue.ts';
import { AS_SHIPPED, startTestServer, temporaryDirectory } from '../http/test-server.ts';
import { describeWith } from './requirement.ts';
import { matchesLines, toLines, transcriptsIn } from './transcripts.ts';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const transcripts = transcriptsIn(page);
/** Maximum duration of all transcripts, in ms. Many wait for the `--max-time` of a stream. */
const ALL_MS = 120_000;
/** Separator between the outputs of two transcripts. */
const MARK = '\n=== next ===\n';

describeWith('curl')('docs/protocol.md, run in one shell against a server,', () => {
  let outputs: string[] = [];

  beforeAll(async () => {
    // A pipe ends at the next heartbeat, when `curl` notices that its reader is gone.
    const { url } = await startTestServer({ ...AS_SHIPPED, HEARTBEAT_MS: '1000' });
    const script = transcripts
      .map(({ commands }) => allowForSlowMachine(commands).replaceAll('localhost:8000', new URL(url).host))
      .join(`\nprintf '${MARK.replaceAll('\n', '\\n')}'\n`);
    outputs = await runBash(script, await temporaryDirectory());
  }, ALL_MS + 10_000);

  test.each(
    transcripts.map(({ section, commands, expected }, index) => ({
      title: `${section}, transcript ${index + 1}: ${commands.split('\n')[0]}`,
      expected,
      index,
    })),
  )('$title prints the output that the page shows', ({ expected, index }) => {
    const lines = toLines(outputs[index] ?? '');
    const wanted = toLines(expected.join('\n'));
    if (!matchesLines(wanted, lines)) expect(lines).toEqual(wanted);
  });
});

describe('docs/protocol.md', () => {
  test('has a transcript for each route', () => {
    for (const route of ['/events/', '/poll/', '/send/', '/ws/', '/healthz', '/readyz']) {
      expect(transcripts.some(({ commands }) => commands.includes(`localhost:8000${route}`))).toBe(true);
    }
  });

  test('has no shell block that the tests do not run', () => {
    expect(transcripts).toHaveLength(page.match(/^```sh$/gm)?.length ?? 0);
  });

  test('names each variable of its limits with the default of the code', () => {
    const defaults = configSchema.parse({}) as Record<string, unknown>;
    const rows = [...page.matchAll(/^\|[^|]*\| (\d+) \| `([A-Z_]+)` \|/gm)];
    expect(rows.length).toBeGreaterThan(5);
    for (const [, value, variable = ''] of rows) {
      expect({ variable, value: Number(value) }).toEqual({ variable, value: defaults[variable] });
    }
  });

  test('names only error codes of the catalogue', () => {
    const codes = [...page.matchAll(/\b(?:4|5)\d\d `([a-z_]+)`/g)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(5);
    for (const code of codes) expect(Object.keys(errorCatalogue)).toContain(code);
  });
});

/** Gives a stream that is read for two or three seconds twice the time: a slow machine connects to the model when they are nearly over. */
function allowForSlowMachine(commands: string): string {
  return commands.replace(/--max-time ([23])\b/g, (_, seconds) => `--max-time ${2 * Number(seconds)}`);
}

function runBash(script: string, cwd: string): Promise<string[]> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: cwd, LC_ALL: 'C.UTF-8' };
    execFile('bash', ['--norc', '-c', script], { cwd, env, timeout: ALL_MS }, (_error, stdout) =>
      resolve(stdout.split(MARK)),
    );
  });
}
