import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/callbacks/agent.ts';
import { CALLBACK_OPTIONS } from '../../src/agent/callbacks.ts';
import { say } from '../http/requests.ts';
import { openStream, textOf } from '../http/sse-client.ts';
import { AS_SHIPPED, startTestServer } from '../http/test-server.ts';

const readRoot = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = await readRoot('docs/callbacks.md');

test('the agent of docs/callbacks.md is that of examples/callbacks, and does offline what the page says', async () => {
  const [, , ...code] = (await readRoot('examples/callbacks/agent.ts')).trimEnd().split('\n');
  expect(page).toContain(code.join('\n'));
  const server = await startTestServer(AS_SHIPPED, { agent: rootAgent });
  const stream = await openStream(`${server.url}/events/me?is_audio=true`);
  await stream.untilNamed('session');
  const ask = async (text: string) => {
    await say(server, text);
    return textOf(await stream.nextTurn());
  };
  expect(await ask('count to ten')).toMatch(/One, two.*That is enough\.$/);
  expect(await ask('what is the password')).toBe('I do not talk about passwords.');
  for (const text of ['open door', 'open door', 'open door']) await ask(text);
  expect(stream.named('tool_result')).toMatchObject([
    { result: { open: true } },
    { result: { open: true } },
    { error: 'open_door may be called twice in a conversation' },
  ]);
  expect(server.upstream?.violations).toEqual([]);
});

test('docs/callbacks.md describes each callback, and when it fails', () => {
  for (const name of CALLBACK_OPTIONS) expect(page.split(`\`${name}\``).length).toBeGreaterThan(2);
});
