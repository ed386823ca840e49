import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from '@jest/globals';
import { VERSION } from '../../src/version.ts';
import { makeCertificate } from '../certificate.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { freePort } from '../free-port.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, temporaryDirectory, waitFor } from '../http/test-server.ts';
import { addressOf, runCli, runShell } from './command.ts';

/** A model that answers in text, too. */
const HALF_CASCADE = 'gemini-live-2.5-flash-preview';

const agentFile = (name: string) => fileURLToPath(new URL(`./agents/${name}`, import.meta.url));

describe('bidi-sse --help', () => {
  test('prints all options and commands and ends with 0', async () => {
    const command = await runCli(['--help']);
    expect(await command.exitCode()).toBe(0);
    for (const option of [
      '--agent',
      '--model',
      '--host',
      '--port',
      '--help',
      '--version',
      '.env.example',
      'doctor',
      'emulator',
    ]) {
      expect(command.stdout).toContain(option);
    }
    expect(command.stderr).toBe('');
  });

  test('ends with 0 even if the environment is not valid', async () => {
    const command = await runCli(['--help'], { env: { PORT: 'eighty' } });
    expect(await command.exitCode()).toBe(0);
  });
});

test('bidi-sse --version prints the version and ends with 0', async () => {
  const command = await runCli(['--version']);
  expect(await command.exitCode()).toBe(0);
  expect(command.stdout).toBe(`${VERSION}\n`);
});

