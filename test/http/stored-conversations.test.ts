import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/multi-agent/agent.ts';
import { Agent } from '../../src/agent/agent.ts';
import { readConfig } from '../../src/config.ts';
import { createService } from '../../src/service.ts';
import { say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, temporaryDirectory, waitFor } from './test-server.ts';

test('a server with DATABASE_URL that is restarted tells a returning client the conversation, and its agent knows it', async () => {
  const environment = { DATABASE_URL: `sqlite:${join(await temporaryDirectory(), 'conversations.db')}` };
  const first = await startTestServer(environment);
  const before = await openStream(`${first.url}/events/me?audio=none`);
  await before.untilNamed('session');
  await say(first, 'count to two');
  expect(await before.nextAnswer()).toBe('One, two.');
  await first.close();

  const second = await startTestServer(environment);
  const after = await openStream(`${second.url}/events/me?audio=none`, { 'last-event-id': before.lastId });
  expect(await after.untilNamed('reset')).toEqual({
    reason: 'unknown_epoch',
    turns: [
      { role: 'user', text: 'count to two' },
      { role: 'model', text: 'One, two.' },
    ],
    truncated: false,
  });
  await say(second, 'what did I say?');
  expect(await after.nextAnswer()).toBe('You said: count to two');
});

test('a server whose DATABASE_URL names a folder that does not exist does not start, and says why', async () => {
  const environment = { DATABASE_URL: 'sqlite:/no/such/folder/conversations.db' };
  await expect(startTestServer(environment)).rejects.toThrow(/unable to open database file/);
});

test('a user who begins more conversations than MAX_USER_CONVERSATIONS loses the oldest that is not live, and nobody else does', async () => {
  const server = await startTestServer({ MAX_USER_CONVERSATIONS: '2', LINGER_MS: '0' });
  const create = (user: string, session_id: string) =>
    fetch(`${server.url}/sessions/${user}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ session_id }),
    });
  const list = async (user: string) => {
    const { sessions } = (await (await fetch(`${server.url}/sessions/${user}`)).json()) as {
      sessions: { id: string }[];
    };
    return sessions.map(({ id }) => id);
  };
  await create('bob', 'his');
  await create('me', 'live');
  const stream = await openStream(`${server.url}/events/me/live?audio=none`);
  await stream.untilNamed('session');
  await create('me', 'old');
  await create('me', 'new');
  await waitFor('the deletion', () => server.logs.some((line) => line.includes('oldest conversations of a user')));
  expect(await list('me')).toEqual(['new', 'live']);
  expect(await list('bob')).toEqual(['his']);
});

test('a service that cannot be created leaves the file of its database closed', async () => {
  const folder = await temporaryDirectory();
  const file = join(folder, 'conversations.db');
  const config = readConfig({ DATABASE_URL: `sqlite:${file}`, GOOGLE_API_KEY: 'key', LOG_LEVEL: 'silent' });
  const agent = new Agent({ name: 'agent', model: 'no-such-model' });
  expect(() => createService({ agent, config })).toThrow(expect.objectContaining({ code: 'model_not_found' }));
  const listOpen = () => {
    const links = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return [];
      }
    });
    return links.filter((path) => path.startsWith(folder));
  };
  expect(existsSync(file)).toBe(true);
  await waitFor('the file to be closed', () => listOpen().length === 0);
});

test('after a restart a returning client learns which agent has the conversation, with the calls of the turns before', async () => {
  const environment = { DATABASE_URL: `sqlite:${join(await temporaryDirectory(), 'conversations.db')}` };
  const first = await startTestServer(environment, { agent: rootAgent });
  const before = await openStream(`${first.url}/events/me?audio=none`);
  await before.untilNamed('session');
  await say(first, 'Why is my bill so high?');
  expect(await before.nextAnswer()).toContain('calls abroad');
  await first.close();

  const second = await startTestServer(environment, { agent: rootAgent });
  const after = await openStream(`${second.url}/events/me?audio=none`, { 'last-event-id': before.lastId });
  const { turns } = await after.untilNamed('reset');
  expect(turns).toMatchObject([
    { role: 'user', text: 'Why is my bill so high?' },
    {
      role: 'model',
      text: expect.stringContaining('calls abroad'),
      tools: [{ name: 'transfer_to_agent' }, { name: 'read_bill', state: 'done' }],
    },
  ]);
  expect(await after.untilNamed('agent')).toEqual({ name: 'billing' });
});
