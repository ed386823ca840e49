import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Agent } from '../../src/agent/agent.ts';
import { Runner } from '../../src/agent/run/runner.ts';
import { tool } from '../../src/agent/tool.ts';
import { readConfig } from '../../src/config.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import { startServer } from '../../src/server.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { openStream } from './sse-client.ts';
import { afterTest } from './test-server.ts';

const refund = tool({
  name: 'ask_refund',
  description: 'Asks a colleague.',
  isLongRunning: true,
  execute: () => ({ result: 'ticket seven' }),
});

async function start(store: SessionStore) {
  const emulator = await startGeminiEmulator({ pace: 50, strict: true });
  afterTest(() => emulator.close());
  const agent = new Agent({ name: 'assistant', tools: [refund] });
  const runner = new Runner({ appName: 'app', agent, model: modelAt(emulator.url), store });
  const config = readConfig({ DATABASE_URL: 'memory:', PORT: '0', SHUTDOWN_GRACE_MS: '0' });
  const server = await startServer({ runner, config, logger: pino({ level: 'silent' }) });
  afterTest(() => server.close());
  return { emulator, server };
}

/** Sends a JSON body. @returns the status and what the answer says */
async function post({ url }: { readonly url: string }, body: unknown, user = 'me'): Promise<Record<string, unknown>> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}/send/${user}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { ...((await answer.json()) as object), status: answer.status };
}

const resultItem = (id: string, result: unknown = 'granted') => ({ tool_result: { id, result } });

test('the result of a long-running call that arrives after a restart of the server is accepted once, shown, and told to the model', async () => {
  const store = createMemoryStore();
  const first = await start(store);
  const before = await openStream(`${first.server.url}/events/me`);
  await before.untilNamed('session');
  await post(first.server, { mime_type: 'text/plain', data: 'ask refund' });
  const { id, long_running: isLongRunning } = await before.untilNamed('tool_call');
  expect(isLongRunning).toBe(true);
  expect(await before.nextAnswer()).toContain('ticket seven');
  expect(before.named('tool_result')).toEqual([
    { id, name: 'ask_refund', result: { result: 'ticket seven' }, will_continue: true },
  ]);
  await first.server.close();

  const second = await start(store);
  const after = await openStream(`${second.server.url}/events/me`, { 'Last-Event-ID': 'nonsense' });
  const { turns } = await after.untilNamed('reset');
  const result = { result: 'ticket seven' };
  expect(turns[1]?.tools).toEqual([{ id, name: 'ask_refund', args: {}, state: 'pending', result }]);
  expect(await post(second.server, resultItem(id))).toEqual({ status: 200 });
  expect(await after.nextAnswer()).toContain('granted');
  expect(after.named('tool_result')).toEqual([{ id, name: 'ask_refund', result: { result: 'granted' } }]);
  expect(await post(second.server, resultItem(id, 'again'))).toMatchObject({
    status: 409,
    code: 'tool_call_not_open',
    error: `The call "${id}" has its result already`,
  });
  expect(second.emulator.violations).toEqual([]);
});

test('the result of a long-running call of another user, of none, or of a call that has ended is refused with the reason', async () => {
  const store = createMemoryStore();
  const { server } = await start(store);
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('session');
  await post(server, { mime_type: 'text/plain', data: 'ask refund' });
  const { id } = await stream.untilNamed('tool_call');
  await stream.nextAnswer();
  const foreign = await openStream(`${server.url}/events/eve`);
  await foreign.untilNamed('session');
  expect(await post(server, resultItem(id), 'eve')).toMatchObject({
    status: 409,
    code: 'tool_call_not_open',
  });
  expect(await post(server, resultItem('none'))).toMatchObject({ status: 409, code: 'tool_call_not_open' });
  await post(server, resultItem(id));
  await stream.nextAnswer();
  expect(await post(server, resultItem(id))).toMatchObject({ status: 409, code: 'tool_call_not_open' });
});

test('the result of a long-running call that arrives while the store still loads the conversation is not lost', async () => {
  const store = createMemoryStore();
  const first = await start(store);
  const before = await openStream(`${first.server.url}/events/me`);
  await before.untilNamed('session');
  await post(first.server, { mime_type: 'text/plain', data: 'ask refund' });
  const { id } = await before.untilNamed('tool_call');
  await before.nextAnswer();
  await first.server.close();

  const loading = Promise.withResolvers<void>();
  const load: SessionStore['load'] = async (...given) => {
    await loading.promise;
    return store.load(...given);
  };
  const slow = Object.assign(createMemoryStore(), { load });
  const second = await start(slow);
  const after = await openStream(`${second.server.url}/events/me`);
  await after.untilNamed('session');
  expect(await post(second.server, resultItem(id))).toEqual({ status: 200 });
  loading.resolve();
  expect(await after.nextAnswer()).toContain('granted');
  expect(after.named('tool_result')).toEqual([{ id, name: 'ask_refund', result: { result: 'granted' } }]);
});
