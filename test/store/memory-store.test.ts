import { expect, test } from '@jest/globals';
import type { Conversation, ConversationStore } from '../../src/store/conversation-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { describeConversationStore, KEY, said } from './conversation-store-contract.ts';

describeConversationStore('createMemoryStore', async () => createMemoryStore());

function textsOf({ events }: Conversation): (string | undefined)[] {
  return events.map((event) => event.content?.parts?.[0]?.text);
}

async function say(store: ConversationStore, sessionId: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await store.append({ ...KEY, sessionId }, said(text));
}

test('createMemoryStore over its limit of events drops the oldest and says truncated', async () => {
  const store = createMemoryStore({ events: 3 });
  await say(store, 'default', '1', '2', '3');
  expect((await store.get(KEY)).truncated).toBe(false);
  await say(store, 'default', '4');
  const conversation = await store.get(KEY);
  expect(textsOf(conversation)).toEqual(['2', '3', '4']);
  expect(conversation.truncated).toBe(true);
});

test('createMemoryStore over its limit of characters drops the oldest until it fits', async () => {
  const size = JSON.stringify(said('x'.repeat(1000))).length + 10;
  const store = createMemoryStore({ characters: 3 * size });
  const texts = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(1000));
  await say(store, 'default', ...texts);
  const conversation = await store.get(KEY);
  expect(textsOf(conversation)).toEqual(texts.slice(2));
  expect(conversation.truncated).toBe(true);
});

test('createMemoryStore keeps the newest event even if it alone is over the limit', async () => {
  const store = createMemoryStore({ characters: 10 });
  await say(store, 'default', 'first', 'second');
  expect(textsOf(await store.get(KEY))).toEqual(['second']);
});

test('createMemoryStore over its limit of conversations forgets the one spoken least recently', async () => {
  const store = createMemoryStore({ conversations: 2 });
  await say(store, 'a', '1');
  await say(store, 'b', '1');
  await say(store, 'a', '2');
  await say(store, 'c', '1');
  expect(textsOf(await store.get({ ...KEY, sessionId: 'a' }))).toEqual(['1', '2']);
  expect(textsOf(await store.get({ ...KEY, sessionId: 'b' }))).toEqual([]);
  expect(textsOf(await store.get({ ...KEY, sessionId: 'c' }))).toEqual(['1']);
});

test('createMemoryStore over its limit of all characters forgets whole conversations, the oldest first', async () => {
  const size = JSON.stringify(said('x'.repeat(1000))).length + 10;
  const store = createMemoryStore({ totalCharacters: 3 * size });
  await say(store, 'a', 'x'.repeat(1000), 'x'.repeat(1000));
  await say(store, 'b', 'x'.repeat(1000));
  await say(store, 'c', 'x'.repeat(1000));
  expect((await store.get({ ...KEY, sessionId: 'a' })).events).toHaveLength(0);
  expect((await store.get({ ...KEY, sessionId: 'b' })).events).toHaveLength(1);
  expect((await store.get({ ...KEY, sessionId: 'c' })).events).toHaveLength(1);
});
