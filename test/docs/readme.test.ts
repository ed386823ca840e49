import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Command } from '../cli/command.ts';
import { startTestServer } from '../http/test-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the README’s client runs as it stands there, but for the address, and prints the answer', async () => {
  const [, code] = /```ts\n(import \{ createClient[\s\S]*?)```/.exec(readFileSync(`${ROOT}/README.md`, 'utf8')) ?? [];
  const { url } = await startTestServer();
  const script = code?.replace('http://localhost:8000', url) ?? '';
  expect(script).toContain(url);
  const args = ['--input-type=module-typescript', '--eval', `${script}; if (!sent) throw new Error('not sent');`];
  const command = new Command(spawn(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH } }));
  expect(await command.exitCode()).toBe(0);
  expect(command.stdout.replaceAll('\n', '')).toMatch(/^It is \d+:\d\d\.$/);
});
