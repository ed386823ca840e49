import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect } from '@jest/globals';
import { Command } from '../cli/command.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { openStream } from '../http/sse-client.ts';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';
import { startCuttingLine } from './cutting-line.ts';
import { describeWith } from './requirement.ts';

const SCRIPT = fileURLToPath(new URL('../../examples/client.py', import.meta.url));
const COUNTED =
  'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen, seventeen, eighteen, nineteen, twenty.\n';
/** Maximum duration of a test, in ms. The client's pauses between two connections are part of it. */
const LONG_MS = 60_000;

function runClient(
  args: readonly string[],
  input?: readonly string[],
  environment: Record<string, string> = {},
): { client: Command; say(line: string): void } {
  const child = spawn('python3', [SCRIPT, ...args], { env: { PATH: process.env.PATH, ...environment } });
  child.stdin.on('error', () => {}); // the child may have exited before
  const say = (line: string) => child.stdin.write(`${line}\n`);
  for (const line of input ?? []) say(line);
  if (input) child.stdin.end();
  return { client: new Command(child), say };
}

describeWith('python3')('examples/client.py', () => {
  test('--once prints the answer and exits with 0', async () => {
    const { url } = await startTestServer(AS_SHIPPED);
    const { client } = runClient(['--url', url, '--once', 'Count to twenty']);
    expect({ code: await client.exitCode(), out: client.stdout, err: client.stderr }).toEqual({
      code: 0,
      out: COUNTED,
      err: '',
    });
  });

  test('the token of BIDI_SSE_TOKEN is sent to a server that asks for one, and without it the client ends with the refusal', async () => {
    const { url } = await startTestServer({ ...AS_SHIPPED, AUTH: 'token', AUTH_TOKENS: 'me:me-0123456789abcdef' });
    const args = ['--url', url, '--once', 'Count to two'];
    const { client } = runClient(args, undefined, { BIDI_SSE_TOKEN: 'me-0123456789abcdef' });
    expect({ code: await client.exitCode(), out: client.stdout, err: client.stderr }).toEqual({
      code: 0,
      out: 'One, two.\n',
      err: '',
    });
    const { client: stranger } = runClient(args);
    expect([await stranger.exitCode(), stranger.stdout]).toEqual([1, '']);
    expect(stranger.stderr).toContain('the stream was refused: 401');
  });

  test('lines in arguments and on standard input are answered one after the other', async () => {
    const { url } = await startTestServer(AS_SHIPPED);
    const { client } = runClient(['--url', url, 'Count to three'], ['Count to two', '', 'Thank you']);
    expect(await client.exitCode()).toBe(0);
    expect(client.stdout).toBe('One, two, three.\nOne, two.\nYou are welcome.\n');
  });

  test(
    'the full answer is printed once over a network that cuts each stream after 1200 bytes and drops a POST response',
    async () => {
      const { url, port } = await startTestServer(AS_SHIPPED);
      const line = await startCuttingLine(port, { cutAfter: 1_200, swallow: 1 });
      const { client } = runClient(['--url', line.url, '--session', 'cut', '--once', 'Count to twenty']);
      expect({ code: await client.exitCode(), out: client.stdout }).toEqual({ code: 0, out: COUNTED });
      expect(line.cuts).toBeGreaterThan(1);
      expect(line.swallowed).toBe(1);

      const stream = await openStream(`${url}/events/me/cut?since=unknown`);
      expect(await stream.untilNamed('reset')).toMatchObject({
        turns: [
          { role: 'user', text: 'Count to twenty' },
          { role: 'model', text: COUNTED.trim() },
        ],
      });
    },
    LONG_MS,
  );

  test(
    'after a restart of the server between two lines, the second line is answered in the new epoch',
    async () => {
      const first = await startTestServer(AS_SHIPPED);
      const line = await startCuttingLine(first.port);
      const { client, say } = runClient(['--url', line.url]);
      say('Count to three');
      await client.until(/^One, two, three\.\n/);
      await first.close();
      line.target = (await startTestServer(AS_SHIPPED)).port;
      say('Count to two');
      await client.until(/\nOne, two\.\n$/);
      expect(client.stdout).toBe('One, two, three.\nOne, two.\n');
    },
    LONG_MS,
  );

  test('an empty text is refused with a reason and exit status 1', async () => {
    const { url } = await startTestServer(AS_SHIPPED);
    const { client } = runClient(['--url', url, '--once', ' ']);
    expect(await client.exitCode()).toBe(1);
    expect(client.stderr).toBe('[Item 0: The text is empty]\n');
    expect(client.stdout).toBe('');
  });
});

describe('examples/client.py', () => {
  test('is shorter than 150 lines', () => {
    expect(readFileSync(SCRIPT, 'utf8').split('\n').length - 1).toBeLessThan(150);
  });
});
