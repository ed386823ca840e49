import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { clientTool, tool } from '../../src/agent/tool.ts';
import { createClient } from '../../src/client/index.ts';
import { type Answer, post, say } from './requests.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer, waitFor } from './test-server.ts';

const bodyOf = ({ text }: Answer) => JSON.parse(text);
const confirmItem = (id: string, ok: unknown = true) => ({ tool_confirm: { id, ok } });

/** A server whose agent sends mail if the user agrees. `sent`: number of mails. */
async function start(environment: Record<string, string> = {}) {
  const sent = { count: 0 };
  const mail = tool({
    name: 'send_mail',
    description: 'Sends mail.',
    requireConfirmation: true,
    execute: () => {
      sent.count += 1;
      return 'sent';
    },
  });
  const locate = clientTool({ name: 'locate_user', description: 'Finds the position.', requireConfirmation: true });
  const agent = new Agent({ name: 'assistant', tools: [mail, locate] });
  const server = await startTestServer(environment, { agent });
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  return { server, stream, sent };
}

async function ask(server: TestServer, stream: SseClient, question = 'send mail'): Promise<string> {
  await say(server, question);
  return (await stream.untilNamed('tool_call')).id;
}

describe('a call that requires a confirmation', () => {
  test.each([
    'gemini-live-2.5-flash-preview',
    'gemini-2.5-flash-native-audio-preview-12-2025',
    'gemini-3.1-flash-live-preview',
    'gemini-3.8-live-extended-thinking',
  ])('runs after tool_confirm, and the model answers with its result, on %s', async (model) => {
    const { server, stream, sent } = await start({ DEMO_AGENT_MODEL: model });
    const id = await ask(server, stream);
    expect(stream.named('tool_call')).toEqual([{ id, name: 'send_mail', args: {}, where: 'server', confirm: true }]);
    expect(sent.count).toBe(0);
    expect(await post(server, confirmItem(id))).toMatchObject({ status: 200 });
    await stream.until('the answer', () => stream.text.includes('The tool answered'));
    expect(stream.named('tool_confirmed')).toEqual([{ id, ok: true }]);
    expect(stream.named('tool_result')).toEqual([{ id, name: 'send_mail', result: { result: 'sent' } }]);
    expect(sent.count).toBe(1);
    expect(server.upstream?.violations).toEqual([]);
  });

  test('does not run after a refusal: the model is told, and a second answer is refused with 409', async () => {
    const { server, stream, sent } = await start();
    const id = await ask(server, stream);
    await post(server, confirmItem(id, false));
    await stream.untilNamed('tool_result');
    expect(stream.named('tool_result')).toEqual([
      { id, name: 'send_mail', error: 'The user did not confirm the call: it did not run' },
    ]);
    const late = await post(server, confirmItem(id));
    expect([late.status, bodyOf(late).code]).toEqual([409, 'tool_call_not_open']);
    expect(sent.count).toBe(0);
  });

  test('is not answered by a result that a client makes up', async () => {
    const { server, stream } = await start();
    const id = await ask(server, stream, 'locate user');
    const forged = await post(server, { tool_result: { id, result: 'in Berlin' } });
    expect([forged.status, bodyOf(forged).error]).toEqual([409, `The call "${id}" waits for the user to confirm it`]);
    const both = await post(server, { ...confirmItem(id), tool_result: { id, result: 'in Berlin' } });
    expect(both.status).not.toBe(500);
  });

  test('is shown as waiting in a reset, and after the answer no more', async () => {
    const { server, stream } = await start();
    const id = await ask(server, stream);
    const toolOf = async () => {
      const again = await openStream(`${server.url}/events/me?audio=none&since=nowhere`);
      const { turns } = await again.untilNamed('reset');
      return turns.flatMap(({ tools = [] }) => tools);
    };
    expect(await toolOf()).toEqual([{ id, name: 'send_mail', args: {}, state: 'confirming' }]);
    await post(server, confirmItem(id));
    await stream.untilNamed('tool_result');
    await waitFor('the state', async () => (await toolOf())[0]?.state === 'done');
  });

  test('is confirmed in the words of ADK by a client of the ADK dialect', async () => {
    const { server, sent } = await start();
    const stream = await openStream(`${server.url}/events/me?dialect=adk`);
    await stream.untilNamed('session');
    await say(server, 'send mail');
    const request = await stream.until('the request', () =>
      stream.messages
        .flatMap(
          (message) =>
            (message as { content?: { parts?: { functionCall?: { id: string; name: string } }[] } }).content?.parts ??
            [],
        )
        .find(({ functionCall }) => functionCall?.name === 'adk_request_confirmation'),
    );
    const id = request.functionCall?.id ?? '';
    const respond = (response: object) =>
      post(
        server,
        { content: { parts: [{ functionResponse: { id, name: 'adk_request_confirmation', response } }] } },
        '/send/me?dialect=adk',
      );
    expect((await respond({ confirmed: 'yes' })).status).toBe(400);
    expect(sent.count).toBe(0);
    expect((await respond({ confirmed: true })).status).toBe(200);
    await stream.until('the answer', () => stream.text.includes('turnComplete'));
    expect(sent.count).toBe(1);
    expect((await respond({ confirmed: true })).status).toBe(409);
  });

  test('runs in the client of the SDK after confirmTool, not before', async () => {
    const { server } = await start();
    const client = createClient({ url: server.url, userId: 'me' });
    afterTest(() => client.close());
    let runs = 0;
    client.tool('locate_user', () => {
      runs += 1;
      return 'in Berlin';
    });
    const called = new Promise<{ id: string; confirm?: true }>((resolve) => client.on('tool_call', resolve));
    await client.send('locate user');
    const { id, confirm } = await called;
    expect([confirm, runs]).toEqual([true, 0]);
    await client.confirmTool(id, true);
    await waitFor('the result', () => runs === 1);
    expect(await client.confirmTool(id, true)).toMatchObject({ sent: false, refusal: { code: 'tool_call_not_open' } });
    expect(() => client.confirmTool(id, 'yes' as never)).toThrow(TypeError);
  });

  test.each([
    [{ tool_confirm: { ok: true } }],
    [{ tool_confirm: { id: 'c', ok: 'true' } }],
    [{ tool_confirm: { id: '', ok: true } }],
    [{ tool_confirm: { id: 'c'.repeat(513), ok: true } }],
    [{ tool_confirm: null }],
  ])('is not answered by %j, which is refused with 400', async (item) => {
    const { server, stream } = await start();
    await ask(server, stream);
    const answer = await post(server, item);
    expect([answer.status, bodyOf(answer).code]).toEqual([400, 'malformed_item']);
  });
});
