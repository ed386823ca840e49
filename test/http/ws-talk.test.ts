import { describe, expect, test } from '@jest/globals';
import { exchange, post, say } from './requests.ts';
import { loggedOf, openScripted } from './scripted-session.ts';
import { openSession } from './sessions.ts';
import { HEARD_UTTERANCE, utterance } from './speech.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, waitFor } from './test-server.ts';
import { openSocket } from './ws-client.ts';

const text = (data: string) => ({ mime_type: 'text/plain', data });

describe('a WebSocket', () => {
  test('carries a conversation both ways, and opens the session by itself', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    socket.send(text('what time is it?'));
    expect(await socket.nextAnswer()).toMatch(/^It is/);
    expect(socket.named('tool_call')).toMatchObject([{ name: 'current_time' }]);
    expect(socket.answers).toEqual([]);
  });

  test('brings what a stream brings, as objects with id, data and the event if it is named; session first', async () => {
    const server = await startTestServer({ HEARTBEAT_MS: '1000' });
    const socket = await openSocket(server, '/ws/me/here?client=a');
    const { epoch } = await socket.untilNamed('session');
    const stream = await openStream(`${server.url}/events/me/here?since=${epoch}.0`);
    socket.send(text('what time is it?'));
    await socket.nextTurn();
    await stream.nextTurn();
    expect(loggedOf(socket)).toEqual(loggedOf(stream));
    const [first] = socket.frames;
    expect(first).toEqual({ id: expect.stringMatching(/^[\w-]{16,}\.0$/), event: 'session', data: expect.anything() });
    expect(first?.data).toEqual({ ...stream.named('session')[0], client: 'a', head: expect.any(Number) });
    const unnamed = socket.frames.filter((frame) => !('event' in frame));
    expect(unnamed.length).toBeGreaterThan(0);
    for (const frame of unnamed) expect(Object.keys(frame)).toEqual(['id', 'data']);
    for (let count = 1; count <= 2; count += 1) await socket.until('hb', () => socket.named('hb').length >= count);
    expect(socket.named('hb')[0]).toEqual({ t: expect.any(Number), next: 1 });
    expect(socket.text).not.toContain('retry');
  });

  test('of a client goes on where POSTs of the same client left its numbers', async () => {
    const { server } = await openSession();
    const socket = await openSocket(server);
    expect(await socket.ask({ client: 'a', cseq: 1, items: [] })).toMatchObject({ cseq: 1, status: 'sent', next: 2 });
    const answer = await post(server, { client: 'a', cseq: 2, ack: socket.lastId, items: [text('count to two')] });
    expect(JSON.parse(answer.text)).toMatchObject({ status: 'sent', next: 3 });
    expect(await socket.nextAnswer()).toBe('One, two.');
    expect(await socket.ask({ client: 'a', cseq: 3, items: [] })).toMatchObject({ status: 'sent', next: 4 });
    const again = await openSocket(server);
    expect(await again.untilNamed('session')).toMatchObject({ client: 'a', next: 4 });
  });

  test('with is_audio has the agent speak; without it leaves that as it is; Last-Event-ID is no header of it', async () => {
    const server = await startTestServer();
    const first = await openSocket(server, '/ws/me?client=a&is_audio=true');
    expect(await first.untilNamed('session')).toMatchObject({ modality: 'AUDIO' });
    first.send(text('count to two'));
    const turn = await first.nextTurn();
    expect(turn.some(({ mime_type }) => mime_type === 'audio/pcm')).toBe(true);
    const second = await openSocket(server);
    expect(await second.untilNamed('session')).toMatchObject({ modality: 'AUDIO' });
    const headers = { 'Last-Event-ID': 'anotherEpoch12345.3' };
    const third = await openSocket(server, '/ws/me?client=a&is_audio=false', { headers });
    expect(await third.untilNamed('session')).toMatchObject({ modality: 'TEXT' });
    expect(third.named('reset')).toEqual([]);
  });

  test('takes speech as binary frames of 16 kHz PCM, and answers none of them', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    await socket.untilNamed('session');
    const said = utterance();
    for (let at = 0; at < said.length; at += 3_200) socket.send(said.subarray(at, at + 3_200));
    expect(await socket.nextAnswer()).toMatch(HEARD_UTTERANCE);
    expect(socket.answers).toEqual([]);
  });

  test('passes audio to the model as it came, a long frame in pieces', async () => {
    const { server, provider } = await openScripted();
    const socket = await openSocket(server);
    const said = Buffer.from(Array.from({ length: 80_000 }, (_, index) => index % 251));
    socket.send(said);
    const heard = () =>
      provider.frames
        .slice(1)
        .flatMap(({ realtimeInput }) => realtimeInput?.audio ?? [])
        .map(({ data, mimeType }) => ({ bytes: Buffer.from(data, 'base64'), mimeType }));
    const bytes = () => Buffer.concat(heard().map((piece) => piece.bytes));
    await waitFor('all of it', () => bytes().length >= said.length);
    expect(bytes()).toEqual(said);
    expect(heard().map((piece) => piece.bytes.length)).toEqual([30_720, 30_720, 18_560]);
    expect(heard()[0]?.mimeType).toBe('audio/pcm;rate=16000');
  });

  test('takes what a body may hold: an item, an array, an interruption, an envelope', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    socket.send([text('count to two'), text('what did I say?')]);
    expect(await socket.nextAnswer()).toBe('One, two.');
    expect(await socket.nextAnswer()).toBe('You said: count to two');
    socket.send({ interrupt: {} });
    socket.send({ client: 'a', items: [text('count to three')] });
    expect(await socket.nextAnswer()).toBe('One, two, three.');
    expect(socket.answers).toEqual([{ status: 'sent', next: 1, written: expect.any(Number) }]);
  });

  test('that closes the session is told its end, and closed with 1000', async () => {
    const server = await startTestServer();
    const socket = await openSocket(server);
    await socket.untilNamed('session');
    expect(await socket.ask({ client: 'a', cseq: 1, items: [{ close: true }] })).toMatchObject({ status: 'sent' });
    await socket.untilEnded();
    expect(socket.events.at(-1)).toEqual({ id: socket.lastId, event: 'end', data: { reason: 'closed' } });
    expect(socket.code).toBe(1000);
  });

  test('keeps the session alive, and no longer than it is open', async () => {
    const server = await startTestServer({ LINGER_MS: '300', HEARTBEAT_MS: '1000' });
    const socket = await openSocket(server);
    await socket.until('heartbeats', () => socket.named('hb').length >= 3);
    await say(server, 'count to two');
    expect(await socket.nextAnswer()).toBe('One, two.');
    // A good end, as a browser's.
    socket.socket.close();
    await socket.untilEnded();
    await waitFor('the end', () => server.logs.some((line) => line.includes('"reason":"idle"')));
    expect((await exchange(server, '/send/me', { method: 'POST', body: '{}' })).status).toBe(404);
  });
});
