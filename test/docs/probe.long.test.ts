// examples/probe.ts against the strict emulator, whose families behave as the table says.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type GeminiEmulator, type GeminiEmulatorOptions, startGeminiEmulator } from '../../src/emulator.ts';
import { type FamilyName, GEMINI_FAMILIES } from '../../src/models/gemini/family.ts';
import { type Command, runProgram } from '../cli/command.ts';
import { concurrentTest as test } from '../concurrent-test.ts';

const SCRIPT = fileURLToPath(new URL('../../examples/probe.ts', import.meta.url));
const KEY = 'key-that-nobody-may-see';
/** The longest question takes 20 s: 10 s without an answer, and then silence. All examinations run at the same time. */
const TEST_MS = 100_000;

let emulator: GeminiEmulator;
beforeAll(async () => {
  emulator = await startGeminiEmulator({ pace: 20, strict: true });
});
afterAll(() => emulator.close());

/** Runs the example with the library as it is published, from `dist`. */
function probe(args: readonly string[], url = emulator.url): Promise<Command> {
  return runProgram(process.execPath, [SCRIPT, ...args], {
    env: { GOOGLE_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: url },
  });
}

/** Names of the rows that have a mark. */
function listRows(output: string, mark: string): string[] {
  return [...output.matchAll(new RegExp(`^${mark} +(\\S+(?: \\S+)*)`, 'gm'))].map(([, name = '']) => name);
}

test(
  'a model of each family comes out as its own family, with a line for each property of the table',
  async () => {
    const families = Object.values(GEMINI_FAMILIES);
    const commands = await Promise.all(families.map(({ example }) => probe(['--model', example])));
    for (const [index, { name, example: _example, models: _models, ...properties }] of families.entries()) {
      const command = commands[index] as Command;
      const status = await command.exitCode();
      expect(command.stdout).toContain(`0 of 20 differ, 0 unknown. Nearest: ${name}, of which 0 differ.`);
      expect({ name, status }).toEqual({ name, status: 0 });
      const rows = [...listRows(command.stdout, 'agrees'), ...listRows(command.stdout, 'skipped')];
      expect(rows).toEqual(expect.arrayContaining(Object.keys(properties)));
      expect(command.stdout + command.stderr).not.toContain(KEY);
    }
  },
  TEST_MS,
);

test(
  'a model that is compared with another family differs in the rows in which the families differ',
  async () => {
    const cases: readonly [FamilyName, FamilyName, readonly string[]][] = [
      [
        '3.8',
        '3.1',
        [
          'textAsRealtimeInput',
          'endOfAudio',
          'repeatsEmptyResults',
          'thinking',
          'cancel',
          'proactivity',
          'interimTranscripts',
          'typed question sees a frame',
        ],
      ],
      ['3.8 extended thinking', '3.8', ['toolParameters', 'asynchronousTools', 'scheduling', 'thinking', 'exchanges']],
      ['2.5 half-cascade', '2.5 native audio', ['speaksOnly', 'voices', 'proactivity', 'affectiveDialog', 'language']],
    ];
    const commands = await Promise.all(
      cases.map(([name, other]) => probe(['--model', GEMINI_FAMILIES[name].example, '--family', other])),
    );
    for (const [index, [name, , differing]] of cases.entries()) {
      const command = commands[index] as Command;
      const status = await command.exitCode();
      expect({ name, status, differing: listRows(command.stdout, 'differs') }).toEqual({ name, status: 1, differing });
      expect(command.stdout).toContain(`Nearest: ${name}, of which 0 differ.`);
    }
  },
  TEST_MS,
);

test.each<[string, GeminiEmulatorOptions, string[], RegExp]>([
  [
    'refuses the key',
    { apiKey: 'another' },
    [],
    /^The model could not be examined: closed with 1007 API key not valid/m,
  ],
  [
    'does not know the model',
    {},
    ['--model', 'gemini-3.8-text'],
    /could not be examined: closed with 1008 models\/gemini/,
  ],
  [
    'refuses the connection',
    { scenario: [[{ at: 'upgrade', do: { refuse: 503 } }], 'repeat'] },
    [],
    /could not be examined: .*503/,
  ],
])(
  'a server that %s is no model to examine: exit status 2, and the reason',
  async (_case, options, args, text) => {
    const server = await startGeminiEmulator(options);
    try {
      const command = await probe(args, server.url);
      expect(await command.exitCode()).toBe(2);
      expect(command.stderr).toMatch(text);
      expect(command.stdout + command.stderr).not.toContain(KEY);
    } finally {
      await server.close();
    }
  },
  TEST_MS,
);

test(
  'an invalid family, an unknown option and a missing key are refused with the usage',
  async () => {
    for (const [args, text] of [
      [
        ['--family', '9'],
        "the families are '2.5 half-cascade', '2.5 native audio', '3.1', '3.8', '3.8 extended thinking'",
      ],
      [['--speed', '9'], "Unknown option '--speed'"],
    ] as const) {
      const command = await probe(args);
      expect(await command.exitCode()).toBe(2);
      expect(command.stderr).toContain(text);
      expect(command.stderr).toContain('usage: ');
    }
    const keyless = await runProgram(process.execPath, [SCRIPT]);
    expect(await keyless.exitCode()).toBe(2);
    expect(keyless.stderr).toContain('GOOGLE_API_KEY is not set');
  },
  TEST_MS,
);
