import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Command } from '../cli/command.ts';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { startCuttingLine } from './cutting-line.ts';

const SCRIPT = fileURLToPath(new URL('../../examples/talk.ts', import.meta.url));
const COUNTED = 'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.';

/** Runs the example with the SDK as it is published, from `dist`. */
function run(url: string, lines: readonly string[], environment: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, [SCRIPT, url, 'me'], { env: { PATH: process.env.PATH, ...environment } });
  child.stdin.on('error', () => {}); // the child may have exited before
  child.stdin.end(`${lines.join('\n')}\n`);
  return new Command(child);
}

test('examples/talk.ts answers the lines of its input one after the other and exits', async () => {
  const { url } = await startTestServer(AS_SHIPPED);
  const talk = run(url, ['Count to three', 'Thank you']);
  expect(await talk.exitCode()).toBe(0);
  expect(talk.stdout).toBe('One, two, three.\nYou are welcome.\n');
  expect(talk.stderr).toMatch(/^\[open, by stream\]\n\[closed, by (stream|ws)\]\n$/);
});

test('examples/talk.ts prints everything once over a network that cuts each stream and drops a response', async () => {
  const { port } = await startTestServer(AS_SHIPPED);
  const line = await startCuttingLine(port, { cutAfter: 1_200, swallow: 1 });
  const talk = run(line.url, ['Count to twelve', 'Count to twelve']);
  expect(await talk.exitCode()).toBe(0);
  expect(talk.stdout).toBe(`${COUNTED}\n${COUNTED}\n`);
  expect([line.cuts > 0, line.swallowed]).toEqual([true, 1]);
});

test('examples/talk.ts sends the token of BIDI_SSE_TOKEN, and without it exits with the refusal of the server', async () => {
  const { url } = await startTestServer({ ...AS_SHIPPED, AUTH: 'token', AUTH_TOKENS: 'me:me-0123456789abcdef' });
  const talk = run(url, ['Count to two'], { BIDI_SSE_TOKEN: 'me-0123456789abcdef' });
  expect([await talk.exitCode(), talk.stdout]).toEqual([0, 'One, two.\n']);
  const stranger = run(url, ['Count to two']);
  expect([await stranger.exitCode(), stranger.stdout]).toEqual([1, '']);
  expect(stranger.stderr).toContain('Authorization: Bearer');
});
