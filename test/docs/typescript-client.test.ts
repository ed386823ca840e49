import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Command } from '../cli/command.ts';
import { startTestServer } from '../http/test-server.ts';
import { startCuttingLine } from './cutting-line.ts';

const SCRIPT = fileURLToPath(new URL('../../examples/talk.ts', import.meta.url));
const COUNTED = 'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.';

/** With the SDK as it is published, from `dist`. */
function run(url: string, lines: readonly string[]): Command {
  const child = spawn(process.execPath, [SCRIPT, url, 'me'], { env: { PATH: process.env.PATH } });
  child.stdin.on('error', () => {}); // it may have ended before
  child.stdin.end(`${lines.join('\n')}\n`);
  return new Command(child);
}

test('examples/talk.ts answers the lines of its input one after the other, and ends', async () => {
  const { url } = await startTestServer();
  const talk = run(url, ['Count to three', 'Thank you']);
  expect(await talk.exitCode()).toBe(0);
  expect(talk.stdout).toBe('One, two, three.\nYou are welcome.\n');
  expect(talk.stderr).toMatch(/^\[open, by stream\]\n\[closed, by (stream|ws)\]\n$/);
});

test('examples/talk.ts over a line that cuts each stream and swallows an answer prints everything once', async () => {
  const { port } = await startTestServer();
  const line = await startCuttingLine(port, { cutAfter: 1_200, swallow: 1 });
  const talk = run(line.url, ['Count to twelve', 'Count to twelve']);
  expect(await talk.exitCode()).toBe(0);
  expect(talk.stdout).toBe(`${COUNTED}\n${COUNTED}\n`);
  expect([line.cuts > 0, line.swallowed]).toEqual([true, 1]);
});
