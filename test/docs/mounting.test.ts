import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect } from '@jest/globals';
import { Command } from '../cli/command.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { ask, openSocket } from '../http/mounted-app.ts';
import { openStream } from '../http/sse-client.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(`${ROOT}/docs/mounting.md`, 'utf8');
const SNIPPETS = [...PAGE.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);

/** Runs the only snippet of the page that contains `mark` as printed, except for the port. @returns the address of its server */
async function runSnippet(mark: string): Promise<{ url: string; command: Command }> {
  const [code = '', ...others] = SNIPPETS.filter((snippet) => snippet.includes(mark));
  expect(others).toEqual([]);
  expect(code).toMatch(/3000/);
  const script = `${code.replace(/\b3000\b/, '0')}
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    console.log('port ' + server.address().port);`;
  const args = ['--input-type=module-typescript', '--eval', script];
  const env = { PATH: process.env.PATH, SHUTDOWN_GRACE_MS: '0', DATABASE_URL: 'memory:' };
  const command = new Command(spawn(process.execPath, args, { cwd: ROOT, env }));
  const [, port] = await command.until(/^port (\d+)$/m);
  return { url: `http://localhost:${port}`, command };
}

/** Talks by a stream and opens a WebSocket. */
async function expectConversation(url: string, user = 'me', headers: Record<string, string> = {}): Promise<void> {
  const stream = await openStream(`${url}/events/${user}`, headers);
  expect(await stream.untilNamed('session')).toMatchObject({ user_id: user, agent: 'helper' });
  const body = JSON.stringify({ mime_type: 'text/plain', data: 'count to two' });
  const post = await fetch(`${url}/send/${user}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  expect([post.status, await post.json()]).toEqual([200, { status: 'sent' }]);
  expect(await stream.nextAnswer()).toBe('One, two.');
  expect((await openSocket(`${url}/ws/${user}?client=a`, headers)).status).toBe(101);
}

describe('docs/mounting.md', () => {
  test('has a test for each snippet', () => {
    expect(SNIPPETS).toHaveLength(7);
  });

  test('the app with the page talks below /talk, and serves the page there', async () => {
    const { url } = await runSnippet('page: true');
    await expectConversation(`${url}/talk`);
    expect((await ask(url)).text).toBe('of the app');
    expect((await ask(`${url}/talk/`)).text).toContain('<script');
  });

  test('the app with express-session tells who the user is', async () => {
    const { url } = await runSnippet('express-session');
    expect((await ask(`${url}/talk/events/ann`)).status).toBe(401);
    const login = await fetch(`${url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ name: 'ann' }),
      redirect: 'manual',
    });
    const Cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    await expectConversation(`${url}/talk`, 'ann', { Cookie });
    expect((await ask(`${url}/talk/events/bob`, { Cookie })).status).toBe(403);
    expect(JSON.parse((await ask(`${url}/talk/sign-in`, { Cookie })).text)).toMatchObject({ user_id: 'ann' });
  });

  test('the app with a WebSocketServer of its own serves both', async () => {
    const { url } = await runSnippet('WebSocketServer({ noServer: true })');
    await expectConversation(`${url}/talk`);
    expect((await openSocket(`${url}/news`)).frame).toBe('of the app');
  });

  test('the app with a handler of SIGTERM tells its clients to return, and ends', async () => {
    const { url, command } = await runSnippet('SIGTERM');
    const stream = await openStream(`${url}/talk/events/me`);
    await stream.untilNamed('session');
    command.kill('SIGTERM');
    await stream.untilEnded();
    expect(stream.named('drain')).toHaveLength(1);
    expect(await command.exitCode()).toBe(0);
  });

  test('the plain HTTP server talks', async () => {
    const { url } = await runSnippet('createServer((req, res)');
    await expectConversation(url);
    expect(await ask(`${url}/nothing`)).toMatchObject({ status: 404, text: 'of the app' });
  });

  test.each([
    ['Koa', "from 'koa'"],
    ['Fastify', "from 'fastify'"],
  ])('the app of %s talks below /talk', async (_name, mark) => {
    const { url } = await runSnippet(mark);
    await expectConversation(`${url}/talk`);
    expect((await ask(url)).text).toBe('of the app');
    expect((await ask(`${url}/talk/nothing`)).status).toBe(404);
  });
});
