import { get, type IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { ActiveSessions } from '../../src/session/active-sessions.ts';
import type { LiveSession } from '../../src/session/live-session.ts';
import { exchange, say } from '../http/requests.ts';
import { expectRefusal } from '../http/sessions.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from '../http/test-server.ts';
import { UNLIMITED } from '../http/unlimited.ts';
import { startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { countTimers, MEGABYTE, memoryInUse, openSockets } from './memory.ts';

/** Number of sessions: the server's default limit. */
const SESSIONS = 1_000;
/** Opened at once. */
const AT_ONCE = 50;
/** Maximum growth of memory after all sessions have ended. The provider of the test remembers its connections. */
const BOUND_BYTES = 24 * MEGABYTE;
/** Timers that come and go: of the test's own waiting, of Node's HTTP. */
const SOME_TIMERS = 10;

test('1,000 abandoned sessions end after LINGER_MS and free their memory; before, a further session is refused with too_many_sessions, and afterwards it is accepted', async () => {
  // A connection that is gone keeps a timer for STALL_MS: see the next test.
  const { server, gemini, sessions } = await openServer({ LINGER_MS: '1000', STALL_MS: '1000' });
  const opened = watchSessions();
  const timers = countTimers();
  const before = { bytes: memoryInUse(), sockets: openSockets() };

  const streams: IncomingMessage[] = [];
  while (streams.length < SESSIONS - 1) {
    const count = Math.min(AT_ONCE, SESSIONS - 1 - streams.length);
    const users = Array.from({ length: count }, (_, index) => `user-${streams.length + index}`);
    streams.push(...(await Promise.all(users.map((user) => open(server, user)))));
  }
  expect(await sessions()).toBe(SESSIONS);
  await waitFor('their models', () => gemini.open === SESSIONS);
  // Some will be abandoned in the middle of a reply.
  for (let user = 0; user < AT_ONCE; user += 1) await say(server, 'hello', `user-${user}`);
  for (const path of ['/events/late', '/poll/late']) {
    const refused = await exchange(server, path);
    expectRefusal(refused, { status: 503, code: 'too_many_sessions' });
    expect(refused.headers['retry-after']).toBe('1');
  }

  for (const stream of streams.splice(0)) stream.destroy();
  await waitFor('the models to be left', () => gemini.open === 1);
  expect(await sessions()).toBe(1);
  await waitFor('the sockets to be closed', () => openSockets() === before.sockets);
  await waitFor('the timers to be cleared', () => timers() < SOME_TIMERS);
  await waitFor('the sessions to be let go of', () => {
    expect(memoryInUse() - before.bytes).toBeLessThan(BOUND_BYTES);
    return opened() === 0;
  });
  expect((await openStream(`${server.url}/events/late`)).status).toBe(200);
}, 120_000);

test('a connection that its client has cut leaves no timer', async () => {
  const { server } = await openServer({});
  const timers = countTimers();
  const before = openSockets();
  const streams = await Promise.all(Array.from({ length: AT_ONCE }, () => open(server, 'witness')));
  for (const stream of streams) stream.destroy();
  await waitFor('the sockets to be closed', () => openSockets() === before);
  // Wait for an event, by which time the server has noticed the end.
  await (await openStream(`${server.url}/events/witness`)).untilNamed('hb');
  expect(timers()).toBeLessThan(SOME_TIMERS);
});

/** A server with one session that stays. */
async function openServer(environment: Record<string, string>) {
  const gemini = await startScriptedGemini({ onFrame: (connection) => connection.say('to be continued') });
  afterTest(() => gemini.close());
  const server = await startTestServer(
    { ...UNLIMITED, GOOGLE_GEMINI_BASE_URL: gemini.url, ...environment },
    { emulator: 'none' },
  );
  const witness = await openStream(`${server.url}/events/witness`);
  await witness.until('the model', () => witness.named('status').length === 2);
  const sessions = async (): Promise<number> => JSON.parse((await exchange(server, '/readyz')).text).sessions;
  return { server, gemini, sessions };
}

/** A stream of which nobody keeps anything. */
function open({ url }: TestServer, user: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // One address alone gets at most nine tenths of all sessions.
    const localAddress = user.endsWith('0') ? '127.0.0.2' : '127.0.0.1';
    const request = get(`${url}/events/${user}`, { agent: false, localAddress }, (response) => {
      // Ignore the error of the response, which the server cuts at the end.
      response.on('error', () => {});
      response.resume();
      resolve(response);
    });
    request.on('error', reject);
    afterTest(() => request.destroy());
  });
}

/** Looks from now on at the sessions that are opened, and keeps none. @returns how many are still kept by anything */
function watchSessions(): () => number {
  const { open } = ActiveSessions.prototype;
  const opened: WeakRef<LiveSession>[] = [];
  ActiveSessions.prototype.open = async function (params) {
    const answer = await open.call(this, params);
    if (answer !== 'ended') opened.push(new WeakRef(answer.session));
    return answer;
  };
  afterTest(() => {
    ActiveSessions.prototype.open = open;
  });
  return () => opened.filter((session) => session.deref()).length;
}
