import { describe, expect, test } from '@jest/globals';
import { exchange, post, say, silentProvider } from './requests.ts';
import { openSession } from './sessions.ts';
import { openStream, textOf } from './sse-client.ts';
import { startTestServer, waitFor } from './test-server.ts';

describe('is_audio', () => {
  test('absent in a new session means TEXT', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    expect((await stream.untilNamed('session')).modality).toBe('TEXT');
    await say(server, 'count to two');
    expect(await stream.nextTurn()).not.toContainEqual(expect.objectContaining({ mime_type: 'audio/pcm' }));
  });

  test('true makes the agent speak, with transcripts', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me?is_audio=true`);
    expect((await stream.untilNamed('session')).modality).toBe('AUDIO');
    await say(server, 'count to two');
    const turn = await stream.nextTurn();
    expect(turn).toContainEqual({ mime_type: 'audio/pcm', data: expect.stringMatching(/^[A-Za-z0-9+/]{100,}={0,2}$/) });
    expect(turn).toContainEqual({ mime_type: 'text/plain', data: expect.any(String), is_transcript: true });
    expect(textOf(turn)).toBe('One, two.');
  });

  test('given and different replaces the run and keeps the conversation', async () => {
    const server = await startTestServer();
    const text = await openStream(`${server.url}/events/me?is_audio=false`);
    await say(server, 'my favourite number is seven');
    await text.nextTurn();
    const { epoch } = await text.untilNamed('session');

    const audio = await openStream(`${server.url}/events/me?is_audio=true`);
    expect(await audio.untilNamed('session')).toMatchObject({ epoch, modality: 'AUDIO' });
    await say(server, 'what did I say?');
    const spoken = await audio.nextTurn();
    expect(textOf(spoken)).toBe('You said: my favourite number is seven');
    expect(spoken).toContainEqual(expect.objectContaining({ mime_type: 'audio/pcm' }));
    // The reader that was there before hears it as well: there is one run.
    expect(await text.nextTurn()).toEqual(spoken);
    await waitFor('one upstream connection', () => server.upstream?.connections === 1);

    const textAgain = await openStream(`${server.url}/events/me?is_audio=false`);
    expect((await textAgain.untilNamed('session')).modality).toBe('TEXT');
    await say(server, 'what did I say?');
    expect(textOf(await textAgain.nextTurn())).toBe('You said: what did I say?');
  });

  test('given and different in mid-answer ends the turn for those who listen', async () => {
    const server = await startTestServer({}, { emulator: { pace: 1.1 } });
    const text = await openStream(`${server.url}/events/me`);
    await say(server, 'count to thirty');
    await text.until('some of the answer', () => text.messages.length >= 2);
    await openStream(`${server.url}/events/me?is_audio=true`);
    expect((await text.nextTurn()).slice(-2)).toEqual([
      { turn_complete: null, interrupted: true },
      { turn_complete: true, interrupted: null },
    ]);
  });

  test('absent keeps what the session has', async () => {
    const server = await startTestServer();
    const first = await openStream(`${server.url}/events/me?is_audio=true`);
    await first.untilNamed('session');
    const second = await openStream(`${server.url}/events/me`);
    expect((await second.untilNamed('session')).modality).toBe('AUDIO');
  });

  test('given and the same keeps the run', async () => {
    const server = await startTestServer();
    const first = await openStream(`${server.url}/events/me?is_audio=true`);
    await first.until('ready', () => first.named('status').some(({ upstream }) => upstream === 'ready'));
    const second = await openStream(`${server.url}/events/me?is_audio=true`);
    await second.untilNamed('hb');
    expect(first.named('status')).toHaveLength(2);
  });

  test('in the URL that an EventSource repeats with Last-Event-ID is ignored', async () => {
    const server = await startTestServer();
    const text = await openStream(`${server.url}/events/me?is_audio=false`);
    await text.untilNamed('session');
    const audio = await openStream(`${server.url}/events/me?is_audio=true`);
    await audio.untilNamed('session');
    const reconnected = await openStream(`${server.url}/events/me?is_audio=false`, { 'Last-Event-ID': text.lastId });
    expect((await reconnected.untilNamed('session')).modality).toBe('AUDIO');
  });

  test('neither true nor false is refused with 400 invalid_query', async () => {
    const server = await startTestServer();
    for (const value of ['yes', 'TRUE', '1', '%E0%A4%A']) {
      const answer = await exchange(server, `/events/me?is_audio=${value}`);
      expect({ value, status: answer.status, ...JSON.parse(answer.text) }).toMatchObject({
        value,
        status: 400,
        code: 'invalid_query',
        error: 'is_audio must be true or false',
      });
    }
    expect(JSON.parse((await exchange(server, '/readyz')).text)).toMatchObject({ sessions: 0 });
  });

  test('is AUDIO whatever is asked for where the model only speaks', async () => {
    const server = await startTestServer({ DEMO_AGENT_MODEL: 'gemini-2.5-flash-native-audio-preview-12-2025' });
    const stream = await openStream(`${server.url}/events/me?is_audio=false`);
    expect((await stream.untilNamed('session')).modality).toBe('AUDIO');
  });
});

describe('a session that a client closes', () => {
  test('is told `end` and ends its streams, after what was sent before', async () => {
    const server = await startTestServer();
    const one = await openStream(`${server.url}/events/me`);
    const two = await openStream(`${server.url}/events/me`);
    await one.untilNamed('session');
    expect(await post(server, { close: true })).toMatchObject({ status: 200, text: '{"status":"sent"}' });
    for (const stream of [one, two]) {
      expect(await stream.untilNamed('end')).toEqual({ reason: 'closed' });
      await stream.untilEnded();
      expect(stream.events.at(-1)?.event).toBe('end');
    }
  });

  test('answers its reconnecting readers 204, its senders 410, and begins anew for a fresh GET', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me`);
    const { epoch } = await stream.untilNamed('session');
    await say(server, 'my favourite number is seven');
    await stream.nextTurn();
    await post(server, { close: true });
    await stream.untilEnded();

    const cursors = [stream.lastId, `${epoch}.0`];
    for (const cursor of cursors) {
      const headers = { 'Last-Event-ID': cursor };
      expect(await exchange(server, '/events/me', { headers })).toMatchObject({ status: 204, text: '' });
      expect(await exchange(server, `/events/me?since=${cursor}`)).toMatchObject({ status: 204 });
    }
    const refused = await post(server, { mime_type: 'text/plain', data: 'hello' });
    expect(refused.status).toBe(410);
    expect(JSON.parse(refused.text)).toMatchObject({ error: 'Session ended', code: 'session_ended', retry: false });

    const fresh = await openStream(`${server.url}/events/me`);
    expect((await fresh.untilNamed('session')).epoch).not.toBe(epoch);
    expect(fresh.named('reset')).toEqual([]);
    await say(server, 'what did I say?');
    expect(await fresh.nextAnswer()).toBe('You said: my favourite number is seven');
    // The one who was told to stop is still told so.
    const headers = { 'Last-Event-ID': stream.lastId };
    expect(await exchange(server, '/events/me', { headers })).toMatchObject({ status: 204 });
  });

  test('while the provider does not answer is over when MODEL_CONNECT_TIMEOUT_MS is', async () => {
    const server = await startTestServer(
      { GOOGLE_GEMINI_BASE_URL: await silentProvider(), MODEL_CONNECT_TIMEOUT_MS: '300' },
      { emulator: 'none' },
    );
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    await post(server, { close: true });
    expect(await stream.untilNamed('end')).toEqual({ reason: 'closed' });
  });
});

