import { beforeEach, describe, expect, test } from '@jest/globals';
import { createClient } from '../../src/client/index.ts';
import type { Command } from '../cli/command.ts';
import { ask, openSocket } from '../http/mounted-app.ts';
import { expectRefusal } from '../http/sessions.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, waitFor } from '../http/test-server.ts';
import { startExpressApp } from './start-express-app.ts';

describe('examples/express-app', () => {
  let app: Command;
  let url: string;

  beforeEach(async () => {
    ({ app, url } = await startExpressApp());
  });

  test('lets a signed-in user talk by stream, WebSocket and SDK, and refuses everybody else', async () => {
    expect(await ask(`${url}/talk`)).toMatchObject({ status: 302, headers: { location: '/' } });
    expectRefusal(await ask(`${url}/talk/events/ann`), { status: 401, code: 'unauthorized' });
    expect((await openSocket(`${url}/talk/ws/ann?client=a`)).status).toBe(401);

    const { Cookie } = await signIn(url, 'ann');
    expectRefusal(await ask(`${url}/talk/events/bob`, { Cookie }), { status: 403, code: 'user_not_allowed' });
    expect((await openSocket(`${url}/talk/ws/bob?client=a`, { Cookie })).status).toBe(403);
    expect((await openSocket(`${url}/talk/ws/ann?client=a`, { Cookie })).status).toBe(101);
    const stream = await openStream(`${url}/talk/events/ann`, { Cookie });
    expect(await stream.untilNamed('session')).toMatchObject({ user_id: 'ann', agent: 'waiter' });

    const client = createClient({ url: `${url}/talk`, userId: 'ann', headers: { Cookie } });
    afterTest(() => client.close());
    expect(await client.send('count to two')).toEqual({ sent: true });
    await waitFor('the answer', () => stream.messages.some((message) => 'turn_complete' in message));
  });

  test('serves its own pages beside the router, and after the sign-out refuses the user', async () => {
    expect((await ask(url)).text).toContain('Sign in');
    const { Cookie } = await signIn(url, 'ann');
    expect((await ask(url, { Cookie })).text).toContain('Welcome, ann');
    expect((await ask(`${url}/talk/`, { Cookie })).status).toBe(200);
    expect((await ask(`${url}/nothing`)).text).toContain('Cannot GET /nothing');
    await ask(`${url}/sign-out`, { Cookie }, 'POST');
    expect((await ask(`${url}/talk/poll/ann?wait=0`, { Cookie })).status).toBe(401);
  });

  test('tells its clients to return when it receives SIGTERM, and ends with 0', async () => {
    const { Cookie } = await signIn(url, 'ann');
    const stream = await openStream(`${url}/talk/events/ann`, { Cookie });
    await stream.untilNamed('session');
    app.kill('SIGTERM');
    await stream.untilEnded();
    expect(stream.named('drain')).toHaveLength(1);
    expect(await app.exitCode()).toBe(0);
  });
});

async function signIn(url: string, name: string): Promise<{ Cookie: string }> {
  const body = new URLSearchParams({ name });
  const { status, headers } = await fetch(`${url}/sign-in`, { method: 'POST', body, redirect: 'manual' });
  expect([status, headers.get('location')]).toEqual([302, '/talk/']);
  return { Cookie: headers.getSetCookie()[0]?.split(';')[0] ?? '' };
}