describe('bidi-sse reports a mistake of its user in one sentence and ends with 1:', () => {
  test.each([
    [
      'an unknown option',
      ['--frob', '80'],
      {},
      /^bidi-sse: There is no option --frob\. --help describes all options$/m,
    ],
    [
      'a misspelt option, with the one that was probably meant',
      ['--prot', '80'],
      {},
      /^bidi-sse: There is no option --prot\. Did you mean --port\? --help describes all options$/m,
    ],
    ['an option without its value', ['--port'], {}, /^bidi-sse: .*--port/],
    [
      'an unknown command',
      ['sreve'],
      {},
      /^bidi-sse: There is no command sreve\. Did you mean serve\? The commands are serve,/,
    ],
    ['a PORT that is not a number', [], { PORT: 'eighty' }, /^bidi-sse: The configuration is not valid.*\n {2}PORT: /],
    ['a --port that is too large', ['--port', '70000'], {}, /^bidi-sse: The configuration is not valid.*\n {2}PORT: /],
    ['two invalid variables, both named', [], { PORT: '-1', LINGER_MS: 'long' }, /\n {2}PORT: .*\n {2}LINGER_MS: /],
    [
      'an address of another machine',
      ['--host', '192.0.2.1'],
      { ALLOWED_HOSTS: 'localhost', AUTH_NONE_BEYOND_LOOPBACK: 'yes' },
      /^bidi-sse: .*EADDRNOTAVAIL/,
    ],
    [
      'a HOST that other machines can reach, without authentication and without host names',
      [],
      { HOST: '0.0.0.0' },
      /^bidi-sse: The configuration is not valid.*\n {2}AUTH: .*AUTH_NONE_BEYOND_LOOPBACK=yes\n {2}ALLOWED_HOSTS: /,
    ],
    [
      'a --host that other machines can reach with authentication, but without host names',
      ['--host', '::'],
      { AUTH: 'token', AUTH_TOKENS: 'ann:0123456789abcdef' },
      /^bidi-sse: The configuration is not valid.*\n {2}ALLOWED_HOSTS: .*\n$/,
    ],
    [
      'a command that does not exist',
      ['docter', 'localhost'],
      {},
      /^bidi-sse: There is no command docter\. Did you mean doctor\? The commands are serve, doctor, emulator, health; --help describes them$/m,
    ],
    ['a missing agent file', ['--agent', 'nowhere.ts'], {}, /^bidi-sse: There is no agent file \/.*\/nowhere\.ts$/m],
    [
      'an agent file that throws',
      ['--agent', agentFile('failing-agent.ts')],
      {},
      /failing-agent\.ts failed in line \d+: the weights are at home$/m,
    ],
    [
      'an agent file without an agent',
      ['--agent', agentFile('no-agent.ts')],
      {},
      /no-agent\.ts exports no agent: write "export const rootAgent/,
    ],
    [
      'a model that is not a live model',
      [],
      { DEMO_AGENT_MODEL: 'gpt-4o-realtime' },
      /^bidi-sse: "gpt-4o-realtime" is no live model of Gemini: .*; set DEMO_AGENT_MODEL, or the option --model, to /,
    ],
    [
      'a retired model',
      ['--model', 'gemini-2.0-flash-live-001'],
      {},
      /is retired; set .*--model.* to gemini-3\.8-live$/m,
    ],
    ['an empty model', ['--model', ''], { DEMO_AGENT_MODEL: 'gemini-3.8-live' }, /^bidi-sse: "" is no live model/],
    [
      'an agent whose model lacks the requested voice',
      ['--agent', agentFile('misspelt-voice-agent.ts'), '--model', HALF_CASCADE],
      {},
      /^bidi-sse: Agent "puk": runConfig\.speechConfig\..*: "Pukc" is no voice of \S+; it has Puck, /,
    ],
    [
      'an agent that is a plain object',
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

  test('an agent file that cannot import bidi-sse', async () => {
    const file = join(await temporaryDirectory(), 'my-agent.mjs');
    await writeFile(file, "import { Agent } from 'bidi-sse';\nexport const rootAgent = new Agent({ name: 'mine' });\n");
    const command = await runCli(['--agent', file]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toContain('keep the file in this project, or install bidi-sse beside it');
  });

  test('an agent file with a syntax error', async () => {
    const file = join(await temporaryDirectory(), 'my-agent.mjs');
    await writeFile(file, 'const name = 1;\n\nexport const rootAgent = new Agent({ name: ;\n');
    const command = await runCli(['--agent', file]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/^bidi-sse: \S+my-agent\.mjs failed in line 3: Unexpected token/);
  });

  test('a TypeScript agent file with a syntax error, and its line', async () => {
    const file = join(await temporaryDirectory(), 'my-agent.ts');
    await writeFile(file, 'const name: string = "a";\n\nexport const rootAgent = new Agent(\n');
    const command = await runCli(['--agent', file]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(/^bidi-sse: \S+my-agent\.ts failed in line 3: Expression expected/);
  });
});

describe('bidi-sse', () => {
  test('prints commands with a token if it requires one, and they work with a real user id and token', async () => {
    const env = { AUTH: 'token', AUTH_TOKENS: 'ann:ann-token-0123456789' };
    const command = await runCli(['--port', '0'], { env });
    await addressOf(command);
    expect(command.stdout).not.toContain('ann-token');
    const lines = [...command.stdout.matchAll(/^ +(curl .*)$/gm)].map(([, line = '']) => line);
    const [listen = '', ask = ''] = lines.map((line) =>
      line.replace('TOKEN', 'ann-token-0123456789').replace('USER', 'ann'),
    );
    const stream = runShell(listen);
    await stream.until(/event: session/);
    const said = runShell(ask);
    await said.until(/"status":"sent"/);
  });

  test('prints nothing but lines of JSON, its address too, with LOG_FORMAT=json', async () => {
    const command = await runCli(['--port', '0'], { env: { LOG_FORMAT: 'json' } });
    const url = await addressOf(command);
    expect((await fetch(`${url}/poll/me`)).status).toBe(200);
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(0);
    const records = command.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records[0]).toMatchObject({ msg: 'listening', url, agent: 'google_search_agent' });
  });

  test('prints its address, its agent and model, and two commands that work as they are', async () => {
    const command = await runCli(['--port', '0']);
    const url = await addressOf(command);
    expect(url).toMatch(/^http:\/\/localhost:\d+$/);
    expect(command.stdout).toMatch(
      /agent +google_search_agent\n +model +offline demo \(gemini-3\.8-live is emulated; set GOOGLE_API_KEY to use Gemini\)/,
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
    const frames = [...stream.stdout.matchAll(/^data: (\{"mime_type".*)$/gm)].map(([, data = '']) => JSON.parse(data));
    expect(frames.map(({ data }) => data).join('')).toMatch(/^It is \d{1,2}:\d\d/);
    // The default model only speaks. The terminal reads what it says.
    for (const frame of frames) expect(frame).toMatchObject({ mime_type: 'text/plain', is_transcript: true });
  });

  test('answers in text with a model that can, which --model names over DEMO_AGENT_MODEL', async () => {
    const env = { DEMO_AGENT_MODEL: 'gemini-3.8-live' };
    const url = await addressOf(await runCli(['--port', '0', '--model', HALF_CASCADE], { env }));
    const stream = await openStream(`${url}/events/me`);
    expect(await stream.untilNamed('session')).toMatchObject({ modality: 'TEXT' });
    await fetch(`${url}/send/me`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'count to two' });
    await stream.nextAnswer();
    expect(stream.messages[0]).toEqual({ mime_type: 'text/plain', data: 'One, two.' });
  });

  test('uses the model that --model names for an agent that names another one', async () => {
    const command = await runCli([
      '--port',
      '0',
      '--agent',
      agentFile('default-agent.js'),
      '--model',
      'gemini-3.8-live',
    ]);
    await addressOf(command);
    expect(command.stdout).toMatch(/agent +default_agent\n +model +offline demo \(gemini-3\.8-live is emulated;/);
  });

  test('serves the page that was built', async () => {
    const url = await addressOf(await runCli(['--port', '0']));
    const page = await (await fetch(`${url}/`)).text();
    const files = [...page.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, file]) => file);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect((await fetch(`${url}/${file}`)).status).toBe(200);
  });

  test('reads its settings from .env, and the environment wins over .env and options over both', async () => {
    const cwd = await temporaryDirectory();
    await writeFile(join(cwd, '.env'), 'PORT=1\nHOST=127.0.0.1\nDEMO_AGENT_MODEL=gemini-live-of-the-file\n');
    const command = await runCli(['--port', '0'], { cwd, env: { PORT: '2', HOST: '127.0.0.2' } });
    expect(await addressOf(command)).toMatch(/^http:\/\/127\.0\.0\.2:/);
    expect(command.stdout).toContain('gemini-live-of-the-file is emulated');
  });

  test('prints the name of the model if there is a key', async () => {
    const command = await runCli(['--port', '0'], { env: { GOOGLE_API_KEY: 'a-key-of-a-test' } });
    await addressOf(command);
    expect(command.stdout).toMatch(/agent +google_search_agent\n +model +gemini-\S+\n/);
    expect(command.stdout).not.toContain('offline');
    expect(command.stdout).not.toContain('a-key-of-a-test');
  });

  test('runs the agent of a TypeScript file that --agent names, with its tool', async () => {
    const command = await runCli(['--port', '0', '--agent', agentFile('dice-agent.ts')]);
    const url = await addressOf(command);
    expect(command.stdout).toMatch(/agent +dice_agent\n/);
    const stream = await openStream(`${url}/events/me`);
    expect(await stream.untilNamed('session')).toMatchObject({ agent: 'dice_agent' });
    await fetch(`${url}/send/me`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'roll the dice' });
    expect(await stream.nextAnswer()).toBe('The tool answered: a die of 6 sides shows a four');
    expect(stream.named('tool_call')).toMatchObject([{ name: 'roll_dice', where: 'server' }]);
  });

  test('runs the default export of a file that --agent names relative to the working directory', async () => {
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const command = await runCli(['--port', '0', '--agent', 'agents/default-agent.js'], { cwd });
    await addressOf(command);
    expect(command.stdout).toMatch(/agent +default_agent\n/);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('asks its readers to return at %s, and ends with 0', async (signal) => {
    const command = await runCli(['--port', '0']);
    const stream = await openStream(`${await addressOf(command)}/events/me`);
    await stream.untilNamed('session');
    command.kill(signal);
    await stream.untilEnded();
    expect(stream.named('drain')).toHaveLength(1);
    expect(await command.exitCode()).toBe(0);
  });

  test('ends at once with 1 at a second signal', async () => {
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

  test('logs JSON if its output is not a terminal, and logs nothing that users say', async () => {
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

describe('bidi-sse health', () => {
  test.each(['127.0.0.2', '0.0.0.0', '::1'])(
    'ends with 0 while a server listens on HOST %s, and with 1 after that',
    async (host) => {
      const exposed = { ALLOWED_HOSTS: 'localhost', AUTH_NONE_BEYOND_LOOPBACK: 'yes' };
      const server = await runCli(['serve', '--port', `${await freePort()}`], { env: { HOST: host, ...exposed } });
      const { port } = new URL(await addressOf(server));
      const env = { HOST: host, PORT: port };
      expect(await (await runCli(['health'], { env })).exitCode()).toBe(0);
      server.kill('SIGTERM');
      await server.exitCode();
      const health = await runCli(['health'], { env });
      expect(await health.exitCode()).toBe(1);
      expect(health.stderr).toMatch(/^bidi-sse: http:\/\/\S+\/healthz does not answer: .*ECONNREFUSED/);
    },
  );

  test('ends with 0 while a server with a certificate of its own listens', async () => {
    const folder = await temporaryDirectory();
    makeCertificate(folder);
    const tls = { TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') };
    const server = await runCli(['serve', '--port', '0'], { env: tls });
    const { protocol, port } = new URL(await addressOf(server));
    expect(protocol).toBe('https:');
    expect(await (await runCli(['health'], { env: { ...tls, PORT: port } })).exitCode()).toBe(0);
    expect(await (await runCli(['health'], { env: { PORT: port } })).exitCode()).toBe(1);
  });

  test('ends with 1 if another server answers', async () => {
    const other = createServer((_req, res) => res.writeHead(404).end()).listen(0, '127.0.0.1');
    afterTest(() => other.close());
    await waitFor('the other server', () => other.listening);
    const { port } = other.address() as AddressInfo; // a TCP server that listens has one
    const health = await runCli(['health'], { env: { PORT: `${port}` } });
    expect(await health.exitCode()).toBe(1);
    expect(health.stderr).toMatch(/healthz answered 404\n$/);
  });
});

describe('bidi-sse emulator', () => {
  test('starts a server that bidi-sse can use as its provider, and ends with 0 at SIGTERM', async () => {
    const emulator = await runCli(['emulator', '--port', '0']);
    const [, url = ''] = await emulator.until(/GOOGLE_GEMINI_BASE_URL=(\S+)/);
    const env = { GOOGLE_GEMINI_BASE_URL: url };
    const command = await runCli(['--port', '0'], { env });
    const address = await addressOf(command);
    const stream = await openStream(`${address}/events/me`);
    const headers = { 'Content-Type': 'text/plain' };
    await fetch(`${address}/send/me`, { method: 'POST', headers, body: 'count to two' });
    expect(await stream.nextAnswer()).toBe('One, two.');
    emulator.kill('SIGTERM');
    expect(await emulator.exitCode()).toBe(0);
  });

  test('refuses every model but the one that --model names, and prints the variable that chooses it', async () => {
    const emulator = await runCli(['emulator', '--port', '0', '--model', 'gemini-3.1-flash-live-preview']);
    const [, url = '', model = ''] = await emulator.until(/GOOGLE_GEMINI_BASE_URL=(\S+) .* DEMO_AGENT_MODEL=(\S+)/);
    const ask = async (env: Record<string, string>) => {
      const stream = await openStream(`${await addressOf(await runCli(['--port', '0'], { env }))}/events/me`);
      await stream.until(
        'the model or a failure',
        () => stream.named('failure').length + stream.named('status').length > 1,
      );
      return [...stream.named('failure'), ...stream.named('status')];
    };
    expect(await ask({ GOOGLE_GEMINI_BASE_URL: url })).toContainEqual(
      expect.objectContaining({ code: 'model_not_found' }),
    );
    expect(await ask({ GOOGLE_GEMINI_BASE_URL: url, DEMO_AGENT_MODEL: model })).toContainEqual({ upstream: 'ready' });
    const unknown = await runCli(['emulator', '--model', 'gpt-realtime']);
    expect(await unknown.exitCode()).toBe(1);
    expect(unknown.stderr).toBe('bidi-sse: model must be the name of a live model of Gemini, not "gpt-realtime"\n');
  });

  test('reports an invalid option in one line and ends with 1', async () => {
    const emulator = await runCli(['emulator', '--pace', '0']);
    expect(await emulator.exitCode()).toBe(1);
    expect(emulator.stderr).toBe('bidi-sse: pace must be a number above 0, not 0\n');
    const other = await runCli(['emulator', '--port', '80x']);
    expect(await other.exitCode()).toBe(1);
    expect(other.stderr).toBe('bidi-sse: --port requires a whole number from 0 to 65535, not "80x"\n');
  });
});
