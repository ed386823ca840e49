import { describe, expect } from '@jest/globals';
import type { ClientEvents } from '../../src/client/index.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { freePort } from '../free-port.ts';
import { post, say } from '../http/requests.ts';
import { openScripted, speech } from '../http/scripted-session.ts';
import { openStream } from '../http/sse-client.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { said, talk } from './conversation.ts';
import { hostileProxy } from './hostile-proxy.ts';

const isDown = (url = '') => url.startsWith('/events') || url.startsWith('/poll');

describe.each(['sse', 'poll'] as const)('over %s', (transport) => {
  test('a client continues on a restarted server, receives reset, and numbers its POSTs again', async () => {
    const first = await startTestServer({ PORT: `${await freePort()}` });
    const me = talk({ url: first.url, transport, random: () => 0.05 });
    const resets: ClientEvents['reset'][] = [];
    me.client.on('reset', (reset) => resets.push(reset));
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    await me.turns(1);
    await first.close();
    const sent = me.client.send('count to three');
    const second = await startTestServer({ PORT: String(first.port) });
    expect(await sent).toEqual({ sent: true });
    await me.turns(2);
    expect(await said(second)).toEqual(['count to three']);
    expect(resets).toMatchObject([{ reason: 'unknown_epoch', turns: [] }]);
    expect(new Set(me.sessions.map(({ epoch }) => epoch)).size).toBe(2);
  });

  test('a client reports too_many_sessions as retry, and connects when there is room', async () => {
    const server = await startTestServer({ MAX_SESSIONS: '1', LINGER_MS: '0' });
    const other = await openStream(`${server.url}/events/other`);
    const me = talk({ url: server.url, transport, random: () => 0 });
    const retries: ClientEvents['retry'][] = [];
    me.client.on('retry', (retry) => retries.push(retry));
    await waitFor('a refusal', () => retries.length > 0);
    expect(retries[0]).toMatchObject({ attempt: 1, status: 503, failure: { code: 'too_many_sessions' } });
    // Retry-After of the server sets the minimum, whatever the random number.
    expect(retries[0]?.delayMs).toBeGreaterThanOrEqual(1_000);
    expect(me.client.state).toBe('connecting');
    other.close();
    await waitFor('the session', () => me.client.state === 'open');
  });

  test('setAudio changes the modality, and a reconnect of another client does not undo that', async () => {
    const server = await startTestServer();
    const other = talk({ url: server.url, transport, isAudio: false });
    await waitFor('the session', () => other.sessions.length > 0);
    const me = talk({ url: server.url, transport, isAudio: false });
    await waitFor('the session', () => me.sessions.length > 0);
    await me.client.setAudio(true);
    await waitFor('the change', () => me.sessions.at(-1)?.modality === 'AUDIO');
    other.client.reconnect();
    void me.client.send('count to two');
    await me.turns(1);
    expect(me.told.some(([, data]) => (data as { mime_type?: string }).mime_type === 'audio/pcm')).toBe(true);
    await me.client.setAudio(false);
    await waitFor('the change back', () => me.sessions.at(-1)?.modality === 'TEXT');
  });

  test('setAudio resolves if the agent has that modality already', async () => {
    const server = await startTestServer();
    const me = talk({ url: server.url, transport, isAudio: false });
    await waitFor('the session', () => me.sessions.length > 0);
    await waitFor('the connection to be quiet', () => me.told.length >= 0 && me.client.state === 'open');
    await me.client.setAudio(false);
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    await me.turns(1);
  });

  test('a client that asks a speech-only model for text accepts audio in each live session, and receives every reset', async () => {
    const first = await startTestServer({
      PORT: `${await freePort()}`,
      DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-native-audio',
    });
    const me = talk({ url: first.url, transport, isAudio: false, history: true, random: () => 0.05 });
    const resets: string[] = [];
    me.client.on('reset', ({ reason }) => resets.push(reason));
    await waitFor('the history', () => resets.length === 1);
    await first.close();
    const second = await startTestServer({
      PORT: String(first.port),
      DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-native-audio',
    });
    expect(await me.client.send('count to two')).toEqual({ sent: true });
    await me.turns(1);
    expect(resets).toEqual(['malformed', 'unknown_epoch']);
    expect(me.sessions.map(({ modality }) => modality)).not.toContain('TEXT');
    // Each server sends one session, and one more where the settings were repeated.
    expect(me.sessions.length).toBeLessThanOrEqual(4);
    await second.close();
  });

  test('a client with history receives the conversation so far in one reset, and then new events', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    await stream.nextTurn();
    const me = talk({ url: server.url, transport, history: true });
    const resets: ClientEvents['reset'][] = [];
    me.client.on('reset', (reset) => resets.push(reset));
    await waitFor('the history', () => resets.length > 0);
    const turns = [
      { role: 'user', text: 'count to two' },
      { role: 'model', text: 'One, two.' },
    ];
    expect(resets).toEqual([{ reason: 'malformed', turns, truncated: false }]);
    void me.client.send('count to three');
    await me.turns(1);
    me.client.reconnect();
    await me.client.send('count to two');
    await me.turns(2);
    expect(resets).toHaveLength(1);
  });

  test('a client that was away while the log dropped audio receives one gap with the right length', async () => {
    const { server, provider, witness } = await openScripted({ LOG_BYTES: '200000' });
    let away = false;
    const url = await hostileProxy(server, ({ url: path }) => (away && isDown(path) ? 'bad gateway' : 'pass'));
    const me = talk({ url, transport, isAudio: true, random: () => 0.05 });
    const gaps: number[] = [];
    me.client.on('gap', ({ audio_ms }) => gaps.push(audio_ms));
    await waitFor('the session', () => me.sessions.length > 0);
    away = true;
    me.client.reconnect();
    for (let index = 0; index < 6; index += 1) provider.send(speech(1_000, index));
    provider.completeTurn();
    await witness.nextTurn();
    away = false;
    await me.turns(1);
    const heard = me.told.filter(([, data]) => (data as { mime_type?: string }).mime_type === 'audio/pcm').length;
    expect(gaps).toEqual([(6 - heard) * 1_000]);
    expect(gaps[0]).toBeGreaterThan(0);
  });

  test('a client whose session was closed while it was away ends, and its items are reported as unsent', async () => {
    const server = await startTestServer();
    let away = false;
    const url = await hostileProxy(server, ({ url: path }) => (away && isDown(path) ? 'bad gateway' : 'pass'));
    const me = talk({ url, transport, random: () => 0.05 });
    await waitFor('the session', () => me.sessions.length > 0);
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    away = true;
    me.client.reconnect();
    await post(server, { close: true });
    await stream.untilNamed('end');
    expect(await me.client.send('count to two')).toEqual({ sent: false });
    expect(me.client.state).toBe('ended');
  });
});
