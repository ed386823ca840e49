import { describe, expect, test } from '@jest/globals';
import { exchange, post } from './requests.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { startTestServer } from './test-server.ts';

const SEND = '/send/me?dialect=adk';
const TEXT = { type: 'text', text: 'count to two' };

/** The Events of ADK that a reader got, in order. */
function eventsOf(stream: Pick<SseClient, 'events'>): { id: string | undefined; event: Record<string, unknown> }[] {
  return stream.events.flatMap(({ id, event, data }) =>
    event === undefined ? [{ id, event: data as Record<string, unknown> }] : [],
  );
}

const untilComplete = (stream: SseClient) =>
  stream.until('the end of the turn', () => eventsOf(stream).some(({ event }) => event.turnComplete === true));

describe('GET /events/me?dialect=adk', () => {
  test('sends Events as unnamed messages, and the named events of a connection as ever', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me?dialect=adk&is_audio=true`);
    await stream.untilNamed('session');
    expect(await post(server, TEXT, SEND)).toMatchObject({ status: 200, text: '{"status":"sent"}' });
    await untilComplete(stream);
    const kinds = eventsOf(stream).map(({ event }) => Object.keys(event));
    for (const keys of kinds)
      expect(keys).toEqual(expect.arrayContaining(['id', 'invocationId', 'author', 'timestamp', 'actions']));
    expect(kinds.some((keys) => keys.includes('content'))).toBe(true);
    expect(stream.named('status').map(({ upstream }) => upstream)).toContain('ready');
    expect(stream.named('usage')).toEqual([]);
  });

  test('resumes after any of its ids with the Events that follow, each once', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me?dialect=adk&is_audio=true`);
    await stream.untilNamed('session');
    await post(server, TEXT, SEND);
    await untilComplete(stream);
    const all = eventsOf(stream);
    for (const at of [0, 2, all.length - 2]) {
      const again = await openStream(`${server.url}/events/me?dialect=adk`, { 'Last-Event-ID': all[at]?.id ?? '' });
      await untilComplete(again);
      expect(eventsOf(again)).toEqual(all.slice(at + 1));
    }
    const ids = all.map(({ event }) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('leaves speech out with audio=none', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me?dialect=adk&is_audio=true&audio=none`);
    await stream.untilNamed('session');
    await post(server, [TEXT], SEND);
    await untilComplete(stream);
    expect(stream.text).not.toContain('inlineData');
    expect(stream.text).toContain('"outputTranscription":{"text":"One, two.","finished":true}');
  });

  test('sends the same entries as Events that another reader gets as plain messages, and to a poll', async () => {
    const server = await startTestServer();
    const adk = await openStream(`${server.url}/events/me?dialect=adk`);
    const plain = await openStream(`${server.url}/events/me`);
    await plain.untilNamed('session');
    await post(server, TEXT, SEND);
    await untilComplete(adk);
    const text = eventsOf(adk).flatMap(({ event }) => {
      const { parts = [] } = (event.content ?? {}) as { parts?: { text: string }[] };
      return event.partial === true ? parts.map((part) => part.text) : [];
    });
    expect(text.join('')).toBe('One, two.');
    expect(await plain.nextAnswer()).toBe('One, two.');
    const { epoch } = await adk.untilNamed('session');
    const { text: body } = await exchange(server, `/poll/me?dialect=adk&since=${epoch}.0`);
    expect(eventsOf(JSON.parse(body))).toEqual(eventsOf(adk));
  });
});

describe('POST /send/me?dialect=adk', () => {
  test.each([
    [{ mime_type: 'text/plain', data: 'hi' }, 'A message with mime_type belongs to the plain dialect'],
    [
      [TEXT, { type: 'video' }],
      'Item 1: The type "video" is unknown: it must be text, image, audio, activity_start or activity_end',
    ],
  ])('refuses %j', async (body, error) => {
    const server = await startTestServer();
    await openStream(`${server.url}/events/me?dialect=adk`);
    const answer = await post(server, body, SEND);
    expect({ status: answer.status, ...JSON.parse(answer.text) }).toMatchObject({
      status: 400,
      code: 'malformed_item',
      error,
    });
  });
});
