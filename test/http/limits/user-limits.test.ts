import { describe, expect, test } from '@jest/globals';
import type { ClientEvents } from '../../../src/client/index.ts';
import { talk } from '../../client/conversation.ts';

import { type Answer, exchange, openBody, post, say, write } from '../requests.ts';
import { expectAlive, expectLimit, openSession } from '../sessions.ts';
import { speech } from '../speech.ts';
import { openStream, type SseClient } from '../sse-client.ts';
import { startTestServer, type TestServer, waitFor } from '../test-server.ts';
import { HANDSHAKE, openSocket } from '../ws-client.ts';
import { holdBudgets } from './held-budgets.ts';

const OTHER = '127.0.0.2';

/** Opens a live session, or is refused. */
const open = (server: TestServer, path: string, from?: string): Promise<Answer> =>
  exchange(server, `/poll/${path}?wait=0`, from === undefined ? {} : { from });

describe('live sessions', () => {
  test('of one user are at most 20 by default, and other users are served', async () => {
    const server = await startTestServer();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => open(server, `me/${index}`)));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(10);
    for (const answer of refused) expectLimit(answer, 429, 'too_many_user_sessions');
    expectLimit(await exchange(server, '/events/me/more'), 429, 'too_many_user_sessions');
    expectLimit(await exchange(server, '/ws/me/more?client=a', { headers: HANDSHAKE }), 429, 'too_many_user_sessions');
    expect((await open(server, 'me/0')).status).toBe(200);
    expect((await open(server, 'you')).status).toBe(200);
  });

  test('of users that one address has invented are limited together, and those of another address are not', async () => {
    const server = await startTestServer({ MAX_ADDRESS_SESSIONS: '3' });
    for (const user of ['a', 'b', 'c']) expect((await open(server, user)).status).toBe(200);
    expectLimit(await open(server, 'd'), 429, 'too_many_user_sessions');
    expect((await open(server, 'd', OTHER)).status).toBe(200);
    // A live session can be joined from anywhere.
    expect((await open(server, 'd')).status).toBe(200);
  });

  test('of one address leave a tenth of MAX_SESSIONS for others', async () => {
    const server = await startTestServer({ MAX_SESSIONS: '10' });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => open(server, `user${index}`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
    expect((await open(server, 'you', OTHER)).status).toBe(200);
    expectLimit(await open(server, 'they', OTHER), 503, 'too_many_sessions');
  });

  test('can be opened again when another one has ended', async () => {
    const server = await startTestServer({ MAX_USER_SESSIONS: '1' });
    expect((await open(server, 'me')).status).toBe(200);
    expectLimit(await open(server, 'me/other'), 429, 'too_many_user_sessions');
    expect((await post(server, { close: true })).status).toBe(200);
    await waitForOpening(server, 'me/other');
  });

  test('that were accepted continue at twice the capacity, and the others are refused at once', async () => {
    const server = await startTestServer({ MAX_SESSIONS: '8' });
    const addresses = ['127.0.0.1', OTHER];
    const attempts = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const user = `user${index}`;
        return { user, answer: await open(server, user, addresses[index % 2]) };
      }),
    );
    const accepted = attempts.filter(({ answer }) => answer.status === 200);
    const refused = attempts.filter(({ answer }) => answer.status !== 200);
    expect(accepted).toHaveLength(8);
    for (const { answer } of refused) expectLimit(answer, 503, 'too_many_sessions');
    const streams = await Promise.all(accepted.map(({ user }) => openStream(`${server.url}/events/${user}`)));
    const more = refused.map(({ user }) => open(server, user, OTHER));
    await Promise.all(accepted.map(({ user }) => say(server, 'count to two', user)));
    for (const stream of streams) expect(await stream.nextAnswer()).toBe('One, two.');
    for (const answer of await Promise.all(more)) expectLimit(answer, 503, 'too_many_sessions');
    const { user: leaving = '' } = accepted[0] ?? {};
    await post(server, { close: true }, `/send/${leaving}`);
    await waitForOpening(server, refused[0]?.user ?? '', OTHER);
  });
});

