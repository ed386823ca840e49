import { describe, expect, test } from '@jest/globals';
import { Agent, type AgentOptions } from '../../src/agent/agent.ts';
import type { LlmRequest, LlmResponse } from '../../src/agent/callbacks.ts';
import { tool } from '../../src/agent/tool.ts';
import { post, say } from '../http/requests.ts';
import { utterance } from '../http/speech.ts';
import { openStream, type SseClient, textOf } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

const NATIVE = { DEMO_AGENT_MODEL: 'gemini-2.5-flash-native-audio-preview-12-2025' };
const INTERRUPTED = { turn_complete: null, interrupted: true };
const TURN_COMPLETE = { turn_complete: true, interrupted: null };
const replace = (text: string): LlmResponse => ({ content: { role: 'model', parts: [{ text }] } });
const isAudio = ({ mime_type }: SseClient['messages'][number]) => mime_type === 'audio/pcm';
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(callbacks: Partial<AgentOptions>, pace = 50) {
  const agent = new Agent({ name: 'assistant', ...callbacks });
  const server = await startTestServer(NATIVE, { agent, emulator: { pace } });
  const stream = await openStream(`${server.url}/events/me?is_audio=true`);
  await stream.untilNamed('session');
  return { server, stream };
}

describe('pain 19: "callbacks are skipped in live mode":', () => {
  test('an output guardrail that thinks for a while stops speech that is already sounding: no audio follows interrupted, and the next question is answered', async () => {
    const seen: string[] = [];
    const { server, stream } = await open(
      {
        afterModelCallback: async ({ response }) => {
          const text = response.outputTranscription?.text ?? '';
          seen.push(text);
          await wait(50);
          return text.includes('three') ? replace('I do not count that far.') : undefined;
        },
      },
      1.1,
    );
    await say(server, 'count to thirty');
    const turn = await stream.nextTurn();
    const cut = turn.findIndex(({ interrupted }) => interrupted);
    expect(turn.slice(0, cut).some(isAudio)).toBe(true);
    expect(turn.slice(cut)).toEqual([
      INTERRUPTED,
      { mime_type: 'text/plain', data: 'I do not count that far.' },
      TURN_COMPLETE,
    ]);
    expect(textOf(turn)).not.toContain('thirty');
    expect(seen.length).toBeGreaterThan(1);
    await say(server, 'thank you');
    const next = await stream.nextTurn();
    expect(textOf(next)).toContain('You are welcome.');
    expect(next.some(isAudio)).toBe(true);
    expect(server.upstream?.violations).toEqual([]);
  });

  test('what an output guardrail has stopped is not part of the conversation', async () => {
    const { server, stream } = await open({
      afterModelCallback: ({ response }) =>
        response.outputTranscription?.text.includes('three') ? replace('Enough.') : undefined,
    });
    await say(server, 'count to ten');
    await stream.nextTurn();
    const late = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': 'nonsense' });
    expect((await late.untilNamed('reset')).turns).toMatchObject([
      { role: 'user', text: 'count to ten' },
      { role: 'model', text: 'Enough.' },
    ]);
  });

  test('a guardrail for what the user says sees typed text before the model does, and what it blocks is never sent', async () => {
    const requests: LlmRequest[] = [];
    const { server, stream } = await open({
      beforeModelCallback: ({ request }) => {
        requests.push(request);
        return JSON.stringify(request).includes('to ten') ? replace('Ask me something else.') : undefined;
      },
    });
    await say(server, 'count to ten');
    expect(await stream.nextTurn()).toEqual([
      { mime_type: 'text/plain', data: 'Ask me something else.' },
      TURN_COMPLETE,
    ]);
    await say(server, 'count to two');
    expect(textOf(await stream.nextTurn())).toContain('One, two.');
    expect(requests.map(({ contents }) => contents[0]?.parts?.[0]?.text)).toEqual(['count to ten', 'count to two']);
  });

  test('the same guardrail sees speech, whose reply stops', async () => {
    const { server, stream } = await open(
      {
        beforeModelCallback: async ({ request }) => {
          await wait(10);
          return request.contents[0]?.parts?.[0]?.text ? replace('I did not hear that.') : undefined;
        },
      },
      1.5,
    );
    await post(server, { mime_type: 'audio/pcm', data: utterance().toString('base64') });
    const turn = await stream.nextTurn();
    expect(turn.slice(-2)).toEqual([{ mime_type: 'text/plain', data: 'I did not hear that.' }, TURN_COMPLETE]);
    const cut = turn.findIndex(({ interrupted }) => interrupted);
    if (cut !== -1) expect(turn.slice(cut).some(isAudio)).toBe(false);
  });

  test.each(['plain', 'adk'] as const)(
    'a guardrail that fails lets nothing through, and a client of the dialect %s learns that the agent has failed, without the reason',
    async (dialect) => {
      const agent = new Agent({
        name: 'assistant',
        beforeModelCallback: () => {
          throw new Error('a secret of the author');
        },
      });
      const server = await startTestServer(NATIVE, { agent });
      const stream = await openStream(`${server.url}/events/me?dialect=${dialect}`);
      await stream.untilNamed('session');
      await say(server, 'count to ten');
      await stream.until('the failure', () => /agent_failed|CALLBACK_FAILED/.test(stream.text));
      expect(stream.text).toContain('The agent failed');
      expect(stream.text).not.toMatch(/secret|One, two/);
      expect(server.logs.join('')).toContain('a secret of the author');
    },
  );

  test('an agent that answers before its run ends the live session, which a microphone does not start again', async () => {
    let calls = 0;
    const { server, stream } = await open({
      beforeAgentCallback: () => {
        calls += 1;
        return { parts: [{ text: 'We are closed.' }] };
      },
    });
    expect(await stream.untilNamed('end')).toMatchObject({ reason: 'agent_ended' });
    expect(textOf(stream.messages)).toBe('We are closed.');
    expect((await post(server, { mime_type: 'audio/pcm', data: utterance().toString('base64') })).status).toBe(404);
    expect(calls).toBe(1);
  });

  test('callbacks around a tool, and around the agent, are called', async () => {
    const called: string[] = [];
    const note = (name: string) => () => void called.push(name) as undefined;
    const { server, stream } = await open({
      tools: [tool({ name: 'roll_die', description: 'Rolls one die.', execute: () => called.push('tool') })],
      beforeAgentCallback: note('before agent'),
      beforeToolCallback: note('before tool'),
      afterToolCallback: note('after tool'),
      afterAgentCallback: note('after agent'),
    });
    await say(server, 'roll a die');
    await stream.nextTurn();
    await post(server, { close: true });
    await stream.untilNamed('end');
    expect(called).toEqual(['before agent', 'before tool', 'tool', 'after tool', 'after agent']);
  });
});
