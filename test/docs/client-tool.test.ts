import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Command } from '../cli/command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('examples/client-tool.ts runs the tool in the client once, and prints the answer that uses its result', async () => {
  const env = { PATH: process.env.PATH, DATABASE_URL: 'memory:' };
  const command = new Command(spawn(process.execPath, ['examples/client-tool.ts'], { cwd: ROOT, env }));
  expect(await command.exitCode()).toBe(0);
  expect(command.stdout).toMatch(/^\[the client lists examples\]\n[^\n]*client-tool\.ts[^\n]*\n$/);
});