describe('connections to the model', () => {
  test('that one user causes by changes of the modality are refused with 429, and the conversation continues', async () => {
    const { server, stream } = await openSession({ MAX_USER_MODEL_CONNECTIONS_PER_MINUTE: '5' });
    holdBudgets();
    const change = (isAudio: boolean) => exchange(server, `/poll/me?wait=0&is_audio=${isAudio}`);
    for (const isAudio of [true, false, true, false]) expect((await change(isAudio)).status).toBe(200);
    for (const _ of [1, 2, 3]) expectLimit(await change(true), 429, 'too_many_model_connections');
    // A request that changes nothing costs nothing.
    expect((await change(false)).status).toBe(200);
    expect((await open(server, 'you')).status).toBe(200);
    await expectAlive(server, stream);
  });

  test('that one address causes with new users are refused with 429', async () => {
    const server = await startTestServer({ MAX_ADDRESS_MODEL_CONNECTIONS_PER_MINUTE: '3', LINGER_MS: '0' });
    holdBudgets();
    holdBudgets();
    for (const user of ['a', 'b', 'c']) expect((await open(server, user)).status).toBe(200);
    expectLimit(await open(server, 'd'), 429, 'too_many_model_connections');
    expect((await open(server, 'd', OTHER)).status).toBe(200);
  });
});

describe('streams, polls and WebSockets', () => {
  test('of one user are refused with 429 above MAX_USER_READERS, and accepted when another one has closed', async () => {
    const server = await startTestServer({ MAX_USER_READERS: '3' });
    const stream = await openStream(`${server.url}/events/me`);
    await openStream(`${server.url}/events/me/other`);
    await openSocket(server);
    expectLimit(await open(server, 'me'), 429, 'too_many_connections');
    expectLimit(await open(server, 'me/third'), 429, 'too_many_connections');
    expect((await open(server, 'you')).status).toBe(200);
    stream.close();
    await waitForOpening(server, 'me');
  });

  test('of clients behind a trusted proxy count for the address of each client', async () => {
    const server = await startTestServer({ MAX_ADDRESS_CONNECTIONS: '2', TRUSTED_PROXIES: '127.0.0.1' });
    const from = (client: string) => ({ 'X-Forwarded-For': client });
    await openStream(`${server.url}/events/a`, from('203.0.113.1'));
    await openStream(`${server.url}/events/b`, from('203.0.113.1'));
    const ask = (client: string) => exchange(server, '/poll/c?wait=0', { headers: from(client) });
    expectLimit(await ask('203.0.113.1'), 429, 'too_many_connections');
    expect((await ask('203.0.113.2')).status).toBe(200);
  });

  test('that an EventSource reopens are refused in a stream that says when to try again', async () => {
    const server = await startTestServer({ MAX_USER_READERS: '1' });
    await openStream(`${server.url}/events/me`);
    const refused: SseClient = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': 'x.1' });
    expect(await refused.untilNamed('failure')).toMatchObject({ code: 'too_many_connections', retry: true });
    expect(refused.text).toMatch(/^retry: 5000\n/);
  });
});

describe('a client of the SDK', () => {
  test.each([
    ['MAX_USER_SESSIONS', 'ws', 'other', 'too_many_user_sessions'],
    ['MAX_USER_READERS', 'sse', 'default', 'too_many_connections'],
    ['MAX_USER_READERS', 'poll', 'default', 'too_many_connections'],
  ] as const)(
    'that is refused by %s over %s reports the reason, waits, and connects when there is room',
    async (limit, transport, sessionId, code) => {
      const server = await startTestServer({ [limit]: '1', LINGER_MS: '0' });
      const stream = await openStream(`${server.url}/events/me`);
      await stream.untilNamed('session');
      const me = talk({ url: server.url, transport, sessionId, random: () => 0 });
      const retries: ClientEvents['retry'][] = [];
      me.client.on('retry', (retry) => retries.push(retry));
      await waitFor('the reason', () => retries.some(({ failure }) => failure?.code === code));
      expect(me.client.state).toBe('connecting');
      expect(retries.find(({ failure }) => failure)?.delayMs).toBeGreaterThanOrEqual(2_000);
      stream.close();
      await waitFor('the session', () => me.client.state === 'open');
    },
  );
});

