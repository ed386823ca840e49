import { describe, expect, jest, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { clientTool } from '../../src/agent/tool.ts';
import { type ClientOptions, type ClientToolCall, toolResult } from '../../src/client/index.ts';
import { post, say } from '../http/requests.ts';
import { openStream } from '../http/sse-client.ts';
import { startTestServer, type TestServer, waitFor } from '../http/test-server.ts';
import { pictureBytes } from '../picture.ts';
import { type Talk, talk, witness } from './conversation.ts';

const agent = new Agent({
  name: 'assistant',
  tools: [
    clientTool({ name: 'locate_user', description: 'Finds the position.' }),
    clientTool({ name: 'open_map', description: 'Opens the map.' }),
  ],
});
const ON: Partial<ClientOptions>[] = [{ transport: 'sse' }, { transport: 'poll' }, { transport: 'ws' }];

const startServer = () => startTestServer({}, { agent });

function open({ url }: TestServer, options: Partial<ClientOptions> = {}): Talk {
  return talk({ url, ...options });
}

const wordsOf = ({ told }: Talk) =>
  told
    .map(([, data]) =>
      (data as { mime_type?: string }).mime_type === 'text/plain' ? (data as { data: string }).data : '',
    )
    .join('');
const named = ({ told }: Talk, wanted: string) => told.filter(([name]) => name === wanted).map(([, data]) => data);

describe('a tool of the client', () => {
  test.each(ON)('runs when the agent calls it, and the model answers with its result, on %j', async (options) => {
    const server = await startServer();
    const me = open(server, options);
    const calls: ClientToolCall[] = [];
    const run = jest.fn((_args: Record<string, unknown>, call: ClientToolCall) => {
      calls.push(call);
      return { city: 'Berlin' };
    });
    me.client.tool('locate_user', run);
    await me.client.send('locate user');
    await me.turns(1);
    expect(wordsOf(me)).toContain('Berlin');
    expect(run).toHaveBeenCalledTimes(1);
    expect(run.mock.calls[0]?.[0]).toEqual({});
    expect(named(me, 'tool_call')).toMatchObject([{ id: calls[0]?.id, where: 'client' }]);
    expect(named(me, 'tool_result')).toEqual([{ id: calls[0]?.id, name: 'locate_user', result: { city: 'Berlin' } }]);
  });

  test('may return pictures, which every client and the model get', async () => {
    const server = await startServer();
    const me = open(server);
    const data = pictureBytes('image/jpeg', 3_000);
    me.client.tool('locate_user', () => toolResult({ response: 'here', images: [{ mimeType: 'image/jpeg', data }] }));
    await me.client.send('locate user');
    await me.turns(1);
    expect(named(me, 'tool_result')).toMatchObject([
      { result: { result: 'here' }, images: [{ mime_type: 'image/jpeg', data: data.toString('base64') }] },
    ]);
    expect(wordsOf(me)).toContain('here');
    expect(server.upstream?.violations).toEqual([]);
  });

  test.each<[string, () => unknown, string]>([
    ['returns a PDF', () => toolResult({ images: [{ mimeType: 'application/pdf', data: 'JVBERi0=' }] }), 'image/png'],
    [
      'throws',
      () => {
        throw new Error('no signal');
      },
      'no signal',
    ],
    ['rejects', () => Promise.reject(new Error('no permission')), 'no permission'],
    ['returns more than 64 KiB', () => 'x'.repeat(70_000), '65536 bytes'],
    ['returns a bigint', () => 1n, 'BigInt'],
  ])('that %s tells the model an error', async (_how, run, error) => {
    const me = open(await startServer());
    me.client.tool('locate_user', run);
    await me.client.send('locate user');
    await me.turns(1);
    expect(named(me, 'tool_result')).toEqual([
      { id: expect.any(String), name: 'locate_user', error: expect.stringContaining(error) },
    ]);
  });

  test('for whose result the model does not wait goes on after its first response, and its result is told later', async () => {
    const locate = clientTool({ name: 'locate_user', description: '', isLongRunning: true });
    const me = open(await startTestServer({}, { agent: new Agent({ name: 'assistant', tools: [locate] }) }));
    const { promise, resolve } = Promise.withResolvers<string>();
    me.client.tool('locate_user', (_args, { signal }) => promise.then((city) => (signal.aborted ? 'aborted' : city)));
    await me.client.send('locate user');
    await me.turns(1);
    expect(named(me, 'tool_result')).toMatchObject([{ will_continue: true }]);
    resolve('Berlin');
    await me.turns(2);
    expect(wordsOf(me)).toContain('Berlin');
    expect(named(me, 'tool_result')[1]).toEqual({
      id: expect.any(String),
      name: 'locate_user',
      result: { result: 'Berlin' },
    });
  });

  test('that returns nothing has the result null', async () => {
    const me = open(await startServer());
    me.client.tool('locate_user', () => undefined);
    await me.client.send('locate user');
    await me.turns(1);
    expect(named(me, 'tool_result')).toMatchObject([{ result: { result: null } }]);
  });

  test('whose call is cancelled has its signal aborted, and its result is not sent', async () => {
    const server = await startServer();
    const me = open(server);
    let call: ClientToolCall | undefined;
    const { promise, resolve } = Promise.withResolvers<string>();
    me.client.tool('locate_user', (_args, given) => {
      call = given;
      return promise;
    });
    await me.client.send('locate user');
    await waitFor('the call', () => call);
    await me.client.interrupt();
    await waitFor('the abort', () => call?.signal.aborted);
    resolve('too late');
    await me.client.send('thanks');
    await me.turns(2);
    expect(named(me, 'tool_cancel')).toEqual([{ id: call?.id }]);
    expect(named(me, 'tool_result')).toEqual([]);
    expect(me.refused).toEqual([]);
  });

  test('of two clients runs in both, the first result counts, and the other one is no error', async () => {
    const server = await startServer();
    const fast = open(server);
    const slow = open(server);
    let call: ClientToolCall | undefined;
    const { promise, resolve } = Promise.withResolvers<string>();
    fast.client.tool('locate_user', () => promise);
    slow.client.tool('locate_user', (_args, given) => {
      call = given;
      return new Promise((_, reject) => given.signal.addEventListener('abort', () => reject(given.signal.reason)));
    });
    await waitFor('both sessions', () => fast.sessions.length > 0 && slow.sessions.length > 0);
    await fast.client.send('locate user');
    await waitFor('the call', () => call);
    resolve('Berlin');
    await Promise.all([fast.turns(1), slow.turns(1)]);
    expect(call?.signal.aborted).toBe(true);
    expect([...fast.refused, ...slow.refused]).toEqual([]);
    expect(named(slow, 'tool_result')).toMatchObject([{ result: { result: 'Berlin' } }]);
  });

  test('whose results cross: the second is refused by the server, and no refused event is emitted', async () => {
    const server = await startServer();
    const clients = [open(server), open(server)];
    for (const { client } of clients) client.tool('locate_user', () => 'Berlin');
    await waitFor('both sessions', () => clients.every(({ sessions }) => sessions.length > 0));
    await say(server, 'locate user');
    await Promise.all(clients.map((each) => each.turns(1)));
    expect(clients.flatMap(({ refused }) => refused)).toEqual([]);
    expect(clients.map((each) => named(each, 'tool_result').length)).toEqual([1, 1]);
  });

  test('that is added after its call starts then, and does not start once it is removed', async () => {
    const server = await startServer();
    const me = open(server);
    const removed = jest.fn();
    me.client.tool('locate_user', removed)();
    await me.client.send('locate user');
    await waitFor('the call', () => named(me, 'tool_call').length > 0);
    me.client.tool('locate_user', () => 'Berlin');
    await me.turns(1);
    expect(wordsOf(me)).toContain('Berlin');
    expect(removed).not.toHaveBeenCalled();
  });

  test.each(ON)('runs once although the connection is replaced during the call, on %j', async (options) => {
    const server = await startServer();
    const me = open(server, options);
    const { promise, resolve } = Promise.withResolvers<string>();
    const run = jest.fn(() => promise);
    me.client.tool('locate_user', run);
    await me.client.send('locate user');
    await waitFor('the call', () => run.mock.calls.length);
    me.client.reconnect();
    // A poll that continues has no session event.
    await waitFor('another connection', () => me.sessions.length > 1 || options.transport === 'poll');
    resolve('Berlin');
    await me.turns(1);
    expect(run).toHaveBeenCalledTimes(1);
    expect(named(me, 'tool_result')).toHaveLength(1);
  });

  test('does not run for a call that was answered before the client came, and runs for one that was not', async () => {
    const server = await startServer();
    const before = await openStream(`${server.url}/events/me?is_audio=false`);
    await before.untilNamed('session');
    before.close();
    // Other readers would take the place from which the client starts.
    const other = await openStream(`${server.url}/events/me?since=${before.lastId}`);
    await say(server, 'locate user');
    const { id } = await other.untilNamed('tool_call');
    await post(server, { tool_result: { id, result: 'Rome' } });
    await other.nextTurn();
    await say(server, 'open map');
    const second = await other.until('the second call', () => other.named('tool_call')[1]);

    const fetchFromStart: typeof fetch = (input, init) =>
      fetch(String(input).replace('/events/me?', `/events/me?since=${before.lastId}&`), init);
    const me = open(server, { transport: 'sse', fetch: fetchFromStart });
    const answered = jest.fn();
    me.client.tool('locate_user', answered);
    me.client.tool('open_map', () => 'opened');
    await me.turns(2);
    expect(named(me, 'tool_call')).toMatchObject([{ id }, { id: second.id }]);
    expect(named(me, 'tool_result')).toMatchObject([{ result: { result: 'Rome' } }, { result: { result: 'opened' } }]);
    expect(answered).not.toHaveBeenCalled();
  });

  test('has its signal aborted when the client is closed', async () => {
    const me = open(await startServer());
    let call: ClientToolCall | undefined;
    me.client.tool('locate_user', (_args, given) => {
      call = given;
      return new Promise(() => {});
    });
    await me.client.send('locate user');
    await waitFor('the call', () => call);
    me.client.close();
    expect(call?.signal.aborted).toBe(true);
  });

  test('does not run for a call that runs on the server', async () => {
    const server = await startTestServer();
    const me = open(server);
    const run = jest.fn();
    me.client.tool('current_time', run);
    await me.client.send('What time is it?');
    await me.turns(1);
    expect(named(me, 'tool_result')).toHaveLength(1);
    expect(run).not.toHaveBeenCalled();
  });

  test('is refused without a name, without a function, and if there is one with its name', async () => {
    const { client } = open(await startServer());
    client.tool('locate_user', () => 1);
    expect(() => client.tool('locate_user', () => 1)).toThrow(/there is a tool with this name already/);
    expect(() => client.tool('', () => 1)).toThrow(TypeError);
    expect(() => client.tool('open_map', 'fn' as never)).toThrow(/must be a function/);
  });
});

test('a stale result does not take a text that is sent at the same time with it', async () => {
  const server = await startServer();
  const me = open(server);
  const stream = await witness(server);
  const [stale, text] = await Promise.all([
    me.client.send({ tool_result: { id: 'forgotten', result: 1 } }),
    me.client.send('thanks'),
  ]);
  expect(stale).toMatchObject({ sent: false, refusal: { code: 'tool_call_not_open' } });
  expect(text).toEqual({ sent: true });
  expect(await stream.nextAnswer()).toBe('You are welcome.');
});
