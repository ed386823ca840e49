import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import type { Scenario } from '../../src/emulator/scenario.ts';
import { createSqliteStore } from '../../src/store/sql/sqlite-store.ts';
import { textEvent } from '../store/events.ts';
import { exchange, say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { afterTest, startTestServer, temporaryDirectory } from './test-server.ts';

const KEY = { appName: 'agent', userId: 'me', sessionId: 'default' };
const agent = new Agent({ name: 'agent', instruction: 'Be brief.' });

/** Talks with a server, and ends it. The provider and the database stay. */
async function talkAndStop(scenario: Scenario = [], secret = 'a secret') {
  const upstream = await startGeminiEmulator({ pace: 50, strict: true, scenario });
  afterTest(() => upstream.close());
  const file = join(await temporaryDirectory(), 'conversations.db');
  const environment = {
    DATABASE_URL: `sqlite:${file}`,
    RESUMPTION_SECRET: secret,
    GOOGLE_GEMINI_BASE_URL: upstream.url,
    DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
  };
  const server = await startTestServer(environment, { agent, emulator: 'none' });
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  await say(server, 'count to two');
  await stream.nextAnswer();
  await server.close();
  return { upstream, file, environment };
}

/** Starts a server again, and asks it what it knows. */
async function returnTo(environment: Record<string, string>, options: { readonly agent: Agent } = { agent }) {
  const server = await startTestServer(environment, { ...options, emulator: 'none' });
  const stream = await openStream(`${server.url}/events/me?audio=none`, { 'last-event-id': 'earlier.1' });
  await stream.untilNamed('reset');
  return { server, stream };
}

type Setup = { readonly sessionResumption?: { readonly handle?: string } };
const listHandles = (setups: readonly unknown[]) =>
  (setups as readonly Setup[]).map(({ sessionResumption }) => sessionResumption?.handle !== undefined);

/** Texts of the conversation, as it is exported. */
async function listTexts(server: Parameters<typeof say>[0]): Promise<string[]> {
  const { text } = await exchange(server, '/sessions/me/default');
  const { events } = JSON.parse(text) as { events: ReturnType<typeof textEvent>[] };
  return events.flatMap(({ content }) => content?.parts?.[0]?.text ?? []);
}

describe('after a restart', () => {
  test('the session of the provider is resumed with the stored handle: nothing is told again, lost or doubled', async () => {
    const { upstream, environment } = await talkAndStop();
    const { server, stream } = await returnTo(environment);
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to two');
    expect(stream.named('status').some(({ upstream: state }) => state === 'resumed')).toBe(true);
    expect(listHandles(upstream.setups)).toEqual([false, true]);
    expect(await listTexts(server)).toEqual([
      ...['count to two', 'One, two.'],
      ...['what did I say?', 'You said: count to two'],
    ]);
    await server.close();
    const again = await returnTo(environment);
    await say(again.server, 'what did I say?');
    expect(await again.stream.nextAnswer()).toMatch(/^You said: /);
    expect(listHandles(upstream.setups)).toEqual([false, true, true]);
    expect(upstream.violations).toEqual([]);
  });

  test('a handle that the provider refuses is given up, and the provider is told the conversation', async () => {
    const { upstream, environment } = await talkAndStop([[], [{ at: 'setup', do: 'refuse handle' }]]);
    const { server, stream } = await returnTo(environment);
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to two');
    expect(listHandles(upstream.setups)).toEqual([false, true, false]);
    expect(await listTexts(server)).toHaveLength(4);
  });

  test.each<[string, Record<string, string>, Agent]>([
    ['another instruction', {}, new Agent({ name: 'agent', instruction: 'Be long.' })],
    ['another model', { DEMO_AGENT_MODEL: 'gemini-live-2.5-flash' }, agent],
    ['another secret', { RESUMPTION_SECRET: 'another secret' }, agent],
    ['no secret', { RESUMPTION_SECRET: '' }, agent],
  ])('of a server that has %s, the provider is told the conversation', async (_what, changes, other) => {
    const { upstream, environment } = await talkAndStop();
    const { server, stream } = await returnTo({ ...environment, ...changes }, { agent: other });
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to two');
    expect(listHandles(upstream.setups)).toEqual([false, false]);
  });

  test('a question that the session of the provider does not have is answered once', async () => {
    const { upstream, file, environment } = await talkAndStop();
    const store = createSqliteStore({ file, handleSecret: 'a secret' });
    await store.commit(KEY, { events: [{ ...textEvent('count to three', 'user'), timestamp: Date.now() / 1000 }] });
    await store.close();
    const { server, stream } = await returnTo(environment);
    expect(await stream.nextAnswer()).toBe('One, two, three.');
    expect(listHandles(upstream.setups)).toEqual([false, false]);
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to three');
  });
});

test('without a secret no handle is in the database', async () => {
  const { file } = await talkAndStop([], '');
  const store = createSqliteStore({ file, handleSecret: 'a secret' });
  afterTest(() => store.close());
  expect((await store.load(KEY))?.resumption).toBeUndefined();
});
