import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/multi-agent/agent.ts';
import { say } from '../http/requests.ts';
import { openStream } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

async function open() {
  const server = await startTestServer({}, { agent: rootAgent });
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  return { server, stream };
}

test('the agents of examples/multi-agent hand over offline: to the one that knows bills, and back to the desk', async () => {
  const { server, stream } = await open();
  await say(server, 'Why is my bill so high?');
  expect(await stream.nextAnswer()).toContain('calls abroad');
  await say(server, 'back to the desk');
  await stream.nextAnswer();
  expect(stream.named('tool_call').map(({ name, args }) => [name, args])).toEqual([
    ['transfer_to_agent', { agent_name: 'billing' }],
    ['read_bill', {}],
    ['transfer_to_agent', { agent_name: 'desk' }],
  ]);
  expect(stream.named('agent')).toEqual([{ name: 'billing' }, { name: 'desk' }]);
  expect(server.upstream?.violations).toEqual([]);
});

test('the order of examples/multi-agent is taken in two steps, and ends the live session', async () => {
  const { server, stream } = await open();
  await say(server, 'I want to order a new phone');
  await stream.nextAnswer();
  await say(server, 'my task is completed');
  await stream.until('the second step', () => stream.named('agent').at(-1)?.name === 'confirm');
  const late = await openStream(`${server.url}/events/me?audio=none`);
  expect(await late.untilNamed('session')).toMatchObject({ agent: 'confirm' });
  await stream.nextAnswer();
  await say(server, 'this task is completed');
  await stream.untilNamed('end');
  expect(stream.named('end')).toEqual([{ reason: 'agent_ended' }]);
});

test('the desk of examples/multi-agent hangs up after its last words', async () => {
  const { server, stream } = await open();
  await say(server, 'hang up');
  expect(await stream.nextAnswer()).toContain('the call ends after your next words');
  await stream.untilNamed('end');
  expect(stream.named('end')).toEqual([{ reason: 'agent_ended' }]);
});
