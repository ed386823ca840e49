import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Agent } from '../../src/agent/agent.ts';
import { Runner } from '../../src/agent/run/runner.ts';
import { readConfig } from '../../src/config.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import { startServer } from '../../src/server.ts';
import { listTurns } from '../../src/store/conversation-turns.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import { modelAt } from '../models/gemini/gemini-model.ts';
import { loadEvents } from '../store/events.ts';
import { TroubledStore } from '../store/troubled-store.ts';
import { openStream } from './sse-client.ts';
import { afterTest, PATIENCE_MS, waitFor } from './test-server.ts';

const KEY = { appName: 'app', userId: 'ann', sessionId: 'default' };
const LIMITS = { loadMs: 50, attemptMs: 50, firstRetryMs: 10, maxRetryMs: 10, releaseMs: 50 };

/** Starts a server whose runner has this store. @param pace of the emulator: 1 is the pace of speech */
async function startWithStore(store: TroubledStore, pace = 50) {
  const emulator = await startGeminiEmulator({ pace, strict: true });
  afterTest(() => emulator.close());
  const logs: { level: number; msg: string }[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => logs.push(JSON.parse(line)) });
  const conversations = new LiveConversations(store, { logger, limits: LIMITS });
  const agent = new Agent({ name: 'assistant' });
  const runner = new Runner({ appName: KEY.appName, agent, model: modelAt(emulator.url), store: conversations });
  const server = await startServer({
    runner,
    config: readConfig({ DATABASE_URL: 'memory:', PORT: '0', SHUTDOWN_GRACE_MS: '0' }),
    logger,
  });
  afterTest(() => server.close());
  const say = async (text: string) => {
    const body = JSON.stringify({ mime_type: 'text/plain', data: text });
    const answer = await fetch(`${server.url}/send/ann`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(200);
  };
  return { server, logs, say, url: `${server.url}/events/ann` };
}

test('a reader that lost its place gets the conversation of the runner, which the service shares', async () => {
  const { url, say } = await startWithStore(new TroubledStore());
  const stream = await openStream(url);
  await say('count to two');
  expect(await stream.nextAnswer()).toBe('One, two.');
  const other = await openStream(url, { 'Last-Event-ID': 'nonsense' });
  expect(await other.untilNamed('reset')).toMatchObject({
    turns: [
      { role: 'user', text: 'count to two' },
      { role: 'model', text: 'One, two.' },
    ],
  });
});

test('a reply that is cut by the end of the server is stored as far as it came', async () => {
  const store = new TroubledStore();
  const { server, url, say } = await startWithStore(store, 2);
  const stream = await openStream(url);
  await say('count to thirty');
  await stream.until('some of the answer', () => stream.messages.length >= 3);
  await server.close();
  expect(listTurns(await loadEvents(store, KEY))).toEqual([
    { role: 'user', text: 'count to thirty' },
    { role: 'model', text: expect.stringMatching(/^One, two/), interrupted: true },
  ]);
});

test.each(['rejects', 'hangs'] as const)(
  'a server whose store %s answers all the same, tells it in the log once, and ends in time',
  async (fate) => {
    const store = new TroubledStore();
    store.loads = fate;
    store.commits = fate;
    const { server, logs, url, say } = await startWithStore(store);
    const stream = await openStream(url);
    for (const text of ['count to two', 'count to two']) {
      await say(text);
      expect(await stream.nextAnswer()).toBe('One, two.');
    }
    await waitFor('the warning', () => logs.length > 0);
    const other = await openStream(url, { 'Last-Event-ID': 'nonsense' });
    expect(await other.untilNamed('reset')).toMatchObject({ turns: { length: 4 }, truncated: true });
    const before = performance.now();
    await server.close();
    expect(performance.now() - before).toBeLessThan(PATIENCE_MS);
    expect(logs.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      '40 the session store fails: conversations continue in memory, commits are retried',
      '50 the server ends with turns that the session store has not stored',
    ]);
  },
);

test.each([
  ['plain', ''],
  ['adk', '&dialect=adk'],
  ['agentscope', '&dialect=agentscope'],
])(
  'readers of the dialect %s are told once that the store fails, and once that it works again',
  async (_name, query) => {
    const store = new TroubledStore();
    store.commits = 'rejects';
    const { url, say } = await startWithStore(store);
    const stream = await openStream(`${url}?audio=none${query}`);
    await say('count to two');
    expect(await stream.untilNamed('storage')).toEqual({ state: 'failing' });
    await waitFor('more attempts', () => store.commitCount > 6);
    store.commits = 'works';
    await stream.until('the second report', () => stream.named('storage').length > 1);
    expect(stream.named('storage')).toEqual([{ state: 'failing' }, { state: 'ok' }]);
    expect(listTurns(await loadEvents(store, KEY))).toEqual([
      { role: 'user', text: 'count to two' },
      { role: 'model', text: 'One, two.' },
    ]);
  },
);