describe('audio', () => {
  /** Audio for a minute may come at once. Each second more leaves a debt of a second. */
  const LIMIT = { MAX_USER_AUDIO_S_PER_MINUTE: '60' };
  const headers = { 'Content-Type': 'audio/pcm' };
  const sendAudio = (server: TestServer, seconds: number, path = '/send/me') =>
    exchange(server, path, { method: 'POST', headers, body: Buffer.alloc(32_000 * seconds) });

  test('of more than a minute at once is accepted, and what follows too soon is refused with 429', async () => {
    const { server, stream } = await openSession(LIMIT);
    holdBudgets();
    await open(server, 'you');
    expect((await sendAudio(server, 66)).status).toBe(200);
    const refusal = await sendAudio(server, 1);
    expectLimit(refusal, 429, 'too_much_audio');
    expect(JSON.parse(refusal.text).retry_after_ms).toBeLessThanOrEqual(6_001);
    // The limit is that of the user in all sessions, of audio only, and of nobody else.
    await open(server, 'me/other');
    expectLimit(await sendAudio(server, 1, '/send/me/other'), 429, 'too_much_audio');
    await say(server, 'count to two');
    expect((await sendAudio(server, 1, '/send/you')).status).toBe(200);
    expect(stream.named('failure')).toEqual([]);
  });

  test('in a numbered POST that is refused leaves its number free and is accepted later, and a repeated POST gets its first answer', async () => {
    const { server, stream } = await openSession(LIMIT);
    const release = holdBudgets();
    const { epoch } = await stream.untilNamed('session');
    const numbered = (cseq: number, seconds: number) =>
      sendAudio(server, seconds, `/send/me?client=a&cseq=${cseq}&ack=${epoch}.0`);
    expect((await numbered(1, 66)).status).toBe(200);
    expectLimit(await numbered(2, 1), 429, 'too_much_audio');
    expect((await numbered(1, 66)).status).toBe(200);
    release();
    await waitForStatus('the second POST', 200, () => numbered(2, 1));
  });

  test('without an end is read at the allowed rate and never refused', async () => {
    const { server } = await openSession(LIMIT);
    const { sending, answer } = openBody(server, headers);
    let written = 0;
    const second = speech(1);
    // What the kernel and both ends buffer comes in addition.
    void (async () => {
      for (let seconds = 0; seconds < 1_000 && !sending.destroyed; seconds += 1) {
        await write(sending, second);
        written = seconds;
      }
    })().catch(() => {});
    await waitFor('a minute', () => written >= 60);
    const before = written;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // At 1,990 times real time, as before there was a limit, all of it would be read.
    expect(written - before).toBeLessThan(600);
    sending.destroy();
    await expect(answer).rejects.toThrow();
  });

  test('over a WebSocket is read at the allowed rate and never refused', async () => {
    const server = await startTestServer(LIMIT);
    const socket = await openSocket(server);
    await socket.untilNamed('session');
    for (let minute = 0; minute < 4; minute += 1) socket.send(Buffer.alloc(32_000 * 60));
    await waitFor('the pause', () => socket.socket.bufferedAmount > 0);
    expect(await open(server, 'you')).toMatchObject({ status: 200 });
    expect(socket.answers).toEqual([]);
    expect(socket.ended).toBe(false);
  });

  test('that the SDK sends too fast is repeated after the time that the server asks for, and nothing is reported', async () => {
    const server = await startTestServer(LIMIT);
    const me = talk({ url: server.url, transport: 'sse' });
    const refused: ClientEvents['refused'][] = [];
    me.client.on('refused', (refusal) => refused.push(refusal));
    await waitFor('the session', () => me.sessions.length > 0);
    const release = holdBudgets();
    expect((await sendAudio(server, 66)).status).toBe(200);
    me.client.sendAudio(new Int16Array(16_000));
    // The text follows in the order of the numbers.
    const sent = me.client.send('count to two');
    await waitFor('the refusal', () => server.logs.some((line) => line.includes('too_much_audio')));
    release();
    expect(await sent).toEqual({ sent: true });
    expect(refused).toEqual([]);
    expect(me.failures).toEqual([]);
  });
});

async function waitForOpening(server: TestServer, path: string, from?: string): Promise<void> {
  await waitForStatus(path, 200, () => open(server, path, from));
}

/** Repeats a request until the answer has a status. */
async function waitForStatus(what: string, status: number, request: () => Promise<Answer>): Promise<void> {
  let latest: Answer | undefined;
  const ask = async () => {
    latest = await request();
    if (latest.status !== status) setTimeout(ask, 50);
  };
  await ask();
  await waitFor(what, () => latest?.status === status);
}
