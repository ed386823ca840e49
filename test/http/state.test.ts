import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { openBareSocket } from './bare-socket.ts';
import { post, say } from './requests.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { startTestServer } from './test-server.ts';
import { openSocket } from './ws-client.ts';

const readState = tool({ name: 'read_state', description: 'Reads.', execute: (_args, { state }) => state.toRecord() });
const agent = new Agent({ name: 'assistant', tools: [readState] });

/** What a tool sees in the state. */
async function seen(stream: SseClient): Promise<unknown> {
  return (await stream.untilNamed('tool_result')).result;
}

interface AdkEvent {
  readonly author?: string;
  readonly actions?: { readonly stateDelta?: Record<string, unknown> };
}

const stateDeltas = (messages: readonly unknown[]) =>
  (messages as readonly AdkEvent[]).flatMap(({ author, actions }) =>
    Object.keys(actions?.stateDelta ?? {}).length > 0 ? [{ author, stateDelta: actions?.stateDelta }] : [],
  );

describe('state_delta of a client', () => {
  test('by POST changes the state of the conversation and of the user before the message behind it', async () => {
    const server = await startTestServer({}, { agent });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    const items = [
      { state_delta: { theme: 'dark', 'user:name': 'Ann' } },
      { mime_type: 'text/plain', data: 'read state' },
    ];
    expect(await post(server, items)).toMatchObject({ status: 200, text: '{"status":"sent"}' });
    expect(await seen(stream)).toEqual({ theme: 'dark', 'user:name': 'Ann' });
    expect(stream.named('failure')).toEqual([]);
  });

  test('reaches another live session of the user at once, as far as it is for the user', async () => {
    const server = await startTestServer({}, { agent });
    const first = await openStream(`${server.url}/events/me/one`);
    const second = await openStream(`${server.url}/events/me/two`);
    await Promise.all([first.untilNamed('session'), second.untilNamed('session')]);
    await post(server, { state_delta: { mine: 1, 'user:name': 'Ann' } }, '/send/me/one');
    await post(server, { mime_type: 'text/plain', data: 'read state' }, '/send/me/two');
    expect(await seen(second)).toEqual({ 'user:name': 'Ann' });
  });

  test('by WebSocket, with an envelope or bare, does the same, and an ADK reader sees the changes as actions', async () => {
    const server = await startTestServer({}, { agent });
    const bare = await openBareSocket(server, '/ws/me/default');
    bare.send({ stateDelta: { a: 1 } });
    await bare.until((message) => stateDeltas([message]).length > 0);
    const named = await openSocket(server, '/ws/me/default?client=phone');
    expect(await named.ask({ client: 'phone', cseq: 1, items: [{ state_delta: { b: 2, a: null } }] })).toMatchObject({
      status: 'sent',
    });
    await bare.until((message) => stateDeltas([message]).some(({ stateDelta }) => stateDelta?.b === 2));
    expect(stateDeltas(bare.messages)).toEqual([
      { author: 'user', stateDelta: { a: 1 } },
      { author: 'user', stateDelta: { b: 2, a: null } },
    ]);
    bare.send({ type: 'text', text: 'read state' });
    const result = await bare.until(({ content }) => JSON.stringify(content ?? '').includes('functionResponse'));
    expect(JSON.stringify(result)).toContain('"response":{"b":2}');
  });

  test.each<[string, unknown, number, string]>([
    ['a key of the application', { state_delta: { fine: 1, 'app:price': 0 } }, 403, 'state_not_allowed'],
    ['a key of the run', { state_delta: { 'temp:x': 1 } }, 403, 'state_not_allowed'],
    ['no object', { state_delta: ['a'] }, 400, 'malformed_item'],
    ['no key', { state_delta: {} }, 400, 'malformed_item'],
    ['an empty key', { state_delta: { 'user:': 1 } }, 400, 'malformed_item'],
    ['a long key', { state_delta: { ['k'.repeat(129)]: 1 } }, 400, 'malformed_item'],
    ['a large value', { state_delta: { a: 'x'.repeat(20_000) } }, 413, 'state_too_large'],
    ['a nested value that is too deep', { state_delta: { a: nest(60) } }, 413, 'state_too_large'],
    [
      'more than the scope has room for',
      { state_delta: Object.fromEntries(['a', 'b', 'c'].map((key) => [key, 'x'.repeat(15_000)])) },
      413,
      'state_too_large',
    ],
    [
      'too many keys',
      { state_delta: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, 1])) },
      413,
      'state_too_large',
    ],
  ])('with %s is refused, and nothing of the POST applies', async (_what, item, status, code) => {
    const server = await startTestServer({}, { agent });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    const answer = await post(server, [{ state_delta: { before: 1 } }, item]);
    expect({ status: answer.status, code: JSON.parse(answer.text).code }).toEqual({ status, code });
    await say(server, 'read state');
    expect(await seen(stream)).toEqual({});
  });

  test('is refused for a key that the agent does not accept', async () => {
    const server = await startTestServer({}, { agent: new Agent({ name: 'assistant', acceptsState: ['theme'] }) });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    expect((await post(server, { state_delta: { theme: 'dark' } })).status).toBe(200);
    const answer = await post(server, { state_delta: { 'user:plan': 'gold' } });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'state_not_allowed',
      error: expect.stringContaining('user:plan'),
    });
  });
});

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
