import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/state/agent.ts';
import { STATE_LIMITS } from '../../src/wire/state-delta.ts';
import { post, say } from '../http/requests.ts';
import { openStream } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

const readRoot = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = await readRoot('docs/state.md');

test('the agent of docs/state.md is that of examples/state, and counts the visits of a user across conversations', async () => {
  const [, , ...code] = (await readRoot('examples/state/agent.ts')).split('\n');
  expect(page).toContain(code.join('\n'));
  const server = await startTestServer({}, { agent: rootAgent });
  for (const [index, session] of ['one', 'two'].entries()) {
    const stream = await openStream(`${server.url}/events/me/${session}`);
    await stream.untilNamed('session');
    await post(server, { mime_type: 'text/plain', data: 'count visit' }, `/send/me/${session}`);
    expect((await stream.untilNamed('tool_result')).result).toEqual({ visits: index + 1 });
  }
});

test('the state_delta of docs/state.md is accepted by its agent, and no other key is', async () => {
  const server = await startTestServer({}, { agent: rootAgent });
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('session');
  const [, example = ''] = page.match(/```json\n(.*)\n```/) ?? [];
  expect((await post(server, JSON.parse(example))).status).toBe(200);
  expect((await post(server, { state_delta: { 'user:visits': 100 } })).status).toBe(403);
  await say(server, 'count visit');
  expect((await stream.untilNamed('tool_result')).result).toEqual({ visits: 1 });
});

test('docs/state.md names the limits of the code', () => {
  const { keyCharacters, valueCharacters, scopeCharacters, keys } = STATE_LIMITS;
  for (const text of [
    `${keyCharacters} characters`,
    `${valueCharacters} characters`,
    `${scopeCharacters} characters`,
    `${keys} keys`,
  ]) {
    expect(page).toContain(text);
  }
});
