import { expect, test } from '@jest/globals';
import { fromAdkRunner } from '../../src/agent/adk/from-adk-runner.ts';
import { ScriptedAdkRunner } from '../agent/adk/scripted-adk-runner.ts';
import { post, say } from './requests.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { startTestServer, type TestServer, waitFor } from './test-server.ts';

interface Conversation {
  readonly server: TestServer;
  readonly adk: ScriptedAdkRunner;
  readonly stream: SseClient;
}

test('a request that a runner of ADK cannot carry out is refused with 422 and a hint, and the conversation continues', async () => {
  const { server, adk } = await converse();
  const run = await adk.run();
  const refused = await post(server, { interrupt: { played_ms: 100 } });
  expect([refused.status, JSON.parse(refused.text)]).toEqual([
    422,
    {
      error: "ADK's Runner cannot stop a reply",
      code: 'not_supported',
      retry: false,
      hint: 'speak: a model that detects speech stops when it hears the user',
    },
  ]);
  const partial = { content: { parts: [{ text: 'what is' }] }, partial: true };
  expect((await post(server, partial)).status).toBe(422);
  // The first item alone would have been accepted.
  expect((await post(server, [{ mime_type: 'text/plain', data: 'hello' }, { interrupt: {} }])).status).toBe(422);
  await say(server, 'hello');
  await waitFor('the message', () => run.sent.length === 1);
  expect(run.sent).toEqual([{ content: { role: 'user', parts: [{ text: 'hello' }] } }]);
});

test('a connection of ADK that is lost in a reply ends the reply, and the failure says that nothing is resumed', async () => {
  const { server, adk, stream } = await converse();
  const run = await adk.run();
  run.yield({ content: { role: 'model', parts: [{ text: 'One,' }] }, partial: true });
  await stream.until('the reply', () => stream.messages.length === 1);
  run.end();
  const failure = await stream.untilNamed('failure');
  expect(failure).toMatchObject({ code: 'model_closed', retry: true });
  expect(failure.hint).toContain("ADK's Runner resumes none");
  expect(stream.messages).toEqual([
    { mime_type: 'text/plain', data: 'One,' },
    { turn_complete: null, interrupted: true },
    { turn_complete: true, interrupted: null },
  ]);

  await say(server, 'go on');
  const next = await adk.run(2);
  next.connect();
  await waitFor('the message', () => next.sent.length === 1);
});

test('a setting that ADK, or its model, does not have is refused before a run starts', async () => {
  const server = await startTestServer({}, { runner: fromAdkRunner(new ScriptedAdkRunner()), emulator: 'none' });
  const answer = await fetch(`${server.url}/events/me?affective_dialog=true`);
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'invalid_run_config' }]);
});

test('a handle with which ADK resumes reaches no client', async () => {
  const { adk, stream } = await converse();
  const run = await adk.run();
  run.yield({ liveSessionResumptionUpdate: { newHandle: 'a-secret-handle', resumable: true } });
  run.yield({ turnComplete: true });
  await stream.nextTurn();
  expect(stream.text).not.toContain('a-secret-handle');
});

test('what the user types and ADK answers is in the conversation that a client of a later session receives', async () => {
  const { server, adk, stream } = await converse();
  const run = await adk.run();
  await say(server, 'hello');
  await waitFor('the message', () => run.sent.length === 1);
  run.yield({ outputTranscription: { text: 'Hi', finished: false }, partial: true });
  run.yield({ outputTranscription: { text: 'Hi', finished: true }, partial: false });
  run.yield({ turnComplete: true });
  await stream.nextTurn();
  await post(server, { close: true });
  await stream.untilNamed('end');

  const later = await openStream(`${server.url}/events/me?since=unknown.1`);
  expect(await later.untilNamed('reset')).toMatchObject({
    turns: [
      { role: 'user', text: 'hello' },
      { role: 'model', text: 'Hi' },
    ],
  });
});

async function converse(): Promise<Conversation> {
  const adk = new ScriptedAdkRunner();
  const server = await startTestServer({}, { runner: fromAdkRunner(adk), emulator: 'none' });
  const stream = await openStream(`${server.url}/events/me`);
  const run = await adk.run();
  run.connect();
  await stream.until('the connection', () => stream.named('status').some(({ upstream }) => upstream === 'ready'));
  return { server, adk, stream };
}
