import { expect, test } from '@jest/globals';
import { ClientCalls } from '../../src/session/client-calls.ts';
import { LiveLog } from '../../src/session/log/live-log.ts';
import { createEpoch, LogWriter } from '../../src/session/log/log-writer.ts';
import { createResetStart } from '../../src/session/reset-start.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import type { ConnectionEvents } from '../../src/wire/named-events.ts';

/** Creates the `reset` of a conversation that consists of these texts; user and model take turns. */
async function createReset(
  texts: readonly string[],
  more: readonly Partial<AgentEvent>[] = [],
): Promise<ConnectionEvents['reset']> {
  const conversations = new LiveConversations(createMemoryStore());
  const conversation = conversations.open({ appName: 'app', userId: 'ann', sessionId: 'default' });
  await conversation.loaded;
  for (const [index, text] of texts.entries()) {
    const author = index % 2 === 0 ? 'user' : 'agent';
    conversation.append({ id: `${index}`, author, content: { parts: [{ text }] } } as AgentEvent); // all that `listTurns` reads
  }
  for (const event of more) conversation.append({ id: 'more', author: 'agent', ...event } as AgentEvent); // as above
  const log = new LiveLog({ epoch: createEpoch(), limits: { bytes: 100_000, ageMs: 60_000 } });
  const { reset } = await createResetStart('too_old', log, new LogWriter(log).turns, conversation, new ClientCalls());
  await conversation.release();
  return reset as ConnectionEvents['reset']; // a start of this kind has one
}

test('a reset contains the whole conversation if it is short', async () => {
  const { turns, truncated } = await createReset(['one', 'two', 'three']);
  expect(turns.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  expect(truncated).toBe(false);
});

test('a reset contains the newest 200 turns', async () => {
  const { turns, truncated } = await createReset(Array.from({ length: 250 }, (_, turn) => `turn ${turn}`));
  expect(turns.map(({ text }) => text)).toEqual(Array.from({ length: 200 }, (_, turn) => `turn ${turn + 50}`));
  expect(truncated).toBe(true);
});

test('a reset contains the newest turns of 131072 characters together', async () => {
  const { turns, truncated } = await createReset(['a', 'b', 'c', 'd'].map((letter) => letter.repeat(50_000)));
  expect(turns.map(({ text }) => text[0])).toEqual(['c', 'd']);
  expect(truncated).toBe(true);
});

test('a reset contains the end of a newest turn that is longer, and no half characters', async () => {
  const { turns, truncated } = await createReset(['a', 'b', `${'😀'.repeat(100_000)}x`]);
  expect(turns).toHaveLength(1);
  expect(turns[0]?.text).toBe(`…${'😀'.repeat(65_535)}x`);
  expect(truncated).toBe(true);
});

test('a reset contains the words of a newest turn whose calls and sources alone would not fit', async () => {
  const calls = Array.from({ length: 50 }, (_, index) => ({
    content: { parts: [{ functionCall: { id: `${index}`, name: 'roll', args: { text: 'x'.repeat(1_900) } } }] },
  }));
  const groundingChunks = Array.from({ length: 20 }, (_, index) => ({
    web: { uri: `https://${index}.example/${'x'.repeat(2_000)}`, title: 'Page' },
  }));
  const { turns, truncated } = await createReset(
    ['one', 'two'],
    [...calls, { groundingMetadata: { groundingChunks } }],
  );
  expect(turns).toEqual([{ role: 'model', text: 'two' }]);
  expect(truncated).toBe(true);
});
