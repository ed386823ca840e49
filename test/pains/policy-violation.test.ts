import { expect, test } from '@jest/globals';
import { say } from '../http/requests.ts';
import { textOf } from '../http/sse-client.ts';
import { waitFor } from '../http/test-server.ts';
import { listen, openOracle } from './slow-tool.ts';

test('pain 3: if the connection closes with 1008 while speech and a function call overlap, the question is asked again and answered', async () => {
  const { calls, server, stream } = await openOracle([
    [
      {
        at: { heard: 2 },
        do: { close: 1008, reason: 'Operation is not implemented, or supported, or enabled.' },
      },
    ],
  ]);
  await say(server, 'ask the oracle');
  await waitFor('the call', () => calls[0]);
  await listen(server);
  (await waitFor('the call, made anew', () => calls[1])).finish('forty-two');
  await stream.until('the answer', () => textOf(stream.messages).includes('forty-two'));
  expect(stream.named('failure')).toEqual([]);
});
