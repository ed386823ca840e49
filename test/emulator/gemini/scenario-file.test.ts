import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadScenario } from '../../../src/emulator/gemini/scenario-file.ts';
import { SCENARIOS } from '../../../src/emulator/gemini/scenarios.ts';
import { readScenario } from '../../../src/emulator/scenario.ts';
import { Command } from '../../cli/command.ts';
import { temporaryDirectory } from '../../http/test-server.ts';
import { openRaw, PREVIEW_PATH, setup } from './raw-client.ts';

async function file(text: string): Promise<string> {
  const name = path.join(await temporaryDirectory(), 'scenario.json');
  await writeFile(name, text);
  return name;
}

describe('readScenario', () => {
  test('accepts every moment and every action', () => {
    const scenario = [
      [
        { at: 'upgrade', do: { refuse: 429 } },
        { at: 'upgrade', do: 'silence' },
        { at: 'setup', do: 'refuse handle' },
        { at: 'setup', do: 'not resumable' },
        { at: { frame: 1 }, do: { goAway: 0 } },
        { at: { turn: 2 }, do: { close: 1011 } },
        { at: { heard: 3 }, do: { close: 4_999, reason: 'x'.repeat(123) } },
        { at: { ms: 0.5 }, do: { drain: 1 } },
        { at: { ms: 1 }, do: { send: null } },
        { at: { ms: 2 }, do: 'drop' },
      ],
      [],
      'repeat',
    ];
    expect(readScenario(scenario)).toEqual(scenario);
  });

  const good = { at: 'setup', do: 'drop' };
  test.each<[string, unknown, string]>([
    ['not a list', { at: 1 }, 'A scenario must be a list with an entry for each connection.'],
    ['a connection that is no list', [[], good], 'Scenario, connection 2 must be a list of steps.'],
    ['repeat before the end', [[], 'repeat', []], 'Scenario, connection 2: "repeat" must come last'],
    ['nothing to repeat', ['repeat'], 'Scenario, connection 1: "repeat" must come last'],
    ['a step that is no object', [[good, 'drop']], 'Scenario, connection 1, step 2 must be {"at": …, "do": …}.'],
    [
      'a stray field',
      [[{ ...good, when: 1 }]],
      'Scenario, connection 1, step 1: unknown field "when"; a step has "at" and "do".',
    ],
    ['an unknown moment', [[{ at: 'open', do: 'drop' }]], 'Scenario, connection 1, step 1: "at" must be "upgrade", '],
    ['a zeroth frame', [[{ at: { frame: 0 }, do: 'drop' }]], '"at" must be'],
    ['half a turn', [[{ at: { turn: 1.5 }, do: 'drop' }]], '"at" must be'],
    ['two moments', [[{ at: { turn: 1, frame: 1 }, do: 'drop' }]], '"at" must be'],
    ['a negative time', [[{ at: { ms: -1 }, do: 'drop' }]], '"at" must be'],
    ['an unknown action', [[{ at: 'setup', do: 'explode' }]], '"do" must be "drop", "silence", '],
    ['no action', [[{ at: 'setup' }]], '"do" must be'],
    ['two actions', [[{ at: 'setup', do: { send: 1, goAway: 1 } }]], '"do" must be'],
    ['a close code that may not be sent', [[{ at: 'setup', do: { close: 1006 } }]], '"do" must be'],
    ['a reason that does not fit', [[{ at: 'setup', do: { close: 1011, reason: 'é'.repeat(62) } }]], '"do" must be'],
    ['a status that refuses nothing', [[{ at: 'upgrade', do: { refuse: 200 } }]], '"do" must be'],
    ['a drain of nothing', [[{ at: 'setup', do: { drain: 0 } }]], '"do" must be'],
    ['a close before it opens', [[{ at: 'upgrade', do: { close: 1011 } }]], 'at "upgrade" only'],
    ['a refusal after it opened', [[{ at: 'setup', do: { refuse: 503 } }]], 'can happen at "upgrade" only'],
    ['a message ignored before it came', [[{ at: 'setup', do: 'ignore' }]], '"ignore" can happen at {"heard": n} only'],
    ['a handle refused late', [[{ at: { turn: 1 }, do: 'refuse handle' }]], 'can happen at "setup" only'],
  ])('refuses %s', (_, value, message) => {
    expect(() => readScenario(value)).toThrow(message);
  });
});

describe('loadScenario', () => {
  test.each(Object.keys(SCENARIOS))('loads the ready-made scenario %s', async (name) => {
    const scenario = await loadScenario(name);
    expect(readScenario(scenario)).toEqual(scenario);
    expect(scenario.length).toBeGreaterThan(0);
  });

  test('loads a scenario from a file', async () => {
    const scenario = [[{ at: 'setup', do: 'drop' }], 'repeat'];
    expect(await loadScenario(await file(JSON.stringify(scenario)))).toEqual(scenario);
  });

  test('throws with the list of names for an unknown name', async () => {
    await expect(loadScenario('toString')).rejects.toThrow(
      /^There is no scenario or file "toString"\. Scenarios: goaway-mid-turn, .*, closes-at-once\.$/,
    );
  });

  test('throws with the reason for a file that is not JSON or not a scenario', async () => {
    const name = await file('[[');
    await expect(loadScenario(name)).rejects.toThrow(`${name} is not JSON: `);
    await expect(loadScenario(await file('[[{}]]'))).rejects.toThrow('Scenario, connection 1, step 1: "at" must be');
  });
});

describe('the emulator command', () => {
  const main = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');
  const emulate = (...args: string[]) =>
    new Command(spawn(process.execPath, [main, 'emulator', '--port', '0', ...args]));

  test('passes --scenario and --strict to the emulator and prints violations at its end', async () => {
    const command = emulate('--scenario', 'closes-at-once', '--strict');
    const [, url = ''] = await command.until(/emulator on (http:\S+)/);
    const honest = await openRaw({ url });
    honest.send(setup());
    expect((await honest.closed).code).toBe(1011);
    const other = await openRaw({ url }, PREVIEW_PATH);
    other.send(setup({ proactivity: {} }));
    expect((await other.closed).code).toBe(1007);
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).toContain('Violation: proactivity: gemini-live-2.5-flash-preview has none.');
  });

  test('exits with 1 and lists the names for an unknown scenario', async () => {
    const command = emulate('--scenario', 'no-such');
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toContain('There is no scenario or file "no-such". Scenarios: goaway-mid-turn, ');
  });
});
