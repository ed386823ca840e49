import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/mcp-tools/agent.ts';
import { post, say } from '../http/requests.ts';
import { openStream } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

test('the agent of examples/mcp-tools answers offline with the tools of its MCP server, and asks before it clears the list', async () => {
  const server = await startTestServer({}, { agent: rootAgent });
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  await say(server, 'show shopping list');
  expect(await stream.nextAnswer()).toContain('bread');
  await say(server, 'clear shopping list');
  const { id } = await stream.until('the question', () => stream.named('tool_call').find(({ confirm }) => confirm));
  await post(server, { tool_confirm: { id, ok: true } });
  expect(await stream.nextAnswer()).toContain('The list is empty');
  expect(server.upstream?.violations).toEqual([]);
});
