import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Command, runCli } from '../cli/command.ts';
import { through } from '../gauntlet/course.ts';
import { nginxProfiles } from '../gauntlet/profiles/nginx.ts';
import { missingPrograms } from '../gauntlet/program.ts';
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

test('the README’s agent with a RunConfig runs as it stands there, and speaks', async () => {
  const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
  const [, code = ''] = /```ts\n([^`]*?runConfig:[^`]*)```/.exec(readme) ?? [];
  expect(code).toContain('storyteller');
  const script = `${code}
    import { createLogger, readConfig, startServer } from 'bidi-sse';
    const logger = createLogger({ level: 'silent', format: 'json' });
    const server = await startServer({ config: readConfig({ PORT: '0' }), agent: rootAgent, logger });
    console.log(await (await fetch(server.url + '/poll/me')).text());
    await server.close();`;
  const args = ['--input-type=module-typescript', '--eval', script];
  const command = new Command(spawn(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH } }));
  expect(await command.exitCode()).toBe(0);
  const [session] = JSON.parse(command.stdout).events;
  expect(session).toMatchObject({ event: 'session', data: { agent: 'storyteller', modality: 'AUDIO' } });
});

test('the README’s server that keeps what was said runs as it stands there, but for the agent, and has it as audio', async () => {
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
  const environment = { PATH: process.env.PATH, PORT: '0' };
  const command = new Command(spawn(process.execPath, args, { cwd: ROOT, env: environment }));
  expect(await command.exitCode()).toBe(0);
  expect(command.stdout).toContain('kept audio/pcm;rate=24000 true');
}, 30_000);

const why = process.env.CI === 'true' ? undefined : missingPrograms(['nginx']).get('nginx');
const testWithNginx = why === undefined ? test : test.skip;

testWithNginx(
  `the README’s doctor, through nginx as it is first configured, says what stands there, but for the figures${why ? ` (skipped: ${why})` : ''}`,
  async () => {
    const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
    const [, shown = ''] = /\$ npx bidi-sse doctor http:\/\/localhost:8080\n([\s\S]*?)\n```/.exec(readme) ?? [];
    const { port } = await startTestServer();
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
