import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { clientTool, tool } from '../../src/agent/tool.ts';
import { picture } from '../picture.ts';
import { type Answer, post, say } from './requests.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { openSocket } from './ws-client.ts';

const locate = clientTool({ name: 'locate_user', description: 'Finds the position.' });
const clock = tool({ name: 'read_clock', description: '', execute: () => new Promise(() => {}) });
const agent = new Agent({ name: 'assistant', tools: [locate, clock] });

const bodyOf = ({ text }: Answer) => JSON.parse(text);

/** A live session whose agent has called a tool. */
async function openCall(question = 'locate user', user = 'me') {
  const server = await startTestServer({}, { agent });
  const stream = await openStream(`${server.url}/events/${user}`);
  const { epoch } = await stream.untilNamed('session');
  const id = await ask(server, stream, question, user);
  return { server, stream, epoch, id };
}

async function ask(server: TestServer, stream: SseClient, question: string, user = 'me'): Promise<string> {
  await say(server, question, user);
  return (await stream.untilNamed('tool_call')).id;
}

const resultItem = (id: string, result: unknown = { result: 'in Berlin' }) => ({ tool_result: { id, result } });

describe('POST /send of the result of a tool', () => {
  test('goes to the model, which answers with it, and every reader receives the result', async () => {
    const { server, stream, id } = await openCall();
    expect(stream.named('tool_call')).toEqual([{ id, name: 'locate_user', args: {}, where: 'client' }]);
    expect(await post(server, resultItem(id))).toMatchObject({ status: 200, text: '{"status":"sent"}' });
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect(stream.named('tool_result')).toEqual([{ id, name: 'locate_user', result: { result: 'in Berlin' } }]);
    expect(server.upstream?.violations).toEqual([]);
  });

  test('that is an error tells the model and every reader what failed', async () => {
    const { server, stream, id } = await openCall();
    await post(server, { tool_result: { id, error: 'permission denied' } });
    expect(await stream.nextAnswer()).toContain('permission denied');
    expect(stream.named('tool_result')).toEqual([{ id, name: 'locate_user', error: 'permission denied' }]);
  });

  test("is accepted as a function_response in ADK's content", async () => {
    const { server, stream, id } = await openCall();
    const function_response = { id, name: 'locate_user', response: { output: 'in Rome' } };
    expect(await post(server, { content: { parts: [{ function_response }] } })).toMatchObject({ status: 200 });
    expect(await stream.nextAnswer()).toContain('in Rome');
  });

  test('reaches the model from a client of the ADK dialect, for which the call is a long-running one', async () => {
    const server = await startTestServer({}, { agent });
    const stream = await openStream(`${server.url}/events/me?dialect=adk`);
    await stream.untilNamed('session');
    await say(server, 'locate user');
    const call = await stream.until(
      'the call',
      () => stream.messages.find((message) => 'longRunningToolIds' in message) as { longRunningToolIds: string[] },
    );
    const [id = ''] = call.longRunningToolIds;
    const functionResponse = { id, name: 'locate_user', response: { output: 'in Oslo' } };
    const content = { role: 'user', parts: [{ functionResponse }] };
    expect(await post(server, { content }, '/send/me?dialect=adk')).toMatchObject({ status: 200 });
    expect(await post(server, { content }, '/send/me?dialect=adk')).toMatchObject({ status: 409 });
    await stream.until('the answer', () => stream.text.includes('in Oslo') && stream.text.includes('turnComplete'));
  });

  test.each([
    ['scheduling', { scheduling: 'SILENT' }, 'gemini-3.8-live-extended-thinking'],
    ['scheduling', { scheduling: 'WHEN_IDLE' }, 'gemini-2.5-flash-native-audio-preview-12-2025'],
    ['will_continue', { willContinue: true }, 'gemini-3.8-live-extended-thinking'],
  ])(
    'with %s is refused with 422 before %o reaches %s, and the call waits for another result',
    async (name, more, model) => {
      const server = await startTestServer({ DEMO_AGENT_MODEL: model }, { agent });
      const stream = await openStream(`${server.url}/events/me?audio=none`);
      await stream.untilNamed('session');
      const id = await ask(server, stream, 'locate user');
      const function_response = { id, name: 'locate_user', response: { output: 'in Rome' } };
      const content = (response: object) => ({ content: { parts: [{ function_response: response }] } });
      const refused = await post(server, content({ ...function_response, ...more }));
      expect([refused.status, bodyOf(refused)]).toEqual([
        422,
        expect.objectContaining({ code: 'not_supported', error: `A function_response cannot have ${name}` }),
      ]);
      expect(
        (await post(server, content({ ...function_response, scheduling: null, will_continue: false }))).status,
      ).toBe(200);
      await stream.until('the answer', () => stream.text.includes('The tool answered'));
      expect(stream.named('status').map(({ upstream }) => upstream)).not.toContain('reconnecting');
    },
  );

  test('is accepted once: a second result is refused with 409 and has no effect', async () => {
    const { server, stream, id } = await openCall();
    await post(server, resultItem(id));
    const second = await post(server, resultItem(id, 'in Rome'));
    expect(second.status).toBe(409);
    expect(bodyOf(second)).toEqual({
      error: `The call "${id}" has its result already`,
      code: 'tool_call_not_open',
      retry: false,
      hint: expect.stringContaining('tool_call'),
    });
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect(stream.named('tool_result')).toHaveLength(1);
  });

  test('is refused for a call that runs on the server, an unknown call, and a call of another session', async () => {
    const { server, stream, id } = await openCall('read clock');
    const other = await openStream(`${server.url}/events/other`);
    const otherId = await ask(server, other, 'locate user', 'other');
    const refused = await Promise.all(
      [id, 'unknown', otherId, '__proto__'].map((each) => post(server, resultItem(each))),
    );
    expect(refused.map(({ status }) => status)).toEqual([409, 409, 409, 409]);
    expect(refused.map((answer) => bodyOf(answer).error)).toEqual([
      `The call "${id}" runs on the server: no client can answer it`,
      'There is no call "unknown" in this live session',
      `There is no call "${otherId}" in this live session`,
      'There is no call "__proto__" in this live session',
    ]);
    expect(stream.named('tool_result')).toEqual([]);
    expect(await post(server, resultItem(otherId), '/send/other')).toMatchObject({ status: 200 });
  });

  test('is refused after the user has interrupted, which cancels the call', async () => {
    const { server, stream, id } = await openCall();
    await post(server, { interrupt: {} });
    expect(await stream.untilNamed('tool_cancel')).toEqual({ id });
    expect(bodyOf(await post(server, resultItem(id))).error).toContain('was cancelled');
  });

  test('is refused after a change of the voice has replaced the run, whose calls are cancelled', async () => {
    const { server, stream, id } = await openCall();
    await openStream(`${server.url}/events/me?is_audio=true`);
    expect(await stream.untilNamed('tool_cancel')).toEqual({ id });
    expect(bodyOf(await post(server, resultItem(id))).error).toContain('was cancelled');
  });

  test('refuses the whole body, so that nothing of it is used', async () => {
    const { server, stream, id } = await openCall();
    const body = [{ mime_type: 'text/plain', data: 'thanks' }, resultItem(id), resultItem(id)];
    expect(await post(server, body)).toMatchObject({ status: 409 });
    expect(await post(server, resultItem(id))).toMatchObject({ status: 200 });
    expect(await stream.nextAnswer()).toContain('in Berlin');
  });

  test('reaches the model over a WebSocket, whose refusals are answered as data', async () => {
    const { server, stream, id } = await openCall();
    const client = await openSocket(server, '/ws/me?client=phone');
    client.socket.send(JSON.stringify(resultItem('unknown')));
    client.socket.send(JSON.stringify(resultItem(id)));
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect(client.answers).toEqual([expect.objectContaining({ code: 'tool_call_not_open' })]);
  });

  test('still answers a call that a client receives in the replay after it has lost its connection', async () => {
    const { server, stream, epoch } = await openCall();
    stream.close();
    const again = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': `${epoch}.0` });
    const { id, where } = await again.untilNamed('tool_call');
    expect(where).toBe('client');
    expect(await post(server, resultItem(id))).toMatchObject({ status: 200 });
    expect(await again.nextAnswer()).toContain('in Berlin');
  });
});

