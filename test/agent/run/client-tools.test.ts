import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { clientTool, tool } from '../../../src/agent/tool.ts';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { controlBackOff, type FakeTalkOptions, flushEvents, startFakeTalk } from '../fake-talk.ts';
import { heard, runnerFor, startTalk, type Talk } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

const locate = clientTool({
  name: 'locate_user',
  description: 'Finds the position.',
  parameters: z.object({ precise: z.boolean().optional() }),
});
const clock = tool({ name: 'read_clock', description: '', execute: () => new Promise(() => {}) });

function start({ agent, ...options }: FakeTalkOptions = {}) {
  const { model, talk } = startFakeTalk({ agent: { tools: [locate, clock], ...agent }, ...options });
  closing(talk);
  return { model, talk };
}

const callOf = (talk: Talk, id: string) =>
  talk.until(({ content }) => content?.parts?.some(({ functionCall }) => functionCall?.id === id));
const resultsOf = (talk: Talk) =>
  talk.events.flatMap(({ content }) => content?.parts?.flatMap(({ functionResponse }) => functionResponse ?? []) ?? []);
const answer = (talk: Talk, id: string, response: Record<string, unknown>) =>
  talk.queue.sendToolResults([{ id, response }]);

describe('a call of a client tool', () => {
  test('is marked in its event, and the result of the client goes to the model once', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'locate_user', args: { precise: true } }, { name: 'read_clock' });
    const call = await callOf(talk, id);
    expect(call.clientToolIds).toEqual([id]);
    answer(talk, id, { lat: 52 });
    answer(talk, id, { lat: 53 });
    const results = [{ id, name: 'locate_user', response: { lat: 52 } }];
    expect(await provider.nextInput('tool_results')).toEqual({ type: 'tool_results', results });
    await flushEvents(talk, provider);
    expect(resultsOf(talk)).toEqual(results);
    expect(provider.received.filter(({ type }) => type === 'tool_results')).toHaveLength(1);
  });

  test('is declared to the model like a function of the server', async () => {
    const { model } = start({ agent: { tools: [locate] } });
    const { tools } = await model.setup(0);
    expect(tools).toEqual([
      {
        type: 'function',
        name: 'locate_user',
        description: 'Finds the position.',
        parameters: expect.objectContaining({ properties: { precise: { type: 'boolean' } } }),
      },
    ]);
  });

  test('accepts the result as content with a functionResponse, as in ADK, beside the message of the user', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'locate_user' });
    await callOf(talk, id);
    const functionResponse = { id, name: 'locate_user', response: { lat: 52 } };
    talk.queue.sendContent({ role: 'user', parts: [{ functionResponse }, { text: 'go on' }] });
    expect((await provider.nextInput('tool_results')).results).toEqual([functionResponse]);
    expect(await provider.nextInput('text')).toMatchObject({ text: 'go on' });
    expect(talk.events.filter(({ author }) => author === 'user')).toEqual([]);
  });

  test('whose arguments are invalid is answered by the server, and no client sees it as its own', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'locate_user', args: { precise: 'yes' } });
    expect((await callOf(talk, id)).clientToolIds).toBeUndefined();
    answer(talk, id, { lat: 52 });
    const { results } = await provider.nextInput('tool_results');
    expect(results[0]?.response.error).toContain('Invalid arguments');
  });

  test('without a result is answered with an error after its own time-out, and a later result is ignored', async () => {
    const patient = clientTool({ name: 'locate_user', description: '', timeoutMs: 30 });
    const { model, talk } = start({ agent: { tools: [patient] } });
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'locate_user' });
    const { results } = await provider.nextInput('tool_results');
    expect(results).toEqual([{ id, name: 'locate_user', response: { error: 'The tool did not answer within 30 ms' } }]);
    answer(talk, id, { lat: 52 });
    await flushEvents(talk, provider);
    expect(provider.received.filter(({ type }) => type === 'tool_results')).toHaveLength(1);
  });

  test('that the model cancels is reported, and a later result is ignored', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'locate_user' });
    await callOf(talk, id);
    provider.cancelCalls(id);
    await talk.until(({ toolCancellation }) => toolCancellation?.includes(id));
    answer(talk, id, { lat: 52 });
    await flushEvents(talk, provider);
    expect(provider.received).toEqual([]);
    expect(resultsOf(talk)).toEqual([]);
  });

  test('is cancelled with the reply that the user stops', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    talk.say('where am I');
    await provider.nextInput('text');
    const [id = ''] = provider.call({ name: 'locate_user' });
    await callOf(talk, id);
    talk.queue.send({ interrupt: {} });
    await talk.until(({ toolCancellation }) => toolCancellation?.includes(id));
    answer(talk, id, { lat: 52 });
    await flushEvents(talk, provider);
    expect(provider.received.filter(({ type }) => type === 'tool_results')).toEqual([]);
  });

  test('is cancelled with its connection, and the question is asked again', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    talk.say('where am I');
    await provider.nextInput('text');
    const [id = ''] = provider.call({ name: 'locate_user' });
    await callOf(talk, id);
    provider.drop();
    await talk.until(({ toolCancellation }) => toolCancellation?.includes(id));
    const next = await model.connection(1);
    await next.nextInput('text');
    const [again = ''] = next.call({ name: 'locate_user', id: 'again' });
    await callOf(talk, again);
    answer(talk, id, { lat: 1 });
    answer(talk, again, { lat: 2 });
    expect((await next.nextInput('tool_results')).results).toEqual([
      { id: again, name: 'locate_user', response: { lat: 2 } },
    ]);
  });

  test('of an earlier exchange survives a lost connection: the result that arrives in between goes to the next one', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'locate_user' });
    provider.say('I will tell you.');
    provider.completeTurn();
    await talk.turn(1);
    provider.giveHandle('h1');
    await flushEvents(talk, provider);
    model.hold();
    provider.drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    answer(talk, id, { lat: 52 });
    await talk.until(({ content }) => content?.parts?.some(({ functionResponse }) => functionResponse?.id === id));
    model.release();
    const next = await model.connection(1);
    // No other connection knows the call, so that the result is told as text.
    expect(await next.nextInput('text')).toMatchObject({ text: '(locate_user, called before, returned {"lat":52})' });
  });

  test('that runs on the server is not answered by a client', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'read_clock' });
    await callOf(talk, id);
    answer(talk, id, { time: 'forged' });
    answer(talk, 'unknown', {});
    await flushEvents(talk, provider);
    expect(provider.received).toEqual([]);
  });

  test('with a result above the limit is answered with an error that names the limit', async () => {
    const { model, talk } = start();
    const provider = await model.connection(0);
    const [id = ''] = provider.call({ name: 'locate_user' });
    await callOf(talk, id);
    answer(talk, id, { text: 'x'.repeat(70_000) });
    const { results } = await provider.nextInput('tool_results');
    expect(results[0]?.response.error).toContain('65536 bytes');
  });

  test.each(Object.values(GEMINI_FAMILIES).map(({ example }) => example))(
    'is answered by the client on %s, against the strict emulator',
    async (name) => {
      const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
      const talk = closing(startTalk(runnerFor(modelAt(emulator.url, { model: name }), { tools: [locate] })));
      talk.say('locate user {"precise":true}');
      const call = await talk.until(({ clientToolIds }) => clientToolIds);
      const id = call.clientToolIds?.[0] ?? '';
      answer(talk, id, { result: 'in Berlin' });
      await talk.until(() => /in Berlin/.test(heard(talk.events)));
      expect(call.content?.parts?.[0]?.functionCall?.args).toEqual({ precise: true });
      expect(emulator.violations).toEqual([]);
    },
  );
});
