import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { rootAgent } from '../../examples/long-memory/agent.ts';
import { quotes } from '../../examples/long-memory/quotes.ts';
import { Agent } from '../../src/agent/agent.ts';
import { SUMMARY_LIMITS } from '../../src/agent/run/summary-budget.ts';
import { toSummaryContents } from '../../src/agent/run/summary-content.ts';
import { startOpenAIEmulator } from '../../src/emulator/openai/emulator.ts';
import { MAX_SUMMARY_CHARACTERS } from '../../src/store/conversation-summary.ts';
import { exchange, say } from '../http/requests.ts';
import { openStream } from '../http/sse-client.ts';
import { afterTest, startTestServer, type TestServer } from '../http/test-server.ts';

const readRoot = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = await readRoot('docs/memory.md');

/** Talks with an agent until the conversation has a summary. */
async function talkUntilSummary(server: TestServer): Promise<{ summary: string; count: number }> {
  const stream = await openStream(`${server.url}/events/me?audio=none`);
  await stream.untilNamed('session');
  for (let count = 1; ; count += 1) {
    await say(server, `thanks ${count}`);
    await stream.nextAnswer();
    const { text } = await exchange(server, '/sessions/me/default');
    const summary = JSON.parse(text).events.at(-1)?.actions?.compaction?.compactedContent.parts[0].text;
    if (summary !== undefined) return { summary, count };
  }
}

test('the agent of docs/memory.md is that of examples/long-memory, and its conversations have a summary after some turns', async () => {
  const [, , ...code] = (await readRoot('examples/long-memory/agent.ts')).split('\n');
  expect(page).toContain(code.join('\n'));
  const { summary, count } = await talkUntilSummary(await startTestServer({}, { agent: rootAgent }));
  expect(summary).toContain('thanks 1');
  expect(summary).not.toContain(`thanks ${count}`);
  expect(count).toBeGreaterThan(10);
});

test('the summarizer of docs/memory.md is that of examples/long-memory, and keeps what the user says', async () => {
  const [, ...code] = (await readRoot('examples/long-memory/quotes.ts')).split('\n');
  expect(page).toContain(code.join('\n'));
  const agent = new Agent({ name: 'helper', eventsCompactionConfig: { summarizer: quotes, eventRetentionSize: 4 } });
  const { summary } = await talkUntilSummary(await startTestServer({}, { agent }));
  expect(summary.trim().split('\n')[0]).toBe('thanks 1');
  expect(summary).not.toContain('welcome');
});

test("the agent of docs/memory.md with OpenAI's model is that of examples/long-memory, and its memory is made by that model", async () => {
  const [, ...code] = (await readRoot('examples/long-memory/openai.ts')).split('\n');
  expect(page).toContain(code.join('\n'));
  const emulator = await startOpenAIEmulator({ apiKey: 'sk-test' });
  afterTest(() => emulator.close());
  // The client of the package reads both when it is made.
  process.env.OPENAI_API_KEY = 'sk-test';
  process.env.OPENAI_BASE_URL = emulator.url;
  const { rootAgent: other } = await import('../../examples/long-memory/openai.ts');
  const summarizer = other.eventsCompactionConfig?.summarizer;
  if (typeof summarizer !== 'object') throw new Error('the agent has no summarizer');
  const turns = [{ role: 'user' as const, text: 'my name is Anna' }];
  const made = await summarizer.summarize({ turns, maxCharacters: 8_000, signal: new AbortController().signal });
  expect(made).toMatchObject({ text: 'I was given: user / my name is Anna' });
  expect(emulator.requests).toMatchObject([{ model: 'gpt-5.4-mini' }]);
});

test('docs/memory.md names the limits of the code, and the words in which a summary is told', () => {
  const summary = { text: '…', lastEventId: 'e', startTimestamp: 1, endTimestamp: 1 };
  for (const text of [
    `${MAX_SUMMARY_CHARACTERS} characters`,
    `${SUMMARY_LIMITS.concurrent} an agent`,
    `${SUMMARY_LIMITS.perMinute} an agent`,
    toSummaryContents(summary)[0]?.parts?.[0]?.text,
  ]) {
    expect(page).toContain(text);
  }
});
