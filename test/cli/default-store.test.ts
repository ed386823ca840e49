import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryDirectory } from '../http/test-server.ts';
import { addressOf, runCli } from './command.ts';

async function createConversation(url: string, session_id: string): Promise<number> {
  const { status } = await fetch(`${url}/sessions/me`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ session_id }),
  });
  return status;
}

async function listConversations(url: string): Promise<string[]> {
  const { sessions } = (await (await fetch(`${url}/sessions/me`)).json()) as { sessions: { id: string }[] };
  return sessions.map(({ id }) => id);
}

test('the server keeps conversations in data/conversations.db of its folder, which only its user can read, and has them after a restart', async () => {
  const cwd = await temporaryDirectory();
  const first = await runCli(['--port', '0'], { cwd });
  expect(await createConversation(await addressOf(first), 'one')).toBe(201);
  first.kill('SIGTERM');
  expect(await first.exitCode()).toBe(0);
  expect(await readdir(join(cwd, 'data'))).toEqual(['conversations.db']);
  expect((await stat(join(cwd, 'data'))).mode & 0o777).toBe(0o700);
  const second = await runCli(['--port', '0'], { cwd });
  expect(await listConversations(await addressOf(second))).toEqual(['one']);
  expect(first.stderr + second.stderr).not.toMatch(/in memory only/);
  second.kill('SIGTERM');
  await second.exitCode();
});

test.each<[string, (data: string) => Promise<void>]>([
  ['folder cannot be created', (data) => writeFile(data, '')],
  ['file cannot be opened', async (data) => void (await mkdir(join(data, 'conversations.db'), { recursive: true }))],
  [
    'file is no database',
    (data) => mkdir(data).then(() => writeFile(join(data, 'conversations.db'), 'no database at all')),
  ],
])(
  'a server whose default %s starts, warns once that conversations are in memory only, and works',
  async (_what, spoil) => {
    const cwd = await temporaryDirectory();
    await spoil(join(cwd, 'data'));
    const server = await runCli(['--port', '0'], { cwd, env: { LOG_FORMAT: 'json' } });
    const url = await addressOf(server);
    expect(await createConversation(url, 'one')).toBe(201);
    expect(await listConversations(url)).toEqual(['one']);
    server.kill('SIGTERM');
    expect(await server.exitCode()).toBe(0);
    const lines = (server.stdout + server.stderr).split('\n').filter((line) => line.includes('"level":40'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { file: join(cwd, 'data/conversations.db'), msg: expect.stringMatching(/^conversations are in memory only/) },
    ]);
  },
);

test('a server whose DATABASE_URL names a file that is no database does not start', async () => {
  const cwd = await temporaryDirectory();
  await writeFile(join(cwd, 'text.db'), 'no database at all');
  const server = await runCli(['--port', '0'], { cwd, env: { DATABASE_URL: 'sqlite:text.db' } });
  expect(await server.exitCode()).toBe(1);
  expect(server.stderr).toContain('file is not a database');
});
