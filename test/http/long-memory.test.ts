import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { exchange, say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer, temporaryDirectory } from './test-server.ts';

/** Nothing stays word for word: a fresh connection knows the conversation by its summary alone. */
const agent = new Agent({
  name: 'assistant',
  eventsCompactionConfig: { summarizer: 'gemini-3.5-flash-lite', eventRetentionSize: 0 },
});

/** Reads the summary of the conversation from its export. */
async function readSummary(server: TestServer): Promise<string | undefined> {
  const { text } = await exchange(server, '/sessions/me/default');
  return JSON.parse(text).events.at(-1)?.actions?.compaction?.compactedContent.parts[0].text;
}

async function waitForSummary(server: TestServer): Promise<string> {
  for (;;) {
    const summary = await readSummary(server);
    if (summary !== undefined) return summary;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a server that is restarted with a database answers from what only the summary has, and deletes it with the conversation', async () => {
  const environment = { DATABASE_URL: `sqlite:${join(await temporaryDirectory(), 'conversations.db')}` };
  const first = await startTestServer(environment, { agent });
  const before = await openStream(`${first.url}/events/me?audio=none`);
  await before.untilNamed('session');
  await say(first, 'my name is Anna');
  await before.nextAnswer();
  const summary = await waitForSummary(first);
  expect(summary).toContain('my name is Anna');
  expect(await before.untilNamed('usage')).toMatchObject({ total_tokens: expect.any(Number) });
  await first.close();

  const second = await startTestServer(environment, { agent });
  const after = await openStream(`${second.url}/events/me?audio=none`);
  await after.untilNamed('session');
  await say(second, 'what did I say?');
  const answer = await after.nextAnswer();
  expect(answer).toMatch(/^You said: \(Summary of the earlier conversation/);
  expect(answer).toContain(JSON.stringify(summary));
  const { status } = await exchange(second, '/sessions/me/default', { method: 'DELETE' });
  expect(status).toBeLessThan(300);
  await second.close();

  const third = await startTestServer(environment, { agent });
  const fresh = await openStream(`${third.url}/events/me?audio=none`);
  await fresh.untilNamed('session');
  await say(third, 'what did I say?');
  expect(await fresh.nextAnswer()).toBe('You said nothing before.');
});

test('a server without a key makes the summaries with the text model of its emulator', async () => {
  const environment = { DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview' };
  const server = await startTestServer(environment, { agent, emulator: 'in-process' });
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  await say(server, 'thanks');
  await stream.nextAnswer();
  expect(await waitForSummary(server)).toBe('I was given: user / thanks / assistant / You are welcome.');
});