describe('a session without readers', () => {
  test('outlives its last one for LINGER_MS, in the middle of an answer too', async () => {
    const server = await startTestServer({}, { emulator: { pace: 1.1 } });
    const before = await openStream(`${server.url}/events/me`);
    const { epoch } = await before.untilNamed('session');
    await say(server, 'count to five');
    await before.until('some of the answer', () => before.messages.length >= 1);
    before.close();
    const after = await openStream(`${server.url}/events/me?since=${before.lastId}`);
    expect((await after.untilNamed('session')).epoch).toBe(epoch);
    expect(textOf([...before.messages, ...(await after.nextTurn())])).toBe('One, two, three, four, five.');
  });

  test('is over after LINGER_MS; one who comes back gets a reset, a new epoch and the conversation', async () => {
    const server = await startTestServer({ LINGER_MS: '50' });
    const before = await openStream(`${server.url}/events/me`);
    const { epoch } = await before.untilNamed('session');
    await say(server, 'count to two');
    await before.nextTurn();
    before.close();
    await waitFor('the session to end', () => server.logs.some((line) => line.includes('"reason":"idle"')));
    const refused = await post(server, { mime_type: 'text/plain', data: 'hello' });
    expect({ status: refused.status, ...JSON.parse(refused.text) }).toMatchObject({
      status: 404,
      error: 'Session not found',
      code: 'session_not_found',
      retry: true,
    });

    const after = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': before.lastId });
    expect(after.status).toBe(200);
    expect((await after.untilNamed('session')).epoch).not.toBe(epoch);
    expect(await after.untilNamed('reset')).toEqual({
      reason: 'unknown_epoch',
      turns: [
        { role: 'user', text: 'count to two' },
        { role: 'model', text: 'One, two.' },
      ],
      truncated: false,
    });
    await say(server, 'what did I say?');
    expect(await after.nextAnswer()).toBe('You said: count to two');
    await waitFor('one upstream connection', () => server.upstream?.connections === 1);
  });

  test('with LINGER_MS=0 is over at once, and opens all the same', async () => {
    const server = await startTestServer({ LINGER_MS: '0' });
    const stream = await openStream(`${server.url}/events/me`);
    await say(server, 'count to two');
    expect(await stream.nextAnswer()).toBe('One, two.');
    stream.close();
    await waitFor('the session to end', () => server.logs.some((line) => line.includes('"reason":"idle"')));
    await waitFor('the upstream connection to be closed', () => server.upstream?.connections === 0);
  });
});

