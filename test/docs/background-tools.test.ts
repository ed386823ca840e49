import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/background-tools/agent.ts';
import { PENDING_RESPONSE } from '../../src/agent/tool.ts';
import { post, say } from '../http/requests.ts';
import { openStream, textOf } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

const readRoot = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = await readRoot('docs/background-tools.md');

test('the agent of docs/background-tools.md is that of examples/background-tools', async () => {
  const [, , ...code] = (await readRoot('examples/background-tools/agent.ts')).split('\n');
  expect(page).toContain(code.join('\n').trim());
  expect(page).toContain(JSON.stringify(PENDING_RESPONSE));
});

test('the agent of examples/background-tools reports prices until they are stopped, books a table later, and is told of a refund', async () => {
  const server = await startTestServer({}, { agent: rootAgent });
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  await say(server, 'watch price');
  await stream.until('a price', () => textOf(stream.messages).includes('{"price":300}'));
  await say(server, 'stop streaming {"function_name":"watch_price"}');
  await stream.until('the end', () => textOf(stream.messages).includes('Successfully stopped'));
  expect(stream.named('tool_cancel')).toHaveLength(1);

  await say(server, 'book table');
  await stream.until('the table', () => textOf(stream.messages).includes('by the window'));

  await say(server, 'request refund');
  const { id } = await stream.until('the call', () => stream.named('tool_call').find((each) => each.long_running));
  await stream.until('the first response', () => textOf(stream.messages).includes('A colleague was asked.'));
  const [, example = ''] = page.match(/```json\n(.*)\n```/) ?? [];
  expect(await post(server, JSON.parse(example.replace('call-7', id)))).toMatchObject({ status: 200 });
  await stream.until('the refund', () => textOf(stream.messages).includes('"granted":true'));
  expect(server.upstream?.violations).toEqual([]);
});
