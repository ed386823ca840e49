import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, temporaryDirectory } from './test-server.ts';

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
