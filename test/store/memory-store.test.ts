import { expect, test } from '@jest/globals';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import { KEY, loadTexts, readTexts, textEvent } from './events.ts';
import { describeSessionStore } from './session-store-contract.ts';

describeSessionStore('createMemoryStore', async () => createMemoryStore());

async function commitEach(store: SessionStore, sessionId: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await store.commit({ ...KEY, sessionId }, { events: [textEvent(text)] });
}

test('a conversation over the limit of events loses its oldest events and is truncated', async () => {
  const store = createMemoryStore({ events: 3 });
  await commitEach(store, 'default', '1', '2', '3');
  expect((await store.load(KEY))?.truncated).toBe(false);
  await commitEach(store, 'default', '4');
  const session = await store.load(KEY);
  expect(readTexts(session?.events)).toEqual(['2', '3', '4']);
  expect(session?.truncated).toBe(true);
});

test('a conversation over the limit of characters loses its oldest events until it fits', async () => {
  const size = JSON.stringify(textEvent('x'.repeat(1000))).length + 10;
  const store = createMemoryStore({ characters: 3 * size });
  const texts = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(1000));
  await commitEach(store, 'default', ...texts);
  const session = await store.load(KEY);
  expect(readTexts(session?.events)).toEqual(texts.slice(2));
  expect(session?.truncated).toBe(true);
});

test('the newest event is kept even if it alone is over the limit', async () => {
  const store = createMemoryStore({ characters: 10 });
  await commitEach(store, 'default', 'first', 'second');
  expect(await loadTexts(store)).toEqual(['second']);
});

test('a repeated commit of more events than one conversation may have stores none of them again', async () => {
  const store = createMemoryStore({ events: 2 });
  const turn = { events: ['1', '2', '3', '4'].map((text) => textEvent(text)) };
  await store.commit(KEY, turn);
  await store.commit(KEY, turn);
  expect(await loadTexts(store)).toEqual(['3', '4']);
});

test('the conversation that was committed to least recently is deleted when there are too many', async () => {
  const store = createMemoryStore({ conversations: 2 });
  await commitEach(store, 'a', '1');
  await commitEach(store, 'b', '1');
  await commitEach(store, 'a', '2');
  await commitEach(store, 'c', '1');
  expect(await loadTexts(store, { ...KEY, sessionId: 'a' })).toEqual(['1', '2']);
  expect(await store.load({ ...KEY, sessionId: 'b' })).toBeUndefined();
  expect(await loadTexts(store, { ...KEY, sessionId: 'c' })).toEqual(['1']);
});

test('whole conversations are deleted, the oldest first, when all of them together are over the limit of characters', async () => {
  const size = JSON.stringify(textEvent('x'.repeat(1000))).length + 10;
  const store = createMemoryStore({ totalCharacters: 3 * size });
  await commitEach(store, 'a', 'x'.repeat(1000), 'x'.repeat(1000));
  await commitEach(store, 'b', 'x'.repeat(1000));
  await commitEach(store, 'c', 'x'.repeat(1000));
  const sessions = (await store.list(KEY.appName, KEY.userId)).sessions.map(({ sessionId }) => sessionId);
  expect(sessions).toEqual(['c', 'b']);
});

test('a commit whose state is over the limit is rejected, and nothing of it is stored', async () => {
  const store = createMemoryStore({ stateCharacters: 100 });
  await store.commit(KEY, { events: [textEvent('first')], state: { user: { name: 'Ann' } } });
  const state = { app: { fits: true }, user: { notes: 'x'.repeat(100) } };
  await expect(store.commit(KEY, { events: [textEvent('second')], state })).rejects.toThrow('the limit is 100');
  expect(await store.load(KEY)).toMatchObject({ state: { app: {}, user: { name: 'Ann' }, session: {} } });
  expect(await loadTexts(store)).toEqual(['first']);
});

test('state of the least recent users is deleted when everything together is over the limit of characters', async () => {
  const store = createMemoryStore({ totalCharacters: 2_500 });
  const state = { user: { notes: 'x'.repeat(1_000) } };
  for (const userId of ['ann', 'bob', 'cat']) await store.commit({ ...KEY, userId }, { events: [], state });
  for (const userId of ['ann', 'bob', 'cat']) await store.commit({ ...KEY, userId }, { events: [] });
  const notes = async (userId: string) => (await store.load({ ...KEY, userId }))?.state.user.notes;
  expect(await notes('ann')).toBeUndefined();
  expect(await notes('bob')).toHaveLength(1_000);
  expect(await notes('cat')).toHaveLength(1_000);
});

/** A text that takes a mebibyte as JSON, nearly. */
const MEGABYTE_TEXT = 'x'.repeat(1024 * 1024 - 500);

test('300 texts of a megabyte by one user make only conversations of that user forgotten', async () => {
  const store = createMemoryStore();
  await store.commit({ ...KEY, userId: 'ann' }, { events: [textEvent('hello')] });
  for (let index = 0; index < 300; index += 1) {
    await store.commit({ ...KEY, userId: 'eve', sessionId: `s${index}` }, { events: [textEvent(MEGABYTE_TEXT)] });
  }
  expect(await loadTexts(store, { ...KEY, userId: 'ann' })).toEqual(['hello']);
  const { sessions } = await store.list(KEY.appName, 'eve', { limit: 1_000 });
  expect(sessions.map(({ sessionId }) => sessionId)).toContain('s299');
  expect(sessions).toHaveLength(16);
});

test('300 users with a megabyte each make none of the users forgotten who have less than an equal share', async () => {
  const store = createMemoryStore();
  await store.commit({ ...KEY, userId: 'ann' }, { events: [textEvent('hello')] });
  for (let index = 0; index < 300; index += 1) {
    await store.commit({ ...KEY, userId: `eve${index}` }, { events: [textEvent(MEGABYTE_TEXT)] });
  }
  expect(await loadTexts(store, { ...KEY, userId: 'ann' })).toEqual(['hello']);
  expect(await store.load({ ...KEY, userId: 'eve0' })).toBeUndefined();
});

test('conversations of one user above the limit of conversations make only those of that user forgotten', async () => {
  const store = createMemoryStore({ conversations: 10 });
  for (const userId of ['ann', 'bob']) await store.commit({ ...KEY, userId }, { events: [textEvent('hello')] });
  for (let index = 0; index < 50; index += 1) {
    await store.commit({ ...KEY, userId: 'eve', sessionId: `s${index}` }, { events: [textEvent('x')] });
  }
  for (const userId of ['ann', 'bob']) expect(await loadTexts(store, { ...KEY, userId })).toEqual(['hello']);
  expect((await store.list(KEY.appName, 'eve', { limit: 100 })).sessions).toHaveLength(8);
});
