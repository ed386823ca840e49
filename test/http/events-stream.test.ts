import { expect, test } from '@jest/globals';
import * as z from 'zod';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { post, say, silentProvider } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer } from './test-server.ts';

test('GET /events is an event stream that nothing on the way may store, compress or hold back', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me`, { 'Accept-Encoding': 'gzip, deflate, br' });
  expect(stream.status).toBe(200);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  expect(stream.headers).not.toHaveProperty('content-encoding');
  expect(stream.headers).not.toHaveProperty('content-length');
  expect(stream.headers).not.toHaveProperty('x-powered-by');
});

test('GET /events of a new session begins with retry, an id-only block and the session', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me`);
  const { epoch } = await stream.untilNamed('session');
  expect(epoch).toMatch(/^[A-Za-z0-9_-]{16,}$/);
  const opening = `retry: 1000\n\nid: ${epoch}.0\n\nid: ${epoch}.0\nevent: session\ndata: {`;
  expect(stream.text.slice(0, opening.length)).toBe(opening);
});

test('GET /events while the provider does not answer sends its first bytes all the same', async () => {
  const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: await silentProvider() }, { emulator: 'none' });
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('session');
  await stream.untilNamed('hb');
  expect(stream.named('status')).toEqual([{ upstream: 'connecting', attempt: 1 }]);
});

test('session tells who is talked to, how, and the limits', async () => {
  const server = await startTestServer({ LINGER_MS: '45000', HEARTBEAT_MS: '9000', MAX_BODY_BYTES: '20000' });
  const stream = await openStream(`${server.url}/events/ada@example.org/tuesday`);
  expect(await stream.untilNamed('session')).toEqual({
    epoch: expect.any(String),
    user_id: 'ada@example.org',
    session_id: 'tuesday',
    client: null,
    next: 1,
    head: expect.any(Number),
    agent: 'google_search_agent',
    model: 'gemini-live-2.5-flash-preview',
    modality: 'TEXT',
    images: ['frames', 'in_message'],
    voices: expect.arrayContaining(['Puck', 'Kore']),
    accepts_language: true,
    manual_activity: false,
    input_rate: 16_000,
    output_rate: 24_000,
    limits: { body_bytes: 20_000, window: 16, linger_ms: 45_000, heartbeat_ms: 9_000 },
    server: expect.stringMatching(/^bidi-sse\/\d+\.\d+\.\d+$/),
  });
});

test('session tells that the client of an agent with push-to-talk reports when the user speaks', async () => {
  const agent = new Agent({
    name: 'operator',
    instruction: 'Answer.',
    runConfig: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
  });
  const server = await startTestServer({}, { agent });
  const stream = await openStream(`${server.url}/events/me`);
  expect(await stream.untilNamed('session')).toMatchObject({ agent: 'operator', manual_activity: true });
});

