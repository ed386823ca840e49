import { expect, test } from '@jest/globals';
import { say } from '../http/requests.ts';
import { textOf } from '../http/sse-client.ts';
import { waitFor } from '../http/test-server.ts';
import { listen, openOracle } from './slow-tool.ts';

test('pain 2: if the connection closes with 1011 while a tool runs, the call is cancelled and the question is asked again and answered', async () => {
  // The second message of the client is what the microphone sends while the tool runs.
  const { calls, server, stream } = await openOracle([
    [{ at: { heard: 2 }, do: { close: 1011, reason: 'Internal error encountered.' } }],
  ]);
  await say(server, 'ask the oracle');
  const first = await waitFor('the call', () => calls[0]);
  await listen(server);
  const second = await waitFor('the call, made anew', () => calls[1]);
  expect(first.context.signal.aborted).toBe(true);
  expect(stream.named('tool_cancel')).toEqual([{ id: first.context.callId }]);
  first.finish('too late');
  second.finish('forty-two');
  await stream.until('the answer', () => textOf(stream.messages).includes('forty-two'));
  expect(textOf(stream.messages)).not.toContain('too late');
  expect(stream.named('failure')).toEqual([]);
});

test('pain 2: if the connection closes with 1011 after a tool has answered, the model receives the result on the new connection', async () => {
  const { calls, server, stream } = await openOracle([
    [{ at: { frame: 1 }, do: { close: 1011, reason: 'Internal error encountered.' } }],
  ]);
  await say(server, 'ask the oracle');
  (await waitFor('the call', () => calls[0])).finish('forty-two');
  await stream.nextTurn();
  expect(await stream.nextAnswer()).toBe('The tool answered: forty-two');
  expect(stream.named('tool_call')).toHaveLength(1);
  expect(stream.named('failure')).toEqual([]);
});

test('pain 3: audio of the microphone is sent while a tool runs, and the tool result is sent', async () => {
  const { calls, server, stream } = await openOracle();
  await say(server, 'ask the oracle');
  const call = await waitFor('the call', () => calls[0]);
  for (let chunks = 0; chunks < 10; chunks += 1) await listen(server);
  expect(call.context.signal.aborted).toBe(false);
  call.finish('forty-two');
  await stream.until('the answer', () => textOf(stream.messages).includes('forty-two'));
  expect(stream.named('failure')).toEqual([]);
  expect(server.upstream?.setups).toHaveLength(1);
});
