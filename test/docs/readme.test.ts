import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { addressOf, Command, runCli, runShell } from '../cli/command.ts';
import { through } from '../gauntlet/course.ts';
import { nginxProfiles } from '../gauntlet/profiles/nginx.ts';
import { missingPrograms } from '../gauntlet/program.ts';
import { AS_SHIPPED, startTestServer, temporaryDirectory } from '../http/test-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the README’s first commands run as printed, except for the port, against a server without a key, and print the events that it shows', async () => {
  const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
  const commands = [...readme.matchAll(/```sh\n(curl [^`]*localhost:8000[^`]*)```/g)].map(([, code = '']) => code);
  const [, shown = ''] = /arrives on the stream \(shortened\):\n\n```\n([\s\S]*?)\n```/.exec(readme) ?? [];
  const { host } = new URL(await addressOf(await runCli(['--port', '0'])));
  const [stream, said] = commands.slice(0, 2).map((code) => () => runShell(code.replace('localhost:8000', host)));
  const terminal = stream?.();
  await terminal?.until(/"upstream":"ready"/);
  expect(await said?.().exitCode()).toBe(0);
  await terminal?.until(/turn_complete.*\n\n/);
  const blocks = terminal?.stdout.split('\n\n') ?? [];
  const places = shown.split('\n\n').map((block) => blocks.findIndex((printed) => toPattern(block).test(printed)));
  expect(places).toHaveLength(4);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

/** Returns a pattern of a block of the stream in which ids and numbers may be others. */
function toPattern(block: string): RegExp {
  const escaped = block.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/^id: .*$/m, 'id: \\S+').replace(/\d+/g, '\\d+')}$`);
}

test('the README’s client runs as printed, except for the address, and prints the answer', async () => {
  const [, code] = /```ts\n(import \{ createClient[\s\S]*?)```/.exec(readFileSync(`${ROOT}/README.md`, 'utf8')) ?? [];
  const { url } = await startTestServer(AS_SHIPPED);
  const script = code?.replace('http://localhost:8000', url) ?? '';
  expect(script).toContain(url);
  const args = ['--input-type=module-typescript', '--eval', `${script}; if (!sent) throw new Error('not sent');`];
  const command = new Command(
    spawn(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH, DATABASE_URL: 'memory:' } }),
  );
  expect(await command.exitCode()).toBe(0);
  expect(command.stdout.replaceAll('\n', '')).toMatch(/^It is \d+:\d\d\.$/);
});

test('the README’s agent with a RunConfig runs as printed and speaks', async () => {
  const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
  const [, code = ''] = /```ts\n([^`]*?runConfig:[^`]*)```/.exec(readme) ?? [];
  expect(code).toContain('storyteller');
  const script = `${code}
    import { createLogger, readConfig, startServer } from 'bidi-sse';
    const logger = createLogger({ level: 'silent', format: 'json' });
    const server = await startServer({ config: readConfig({ DATABASE_URL: 'memory:', PORT: '0' }), agent: rootAgent, logger });
    console.log(await (await fetch(server.url + '/poll/me')).text());
    await server.close();`;
  const args = ['--input-type=module-typescript', '--eval', script];
  const command = new Command(
    spawn(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH, DATABASE_URL: 'memory:' } }),
  );
  expect(await command.exitCode()).toBe(0);
  const [session] = JSON.parse(command.stdout).events;
  expect(session).toMatchObject({ event: 'session', data: { agent: 'storyteller', modality: 'AUDIO' } });
});

test('the README’s server that stores conversations runs as printed, except for the agent, and stores audio', async () => {
  const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
  const [, code = ''] = /```ts\n([^`]*?createMemoryArtifacts\(\)[^`]*)```/.exec(readme) ?? [];
  const agent =
    "const rootAgent = new Agent({ name: 'diarist', runConfig: { responseModalities: ['AUDIO'], saveLiveBlob: true } });";
  const script = `import { Agent } from 'bidi-sse';
    ${code.replace(/import \{ rootAgent \}.*/, agent)}
    await fetch(server.url + '/poll/me');
    const headers = { 'Content-Type': 'text/plain' };
    await fetch(server.url + '/send/me', { method: 'POST', headers, body: 'Count to two' });
    let kept = [];
    while (kept.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      kept = await recordings('me');
    }
    console.log('kept', kept[0].mimeType, kept[0].data.length > 10_000);
    await server.close();`;
  const args = ['--input-type=module-typescript', '--eval', script];
  const environment = { PATH: process.env.PATH, PORT: '0', DATABASE_URL: 'memory:' };
  const command = new Command(spawn(process.execPath, args, { cwd: ROOT, env: environment }));
  expect(await command.exitCode()).toBe(0);
  expect(command.stdout).toContain('kept audio/pcm;rate=24000 true');
});

test('the README’s Express app runs as printed, except for the port, and answers below its path', async () => {
  const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
  const [, code = ''] = /```ts\n([^`]*?createRouter\([^`]*)```/.exec(readme) ?? [];
  expect(code).toContain('app.listen(3000)');
  const script = `${code.replace('app.listen(3000)', 'app.listen(0)')}
    const { port } = server.address();
    console.log(await (await fetch('http://localhost:' + port + '/talk/poll/me')).text());
    process.exit(0);`;
  const args = ['--input-type=module-typescript', '--eval', script];
  const command = new Command(
    spawn(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH, DATABASE_URL: 'memory:' } }),
  );
  expect(await command.exitCode()).toBe(0);
  const [session] = JSON.parse(command.stdout.split('\n').find((line) => line.startsWith('{"events"')) ?? '{}').events;
  expect(session).toMatchObject({ event: 'session', data: { agent: 'helper' } });
});

test('the README’s server for other machines starts as printed, except for the port, and requires a token', async () => {
  const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
  const [, line = ''] = /```sh\n(HOST=0\.0\.0\.0 .*) npm start\n```/.exec(readme) ?? [];
  expect(line).toContain('AUTH_TOKENS=ann:');
  const directory = await temporaryDirectory();
  const start = `cd ${directory} && ${line} exec ${process.execPath} ${ROOT}/dist/cli.js --port 0`;
  const command = new Command(spawn('bash', ['--norc', '-c', start], { env: { PATH: process.env.PATH } }));
  const url = await addressOf(command);
  expect((await fetch(`${url}/poll/ann?wait=0`)).status).toBe(401);
  command.kill('SIGTERM');
  await command.exitCode();
});

const why = process.env.CI === 'true' ? undefined : missingPrograms(['nginx']).get('nginx');
const testWithNginx = why === undefined ? test : test.skip;

testWithNginx(
  `the README’s doctor, through nginx as it is first configured, says what stands there, but for the figures${why ? ` (skipped: ${why})` : ''}`,
  async () => {
    const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
    const [, shown = ''] = /\$ npx bidi-sse doctor http:\/\/localhost:8080\n([\s\S]*?)\n```/.exec(readme) ?? [];
    const { port } = await startTestServer(AS_SHIPPED);
    const [profile] = nginxProfiles.filter(({ name }) => name === 'nginx');
    expect(profile).toBeDefined();
    if (!profile) return;
    const said = await through(profile, port, async ({ url }) => {
      const command = await runCli(['doctor', url, '--seconds', '1']);
      expect(await command.exitCode()).toBe(2);
      return command.stdout.replace(url, 'http://localhost:8080');
    });
    const lines = (text: string) =>
      text
        .split('\n')
        // Whether POSTs overtake each other is chance.
        .filter((line) => !/four at once|overtake|no harm: POSTs|numbers may get/.test(line))
        .map((line) => line.replace(/[\d.]+ (ms|s)\b/g, '… $1').trimEnd());
    expect(lines(shown).length).toBeGreaterThan(15);
    expect(lines(said).join('\n').trim()).toBe(lines(shown).join('\n').trim());
  },
);