describe('a server that holds MAX_SESSIONS', () => {
  test('refuses one more with 503 and Retry-After, and takes it when there is room', async () => {
    const server = await startTestServer({ MAX_SESSIONS: '1' });
    const first = await openStream(`${server.url}/events/one`);
    await first.untilNamed('session');
    const refused = await exchange(server, '/events/two');
    expect(refused.status).toBe(503);
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'content-type': 'application/json; charset=utf-8' });
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'too_many_sessions', retry: true });
    // One more reader of a session that there is, is no session more.
    expect((await openStream(`${server.url}/events/one`)).status).toBe(200);

    await post(server, { close: true }, '/send/one');
    await first.untilEnded();
    const second = await openStream(`${server.url}/events/two`);
    expect(second.status).toBe(200);
  });

  test('tells a reconnecting EventSource in a stream, since it would never come back after a 503', async () => {
    const server = await startTestServer({ MAX_SESSIONS: '1' });
    await (await openStream(`${server.url}/events/one`)).untilNamed('session');
    const stream = await openStream(`${server.url}/events/two`, { 'Last-Event-ID': 'anEpochOfLastWeek.17' });
    expect(stream.status).toBe(200);
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await stream.untilEnded();
    expect(stream.text).toMatch(/^retry: \d{4,}\n\n/);
    expect(stream.named('failure')).toMatchObject([{ code: 'too_many_sessions', retry: true }]);
    // Its cursor stays what it was.
    expect(stream.lastId).toBe('');
  });
});

test('a reader that is reset in mid-answer is told the answer so far, and gets the rest', async () => {
  const { server, stream } = await openSession({}, { emulator: { pace: 1.1 } });
  await say(server, 'count to twelve');
  await stream.until('some of the answer', () => textOf(stream.messages).includes('three'));
  const late = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': 'AAAAAAAAAAAAAAAAAAAA.3' });
  const { turns } = await late.untilNamed('reset');
  const rest = textOf(await late.nextTurn());
  const last = turns.at(-1);
  expect(last?.role).toBe('model');
  expect(`${last?.text}${rest}`).toBe('One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.');
});