test('GET /events without a session id opens the session "default"', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me`);
  expect(await stream.untilNamed('session')).toMatchObject({ user_id: 'me', session_id: 'default' });
  expect((await post(server, { mime_type: 'text/plain', data: 'hello' }, '/send/me/default')).status).toBe(200);
  expect(await stream.nextAnswer()).toContain('Hello!');
});

test('hb comes after 250 ms, long before the first HEARTBEAT_MS is over', async () => {
  const server = await startTestServer({ HEARTBEAT_MS: '60000' });
  const before = Date.now();
  const stream = await openStream(`${server.url}/events/me`);
  const { t } = await stream.untilNamed('hb');
  expect(t - before).toBeGreaterThanOrEqual(245);
  expect(t).toBeLessThanOrEqual(Date.now());
});

test('hb comes again each HEARTBEAT_MS, with the cursor as id', async () => {
  const server = await startTestServer({ HEARTBEAT_MS: '1000' });
  const stream = await openStream(`${server.url}/events/me`);
  await stream.until('three heartbeats', () => stream.named('hb').length >= 3);
  const [first = 0, second = 0, third = 0] = stream.named('hb').map(({ t }) => t);
  expect(second - first).toBeGreaterThanOrEqual(990);
  expect(third - second).toBeGreaterThanOrEqual(990);
  for (const [index, { event, id }] of stream.events.entries()) {
    if (event === 'hb') expect(id).toBe(stream.events[index - 1]?.id);
  }
});

test('ids of what is logged count up from 1, those of session and hb repeat the last one', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('hb');
  await say(server, 'what time is it?');
  await stream.nextTurn();
  const { epoch } = await stream.untilNamed('session');
  let seq = 0;
  for (const { id = '', event } of stream.events) {
    const [, ofEpoch, number] = /^(.+)\.(\d+)$/.exec(id) ?? [];
    expect(ofEpoch).toBe(epoch);
    if (event === 'session' || event === 'hb') expect(Number(number)).toBe(seq);
    // An entry that says nothing in this dialect, as merged text, is a number that no event has.
    else expect(Number(number)).toBeGreaterThan(seq);
    seq = Number(number);
  }
  expect(seq).toBeGreaterThan(5);
});

test('an entry that makes several events numbers all but the last, so that a cut between them loses none', async () => {
  const server = await startTestServer({}, { agent: twoToolsAgent() });
  const stream = await openStream(`${server.url}/events/me`);
  await say(server, 'use the red lamp and the blue lamp');
  await stream.nextTurn();
  const calls = stream.events.filter(({ event }) => event === 'tool_call');
  expect(calls.map(({ data }) => data)).toMatchObject([{ name: 'red_lamp' }, { name: 'blue_lamp' }]);
  const [first, last] = calls;
  expect(first?.id).toBe(`${last?.id}-1`);

  const resumed = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': first?.id ?? '' });
  await resumed.until('the end of the replay', () => resumed.messages.some((message) => message.turn_complete));
  expect(resumed.events.filter(({ event }) => event === 'tool_call')).toEqual([last]);
  expect(resumed.text).toContain(`id: ${first?.id}\nevent: session\n`);
});

test('a tool call, its result and the usage travel as named events, the answer as messages', async () => {
  const server = await startTestServer();
  const stream = await openStream(`${server.url}/events/me`);
  await say(server, 'what time is it?');
  const messages = await stream.nextTurn();
  const usage = await stream.untilNamed('usage');
  const [call] = stream.named('tool_call');
  expect(call).toEqual({ id: expect.any(String), name: 'current_time', args: {}, where: 'server' });
  expect(stream.named('tool_result')).toEqual([
    { id: call?.id, name: 'current_time', result: { time: expect.any(String), time_zone: expect.any(String) } },
  ]);
  expect(usage).toMatchObject({
    prompt_tokens: expect.any(Number),
    response_tokens: expect.any(Number),
    total_tokens: expect.any(Number),
  });
  expect(stream.named('status').map(({ upstream }) => upstream)).toEqual(['connecting', 'ready']);
  expect(messages.at(-1)).toEqual({ turn_complete: true, interrupted: null });
  for (const message of messages.slice(0, -1)) {
    expect(message).toEqual({ mime_type: 'text/plain', data: expect.any(String) });
  }
});

test('two readers of a session see the same events with the same ids', async () => {
  const server = await startTestServer();
  const one = await openStream(`${server.url}/events/me`);
  const two = await openStream(`${server.url}/events/me`);
  await one.until('ready', () => one.named('status').some(({ upstream }) => upstream === 'ready'));
  await say(server, 'count to twelve');
  expect(await one.nextAnswer()).toContain('twelve');
  await two.nextTurn();
  const seen = [one, two].map(({ events }) => events.filter(({ event }) => event === undefined));
  expect(seen[0]).toEqual(seen[1]);
});

test('sessions of one user, and users, hear only their own', async () => {
  const server = await startTestServer();
  const mine = await openStream(`${server.url}/events/me/one`);
  const alsoMine = await openStream(`${server.url}/events/me/two`);
  const theirs = await openStream(`${server.url}/events/them/one`);
  await say(server, 'count to three', 'me/one');
  await say(server, 'thank you', 'me/two');
  await say(server, 'goodbye', 'them/one');
  expect(await mine.nextAnswer()).toBe('One, two, three.');
  expect(await alsoMine.nextAnswer()).toBe('You are welcome.');
  expect(await theirs.nextAnswer()).toBe('Goodbye.');
});

function twoToolsAgent(): Agent {
  const lamp = (name: string) =>
    tool({ name, description: 'Lights a lamp.', parameters: z.object({}), execute: () => ({ lit: true }) });
  return new Agent({ name: 'lamps', tools: [lamp('red_lamp'), lamp('blue_lamp')] });
}
