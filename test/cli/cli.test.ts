import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { VERSION } from '../../src/version.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, temporaryDirectory, waitFor } from '../http/test-server.ts';
import { addressOf, runCli, runShell } from './command.ts';

const agentFile = (name: string) => fileURLToPath(new URL(`./agents/${name}`, import.meta.url));

describe('bidi-sse --help', () => {
  test('tells all options and ends with 0', async () => {
    const command = await runCli(['--help']);
    expect(await command.exitCode()).toBe(0);
    for (const option of ['--agent', '--host', '--port', '--help', '--version', '.env.example']) {
      expect(command.stdout).toContain(option);
    }
    expect(command.stderr).toBe('');
  });

  test('ends with 0 where the environment is wrong, too', async () => {
    const command = await runCli(['--help'], { env: { PORT: 'eighty' } });
    expect(await command.exitCode()).toBe(0);
  });
});

test('bidi-sse --version tells the version and ends with 0', async () => {
  const command = await runCli(['--version']);
  expect(await command.exitCode()).toBe(0);
  expect(command.stdout).toBe(`${VERSION}\n`);
});

describe('bidi-sse says in a sentence what is wrong, and ends with 1:', () => {
  test.each([
    ['an option that it does not have', ['--prot', '80'], {}, /^bidi-sse: .*'--prot'/],
    ['an option without its value', ['--port'], {}, /^bidi-sse: .*--port/],
    ['an argument that is no option', ['serve'], {}, /^bidi-sse: .*'serve'/],
    ['a PORT that is no number', [], { PORT: 'eighty' }, /^bidi-sse: The environment is not valid.*\n {2}PORT: /],
    ['a --port that is none', ['--port', '70000'], {}, /^bidi-sse: The environment is not valid.*\n {2}PORT: /],
    ['two variables, both named', [], { PORT: '-1', LINGER_MS: 'long' }, /\n {2}PORT: .*\n {2}LINGER_MS: /],
    ['an address that is not this machine', ['--host', '192.0.2.1'], {}, /^bidi-sse: .*EADDRNOTAVAIL/],
    [
      'an agent file that is not there',
      ['--agent', 'nowhere.ts'],
      {},
      /^bidi-sse: There is no agent file \/.*\/nowhere\.ts$/m,
    ],
    [
      'an agent file that throws',
      ['--agent', agentFile('failing-agent.ts')],
      {},
      /failing-agent\.ts failed: the weights are at home$/m,
    ],
    [
      'an agent file without an agent',
      ['--agent', agentFile('no-agent.ts')],
      {},
      /no-agent\.ts exports no agent: write "export const rootAgent/,
    ],
    [
      'a model that is no live one',
      [],
      { DEMO_AGENT_MODEL: 'gpt-4o-realtime' },
      /^bidi-sse: "gpt-4o-realtime" is no live model of Gemini: .*; set DEMO_AGENT_MODEL to /,
    ],
    [
      'an agent whose model cannot do what it asks for',
      ['--agent', agentFile('misspelt-voice-agent.ts')],
      {},
      /^bidi-sse: Agent "puk": runConfig\.speechConfig\..*: "Pukc" is no voice of \S+; it has Puck, /,
    ],
    [
      'an agent that is none',
      ['--agent', agentFile('plain-object-agent.ts')],
      {},
      /rootAgent must be made by "new Agent\(…\)"/,
    ],
  ])('%s', async (_what, args, env, said) => {
    const command = await runCli(args, { env });
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(said);
    expect(command.stderr).not.toMatch(/^\s+at /m);
    expect(command.stdout).toBe('');
  });

  test('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    afterTest(() => other.close());
    await waitFor('the other server', () => other.listening);
    const { port } = other.address() as AddressInfo; // a TCP server that listens has one
    const command = await runCli(['--port', `${port}`]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toBe(
      `bidi-sse: address already in use 127.0.0.1:${port}: choose another with --port or PORT\n`,
    );
  });

  test('an agent file that does not find bidi-sse', async () => {
    const file = join(await temporaryDirectory(), 'my-agent.mjs');
    await writeFile(file, "import { Agent } from 'bidi-sse';\nexport const rootAgent = new Agent({ name: 'mine' });\n");
    const command = await runCli(['--agent', file]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toContain('keep the file in this project, or install bidi-sse beside it');
  });

  test('an agent file with a mistake in its text', async () => {
    const file = join(await temporaryDirectory(), 'my-agent.mjs');
    await writeFile(file, 'export const rootAgent = new Agent({ name: ;\n');
    const command = await runCli(['--agent', file]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/^bidi-sse: \S+my-agent\.mjs failed: Unexpected token/);
  });
});

describe('bidi-sse', () => {
  test('greets with its address, whom one talks to, and two lines that work as they stand', async () => {
    const command = await runCli(['--port', '0']);
    const url = await addressOf(command);
    expect(url).toMatch(/^http:\/\/localhost:\d+$/);
    expect(command.stdout).toMatch(
      /google_search_agent on the offline agent \(no GOOGLE_API_KEY; gemini-live-2\.5-flash-preview is emulated\)/,
    );
    const lines = [...command.stdout.matchAll(/^ +(curl .*)$/gm)].map(([, line = '']) => line);
    expect(lines).toHaveLength(2);
    const [listen = '', ask = ''] = lines;

    const stream = runShell(listen);
    await stream.until(/event: session/);
    const sent = runShell(ask);
    expect(await sent.exitCode()).toBe(0);
    expect(sent.stdout).toBe('{"status":"sent"}');
    await stream.until(/"turn_complete":true/);
    const said = [...stream.stdout.matchAll(/^data: (\{"mime_type".*)$/gm)].map(
      ([, data = '']) => JSON.parse(data).data,
    );
    expect(said.join('')).toMatch(/^It is \d{1,2}:\d\d/);
  });

  test('serves the page that was built', async () => {
    const url = await addressOf(await runCli(['--port', '0']));
    const page = await (await fetch(`${url}/`)).text();
    const files = [...page.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, file]) => file);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect((await fetch(`${url}/${file}`)).status).toBe(200);
  });

  test('takes its settings from .env; the environment wins over it, and options over both', async () => {
    const cwd = await temporaryDirectory();
    await writeFile(join(cwd, '.env'), 'PORT=1\nHOST=127.0.0.1\nDEMO_AGENT_MODEL=gemini-live-of-the-file\n');
    const command = await runCli(['--port', '0'], { cwd, env: { PORT: '2', HOST: '127.0.0.2' } });
    expect(await addressOf(command)).toMatch(/^http:\/\/127\.0\.0\.2:/);
    expect(command.stdout).toContain('gemini-live-of-the-file is emulated');
  });

  test('with a key names the model that it talks to', async () => {
    const command = await runCli(['--port', '0'], { env: { GOOGLE_API_KEY: 'a-key-of-a-test' } });
    await addressOf(command);
    expect(command.stdout).toMatch(/google_search_agent on gemini-\S+\n/);
    expect(command.stdout).not.toContain('offline');
    expect(command.stdout).not.toContain('a-key-of-a-test');
  });

  test('--agent with a TypeScript file talks to that agent, which uses its own tool', async () => {
    const command = await runCli(['--port', '0', '--agent', agentFile('dice-agent.ts')]);
    const url = await addressOf(command);
    expect(command.stdout).toContain('dice_agent on the offline agent');
    const stream = await openStream(`${url}/events/me`);
    expect(await stream.untilNamed('session')).toMatchObject({ agent: 'dice_agent' });
    await fetch(`${url}/send/me`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'roll the dice' });
    expect(await stream.nextAnswer()).toBe('The tool answered: a die of 6 sides shows a four');
    expect(stream.named('tool_call')).toMatchObject([{ name: 'roll_dice', where: 'server' }]);
  });

  test('--agent with a default export, by a path relative to the working directory, talks to that agent', async () => {
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const command = await runCli(['--port', '0', '--agent', 'agents/default-agent.js'], { cwd });
    await addressOf(command);
    expect(command.stdout).toContain('default_agent on the offline agent');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('at %s tells its readers to come back, and ends with 0', async (signal) => {
    const command = await runCli(['--port', '0']);
    const stream = await openStream(`${await addressOf(command)}/events/me`);
    await stream.untilNamed('session');
    command.kill(signal);
    await stream.untilEnded();
    expect(stream.named('drain')).toHaveLength(1);
    expect(await command.exitCode()).toBe(0);
  });

  test('at a second signal ends at once, with 1', async () => {
    const command = await runCli(['--port', '0'], { env: { SHUTDOWN_GRACE_MS: '600000' } });
    const url = await addressOf(command);
    const stream = await openStream(`${url}/events/me`);
    await fetch(`${url}/send/me`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: 'count to thirty',
    });
    await stream.until('some of the answer', () => stream.messages.length >= 1);
    command.kill('SIGTERM');
    await command.until(/SIGTERM: finishing replies/);
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(1);
  });

  test('logs JSON where its output is no terminal, and nothing of what is said', async () => {
    const command = await runCli(['--port', '0']);
    const url = await addressOf(command);
    const stream = await openStream(`${url}/events/me`);
    const secret = 'the treasure lies under the old oak';
    await fetch(`${url}/send/me`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: secret });
    await stream.nextTurn();
    command.kill('SIGTERM');
    await command.exitCode();
    const logged = command.stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(logged.map((line) => JSON.parse(line).msg)).toContain('live session opened');
    expect(command.stdout + command.stderr).not.toContain('treasure');
  });
});