describe('a numbered POST with the result of a tool', () => {
  const numbered = (epoch: string, cseq: number, items: object[]) => ({
    client: 'phone',
    cseq,
    ack: `${epoch}.0`,
    items,
  });

  test('gets its first answer if it is repeated, although the call is answered by now', async () => {
    const { server, stream, epoch, id } = await openCall();
    const first = await post(server, numbered(epoch, 1, [resultItem(id)]));
    expect(bodyOf(first)).toMatchObject({ status: 'sent', next: 2 });
    await stream.untilNamed('tool_result');
    expect(bodyOf(await post(server, numbered(epoch, 1, [resultItem(id)])))).toMatchObject({ status: 'sent' });
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect(stream.named('tool_result')).toHaveLength(1);
  });

  test('is refused as data, uses its number up, and gets the same refusal if it is repeated', async () => {
    const { server, epoch } = await openCall();
    for (const _ of ['first', 'repeated']) {
      const refused = await post(server, numbered(epoch, 1, [resultItem('unknown')]));
      expect(refused.status).toBe(409);
      expect(bodyOf(refused).code).toBe('tool_call_not_open');
    }
    expect(bodyOf(await post(server, numbered(epoch, 2, [])))).toMatchObject({ status: 'sent', next: 3 });
  });

  test('that was held while another client answered has no effect when its turn comes', async () => {
    const { server, stream, epoch, id } = await openCall();
    expect(bodyOf(await post(server, numbered(epoch, 2, [resultItem(id, 'late')])))).toMatchObject({ status: 'held' });
    await post(server, resultItem(id));
    expect(bodyOf(await post(server, numbered(epoch, 1, [])))).toMatchObject({ status: 'sent', next: 3 });
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect(stream.named('tool_result')).toHaveLength(1);
  });
});

