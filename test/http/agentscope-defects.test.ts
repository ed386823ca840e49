/**
 * Documented defects of AgentScope 1.0.21, which its pages meet here no more. `ws-agentscope.test.ts` and the tests of the dialect have the others: a
 * picture in `data`, a format of `encoding` and `sample_rate`, messages that its server drops, calls without arguments, results in blocks, speech that
 * is not resampled, transcripts that never end or are shown twice, and a WebSocket that one bad message ends.
 */
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { clientTool } from '../../src/agent/tool.ts';
import { type ScriptedGeminiOptions, startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { isType, openAgentScope, textOf, transcriptOf } from './agentscope.ts';
import { afterTest, startTestServer } from './test-server.ts';

const isDone = isType('agent_response_done');

/** A page of AgentScope in front of a provider that does what the test says. */
async function openPage(environment: Record<string, string> = {}, options: ScriptedGeminiOptions = {}) {
  const gemini = await startScriptedGemini(options);
  afterTest(() => gemini.close());
  const tools = [clientTool({ name: 'locate', description: 'Returns the place of the user.' })];
  const agent = new Agent({ name: 'helper', tools, acceptsPersona: true });
  const server = await startTestServer(
    { GOOGLE_GEMINI_BASE_URL: gemini.url, ...environment },
    { agent, emulator: 'none' },
  );
  const page = await openAgentScope(server);
  return { gemini, server, page, model: await gemini.connection(0) };
}

test('everything that one message of the provider has arrives, not its first part alone', async () => {
  const { page, model } = await openPage();
  const data = Buffer.alloc(480).toString('base64');
  const part = { inlineData: { mimeType: 'audio/pcm;rate=24000', data } };
  model.send({
    serverContent: {
      modelTurn: { parts: [part, part] },
      inputTranscription: { text: 'Hi' },
      outputTranscription: { text: 'Hello.' },
      generationComplete: true,
      turnComplete: true,
    },
    usageMetadata: { promptTokenCount: 5, responseTokenCount: 6, totalTokenCount: 11 },
  });
  expect(await page.until(isDone)).toMatchObject({ input_tokens: 5, output_tokens: 6 });
  const types = page.messages.map(({ type }) => type);
  expect(types.filter((type) => type === 'agent_response_audio_delta')).toHaveLength(2);
  expect(types).toContain('agent_input_transcription_done');
  expect(transcriptOf(page)).toBe('Hello.');
});

test('a call that the provider cancels is cancelled: its late result is refused, and the provider never gets one', async () => {
  const { page, model } = await openPage();
  model.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'locate', args: {} }] } });
  await page.until(isType('agent_response_tool_use_done'));
  model.send({ toolCallCancellation: { ids: ['c1'] } });
  model.send({ serverContent: { interrupted: true, turnComplete: true } });
  expect(await page.until(isDone)).toMatchObject({ metadata: { interrupted: 'true' } });
  page.send({ type: 'client_tool_result', session_id: 'session1', id: 'c1', name: 'locate', output: 'Berlin' });
  expect(await page.until(isType('agent_error'))).toMatchObject({ code: 'tool_call_not_open' });
  page.send(textOf('hello'));
  await until(() => model.texts.some((text) => text.includes('hello')));
  expect(model.texts.filter((text) => text.includes('toolResponse'))).toEqual([]);
});

test('the connection to the provider is closed when the page has left, and the page can come back without a reload', async () => {
  const { gemini, server, page } = await openPage({ LINGER_MS: '100' });
  await until(() => gemini.open === 1);
  page.socket.close();
  await until(() => gemini.open === 0);
  const again = await openAgentScope(server);
  const model = await gemini.connection(1);
  await again.until(isType('agent_ready'));
  model.transcribe('Welcome back.');
  model.completeTurn();
  await again.until(isDone);
  expect(transcriptOf(again)).toBe('Welcome back.');
});

test('a connection that the provider closes in a reply is replaced, and the page is told how its turn went', async () => {
  const { gemini, page, model } = await openPage();
  page.send(textOf('count'));
  await until(() => model.texts.some((text) => text.includes('count')));
  model.transcribe('One,');
  await page.until(isType('agent_response_audio_transcript_delta'));
  model.closeWith(1011);
  expect(await page.until(isDone)).toMatchObject({ metadata: { interrupted: 'true' } });
  const next = await gemini.connection(1);
  await until(() => next.texts.some((text) => text.includes('count')));
  next.transcribe('One, two.');
  next.completeTurn();
  await page.until(isDone, page.messages.findIndex(isDone) + 1);
  expect(transcriptOf(page)).toBe('One,One, two.');
});

test('a provider that closes for good is told in an agent_error and agent_ended, and the next message tries again', async () => {
  const refuseAll: ScriptedGeminiOptions = {
    onSetup: (connection, index) => {
      if (index === 0) connection.completeSetup();
      else connection.closeWith(1008, 'API key expired. Please renew the API key.');
    },
  };
  const { gemini, page, model } = await openPage({}, refuseAll);
  const closed = once(page.socket, 'close').then(() => 'closed');
  model.closeWith(1008, 'API key expired. Please renew the API key.');
  expect(await page.until(isType('agent_error'))).toMatchObject({
    error_type: 'model_error',
    code: 'model_key_refused',
    message: expect.stringContaining('GOOGLE_API_KEY'),
  });
  await page.until(isType('agent_ended'));
  const { length } = gemini.connections;
  page.send(textOf('hello'));
  await until(() => gemini.connections.length > length);
  expect(await Promise.race([closed, Promise.resolve('open')])).toBe('open');
});