describe('attacks with results of tools', () => {
  test('1,000 results for unknown calls in one body are refused at once', async () => {
    const { server, stream, id } = await openCall();
    const flood = Array.from({ length: 1_000 }, (_, index) => resultItem(`forged-${index}`));
    expect(await post(server, flood)).toMatchObject({ status: 409 });
    expect(await post(server, [resultItem(id), ...flood.slice(1)])).toMatchObject({ status: 409 });
    await post(server, resultItem(id));
    expect(await stream.nextAnswer()).toContain('in Berlin');
  });

  test('a result of almost 4 MiB is refused, and the call can still be answered', async () => {
    const { server, stream, id } = await openCall();
    const refused = await post(server, resultItem(id, 'x'.repeat(4_190_000)));
    expect(refused.status).toBe(400);
    expect(bodyOf(refused).error).toContain('65536 bytes');
    await post(server, resultItem(id));
    expect(await stream.nextAnswer()).toContain('in Berlin');
  });

  test('keys called __proto__ reach readers as data', async () => {
    const { server, stream, id } = await openCall();
    const result = JSON.parse('{"__proto__":{"polluted":true},"output":"in Berlin"}');
    await post(server, resultItem(id, result));
    await stream.untilNamed('tool_result');
    expect(stream.text).toContain('"result":{"__proto__":{"polluted":true},"output":"in Berlin"}');
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect('polluted' in {}).toBe(false);
  });
});

describe('pictures in the result of a tool', () => {
  const png = { mime_type: 'image/png', data: picture('image/png', 2_000) };

  test('reach every reader in its dialect, and a reset has their number', async () => {
    const server = await startTestServer({}, { agent });
    const open = (query: string) => openStream(`${server.url}/events/me?is_audio=true${query}`);
    const [stream, adk, agentscope] = [await open(''), await open('&dialect=adk'), await open('&dialect=agentscope')];
    await Promise.all([stream.untilNamed('session'), adk.untilNamed('session')]);
    const id = await ask(server, stream, 'locate user');
    await post(server, { tool_result: { id, result: 'in Berlin', images: [png] } });
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect(stream.named('tool_result')).toEqual([
      { id, name: 'locate_user', result: { result: 'in Berlin' }, images: [png] },
    ]);
    await adk.until('the picture', () =>
      adk.text.includes(`"inlineData":{"mimeType":"image/png","data":"${png.data}"`),
    );
    await agentscope.until('the picture', () =>
      agentscope.text.includes(`"media_type":"image/png","data":"${png.data}"`),
    );
    const late = await openStream(`${server.url}/events/me?since=unknown.1`);
    const { turns } = await late.untilNamed('reset');
    expect(turns.at(-1)?.tools).toMatchObject([{ id, state: 'done', pictures: 1 }]);
    expect(late.text).not.toContain(png.data);
  });

  test.each<[string, unknown, RegExp]>([
    ['that are too many', Array(5).fill(png), /at most 4 pictures/],
    [
      'that are too large together',
      Array(2).fill({ ...png, data: picture('image/png', 600_000) }),
      /at most 1048576 bytes/,
    ],
    ['of which one is far too large', [{ ...png, data: picture('image/png', 3_000_000) }], /at most 1048576 bytes/],
    ['of which one is a PDF', [{ mime_type: 'application/pdf', data: 'JVBERi0=' }], /not application\/pdf/],
    ['of which one is a script', [{ mime_type: 'image/svg+xml', data: 'PHN2Zy8+' }], /not image\/svg/],
    ['of which one lies about its type', [{ ...png, mime_type: 'image/jpeg' }], /image\/png/],
    ['that are nested', [[png]], /must be/],
  ])('%s are refused with the reason, and the call stays open', async (_what, images, reason) => {
    const { server, stream, id } = await openCall();
    const refused = await post(server, { tool_result: { id, result: 'x', images } });
    expect(refused.status).toBe(400);
    expect(bodyOf(refused)).toMatchObject({ code: 'malformed_item', error: expect.stringMatching(reason) });
    await post(server, resultItem(id));
    expect(await stream.nextAnswer()).toContain('in Berlin');
    expect(server.upstream?.violations).toEqual([]);
  });
});
