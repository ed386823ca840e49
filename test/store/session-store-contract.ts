import { afterEach, describe, expect, test } from '@jest/globals';
import type { ConversationKey } from '../../src/store/conversation-key.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { KEY, loadTexts, textEvent } from './events.ts';

/** The rules that every session store keeps. @param open opens an empty store */
export function describeSessionStore(name: string, open: () => Promise<SessionStore>): void {
  describe(`${name} keeps the contract of a SessionStore:`, () => {
    const stores: SessionStore[] = [];
    const openStore = async (): Promise<SessionStore> => {
      const store = await open();
      stores.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });

    describeCommits(openStore);
    describeKeys(openStore);
    describeState(openStore);
    describeSharedState(openStore);
    describeLists(openStore);
    describeTitles(openStore);
    describeRenames(openStore);
    describeSizes(openStore);
    describeEventPages(openStore);
    describeDeletes(openStore);
    describeSummaries(openStore);
  });
}

function describeCommits(open: () => Promise<SessionStore>): void {
  test('a conversation that was never committed to does not exist', async () => {
    const store = await open();
    expect(await store.load(KEY)).toBeUndefined();
  });

  test('events come back unchanged, oldest first, each time they are loaded', async () => {
    const store = await open();
    const events = [
      textEvent('hello', 'user'),
      {
        ...textEvent('hi'),
        usageMetadata: { promptTokenCount: 1, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1 }] },
        content: { role: 'model', parts: [{ functionCall: { id: 'c', name: 'n', args: { deep: [{ x: null }] } } }] },
      },
      { ...textEvent('bye 👋\n\u0001"\\ \u{1F468}\u200D\u{1F469}'), interrupted: true, timestamp: 1_764_444_444.123 },
    ];
    await store.commit(KEY, { events: events.slice(0, 2) });
    await store.commit(KEY, { events: events.slice(2) });
    const stored = { ...KEY, title: 'hello', events, truncated: false, state: NO_STATE, updatedAt: 1_764_444_444.123 };
    expect(await store.load(KEY)).toEqual(stored);
    expect(await store.load(KEY)).toEqual(stored);
  });

  test('a commit that is repeated stores its events once', async () => {
    const store = await open();
    const first = { events: [textEvent('one'), textEvent('two')] };
    await store.commit(KEY, first);
    await store.commit(KEY, first);
    await store.commit(KEY, { events: [textEvent('three')] });
    expect(await loadTexts(store)).toEqual(['one', 'two', 'three']);
  });

  test('a commit that has some events of an earlier one stores the others', async () => {
    const store = await open();
    const [one, two] = [textEvent('one'), textEvent('two')];
    await store.commit(KEY, { events: [one] });
    await store.commit(KEY, { events: [one, two] });
    expect(await loadTexts(store)).toEqual(['one', 'two']);
  });

  test('commits that are not awaited keep their order, and a repeated one among them changes nothing', async () => {
    const store = await open();
    const turns = Array.from({ length: 50 }, (_, index) => ({
      events: [textEvent(`${index} a`), textEvent(`${index} b`)],
    }));
    await Promise.all([...turns, ...turns].map((turn) => store.commit(KEY, turn)));
    expect(await loadTexts(store)).toEqual(turns.flatMap((_, index) => [`${index} a`, `${index} b`]));
  });

  test('commits of many conversations at the same time all arrive', async () => {
    const store = await open();
    const keys = Array.from({ length: 20 }, (_, index) => ({ ...KEY, sessionId: `s${index}` }));
    for (const text of ['one', 'two']) {
      await Promise.all(keys.map((key) => store.commit(key, { events: [textEvent(text)] })));
    }
    for (const key of keys) expect(await loadTexts(store, key)).toEqual(['one', 'two']);
  });

  test('a loaded conversation does not change when more is committed', async () => {
    const store = await open();
    await store.commit(KEY, { events: [textEvent('first')], state: { session: { count: 1 } } });
    const before = await store.load(KEY);
    await store.commit(KEY, { events: [textEvent('second')], state: { session: { count: 2 } } });
    expect(before).toMatchObject({
      events: [{ content: { parts: [{ text: 'first' }] } }],
      state: { session: { count: 1 } },
    });
  });

  test('a load with a limit has the newest events, and is truncated if there are more', async () => {
    const store = await open();
    await store.commit(KEY, { events: ['one', 'two', 'three'].map((text) => textEvent(text)) });
    const two = await store.load(KEY, { recentEvents: 2 });
    expect(two?.events.map(({ content }) => content?.parts?.[0]?.text)).toEqual(['two', 'three']);
    expect(two?.truncated).toBe(true);
    expect(await store.load(KEY, { recentEvents: 3 })).toMatchObject({ truncated: false, events: { length: 3 } });
    expect(await store.load(KEY, { recentEvents: 0 })).toMatchObject({ truncated: true, events: [] });
  });

  test('only the newest events can be loaded that have a size together, and at least one', async () => {
    const store = await open();
    const events = ['one', 'two', 'three'].map((text) => textEvent(text.repeat(1_000)));
    await store.commit(KEY, { events });
    const size = JSON.stringify(events[1]).length + JSON.stringify(events[2]).length;
    const load = async (recentCharacters: number, recentEvents = 9) => {
      const stored = await store.load(KEY, { recentCharacters, recentEvents });
      return { count: stored?.events.length, newest: stored?.events.at(-1), truncated: stored?.truncated };
    };
    const newest = events[2];
    expect(await load(size)).toEqual({ count: 2, newest, truncated: true });
    expect(await load(size - 1)).toEqual({ count: 1, newest, truncated: true });
    expect(await load(1)).toEqual({ count: 1, newest, truncated: true });
    expect(await load(1_000_000)).toEqual({ count: 3, newest, truncated: false });
    expect(await load(1_000_000, 1)).toEqual({ count: 1, newest, truncated: true });
  });

  test('the newest resumption handle is kept, through commits that have none', async () => {
    const store = await open();
    await store.commit(KEY, { events: [], resumption: { provider: 'gemini', handle: 'one' } });
    await store.commit(KEY, { events: [], resumption: { provider: 'gemini', handle: 'two' } });
    await store.commit(KEY, { events: [textEvent('text')] });
    expect((await store.load(KEY))?.resumption).toEqual({ provider: 'gemini', handle: 'two' });
  });
}

const NO_STATE = { app: {}, user: {}, session: {} };

function describeKeys(open: () => Promise<SessionStore>): void {
  test.each<[string, Partial<ConversationKey>]>([
    ['application', { appName: 'other' }],
    ['user', { userId: 'bob' }],
    ['session', { sessionId: 'other' }],
    ['user whose id differs in case', { userId: 'Ann' }],
  ])('a conversation of another %s is another conversation, with the same event ids', async (_what, difference) => {
    const store = await open();
    const events = [textEvent('text')];
    await store.commit(KEY, { events });
    expect(await store.load({ ...KEY, ...difference })).toBeUndefined();
    await store.commit({ ...KEY, ...difference }, { events });
    expect(await loadTexts(store, { ...KEY, ...difference })).toEqual(['text']);
  });

  test('keys whose parts join to the same text are different conversations', async () => {
    const store = await open();
    await store.commit({ appName: 'app', userId: 'a.b', sessionId: 'c' }, { events: [textEvent('mine')] });
    expect(await store.load({ appName: 'app', userId: 'a', sessionId: 'b.c' })).toBeUndefined();
  });

  test('ids of every allowed character and of the maximum length are kept apart and come back unchanged', async () => {
    const store = await open();
    const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-';
    const ids = [characters, '0', 'a_b', 'a-b', 'a.b', 'a@b', 'a__', 'A_b', `x${characters}`.padEnd(128, '-')];
    for (const id of ids) {
      await store.commit({ ...KEY, userId: id, sessionId: id }, { events: [textEvent(id)] });
    }
    for (const id of ids) {
      expect(await loadTexts(store, { ...KEY, userId: id, sessionId: id })).toEqual([id]);
      const { sessions } = await store.list(KEY.appName, id);
      expect(sessions.map(({ userId, sessionId }) => [userId, sessionId])).toEqual([[id, id]]);
    }
  });
}

function describeState(open: () => Promise<SessionStore>): void {
  test('state merges by key, and null removes a key', async () => {
    const store = await open();
    await store.commit(KEY, { events: [], state: { session: { a: 1, b: { deep: [true] }, c: 'x' } } });
    await store.commit(KEY, { events: [], state: { session: { a: 2, c: null } } });
    await store.commit(KEY, { events: [textEvent('text')] });
    expect((await store.load(KEY))?.state).toEqual({ ...NO_STATE, session: { a: 2, b: { deep: [true] } } });
  });

  test('state of the application is shared by its users, state of a user by their conversations', async () => {
    const store = await open();
    const state = { app: { a: 1 }, user: { u: 1 }, session: { s: 1 } };
    await store.commit(KEY, { events: [], state });
    expect((await store.load(KEY))?.state).toEqual(state);
    const others = [
      { ...KEY, sessionId: 'other' },
      { ...KEY, userId: 'bob' },
      { ...KEY, appName: 'other' },
    ];
    for (const key of others) await store.commit(key, { events: [] });
    const states = await Promise.all(others.map(async (key) => (await store.load(key))?.state));
    expect(states).toEqual([{ app: { a: 1 }, user: { u: 1 }, session: {} }, { ...NO_STATE, app: { a: 1 } }, NO_STATE]);
  });
}

function describeSharedState(open: () => Promise<SessionStore>): void {
  test('state of the application and of a user is there without a conversation of that user', async () => {
    const store = await open();
    expect(await store.loadState(KEY.appName, KEY.userId)).toEqual({ app: {}, user: {} });
    await store.commit(KEY, { events: [], state: { app: { a: 1 }, user: { u: 1 }, session: { s: 1 } } });
    expect(await store.loadState(KEY.appName, KEY.userId)).toEqual({ app: { a: 1 }, user: { u: 1 } });
    expect(await store.loadState(KEY.appName, 'bob')).toEqual({ app: { a: 1 }, user: {} });
    expect(await store.loadState('other', KEY.userId)).toEqual({ app: {}, user: {} });
  });
}

function describeLists(open: () => Promise<SessionStore>): void {
  test('a list has the conversations of one user in one application, newest first, with their times', async () => {
    const store = await open();
    const events = ['a', 'b', 'c', 'a'].map((sessionId) => ({ sessionId, event: textEvent(sessionId) }));
    for (const { sessionId, event } of events) await store.commit({ ...KEY, sessionId }, { events: [event] });
    await store.commit({ ...KEY, userId: 'bob' }, { events: [textEvent('bob')] });
    await store.commit({ ...KEY, appName: 'other' }, { events: [textEvent('other')] });
    const times = events.map(({ event }) => event.timestamp);
    expect(await store.list(KEY.appName, KEY.userId)).toEqual({
      sessions: [
        { ...KEY, sessionId: 'a', title: '', updatedAt: times[3] },
        { ...KEY, sessionId: 'c', title: '', updatedAt: times[2] },
        { ...KEY, sessionId: 'b', title: '', updatedAt: times[1] },
      ],
    });
    expect(await store.list(KEY.appName, 'nobody')).toEqual({ sessions: [] });
  });

  test('pages follow each other without a gap or a repetition, conversations of the same time included', async () => {
    const store = await open();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const [index, sessionId] of ids.entries()) {
      const event = { ...textEvent(sessionId), timestamp: 1_700_000_000.5 + Math.floor(index / 3) };
      await store.commit({ ...KEY, sessionId }, { events: [event] });
    }
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list(KEY.appName, KEY.userId, { limit: 2, ...(cursor ? { cursor } : {}) });
      pages.push(page.sessions.map(({ sessionId }) => sessionId));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(pages).toEqual([['g', 'f'], ['e', 'd'], ['c', 'b'], ['a']]);
  });

  test('the last page has no cursor when it is full', async () => {
    const store = await open();
    for (const sessionId of ['a', 'b']) await store.commit({ ...KEY, sessionId }, { events: [textEvent('text')] });
    expect(await store.list(KEY.appName, KEY.userId, { limit: 2 })).not.toHaveProperty('next');
  });

  test.each(['', 'x', ':a', 'NaN:a', '1:', '1:a\u0000b'])('a list after the cursor %j is refused', async (cursor) => {
    const store = await open();
    await expect(store.list(KEY.appName, KEY.userId, { cursor })).rejects.toThrow(RangeError);
  });

  test('a conversation without events is listed with the time of its commit', async () => {
    const store = await open();
    const before = Date.now() / 1000;
    await store.commit(KEY, { events: [] });
    const { sessions } = await store.list(KEY.appName, KEY.userId);
    expect(sessions).toEqual([{ ...KEY, title: '', updatedAt: expect.any(Number) }]);
    expect(sessions[0]?.updatedAt).toBeGreaterThanOrEqual(before);
    expect(sessions[0]?.updatedAt).toBeLessThanOrEqual(Date.now() / 1000);
  });
}

async function readTitle(store: SessionStore): Promise<string | undefined> {
  return (await store.list(KEY.appName, KEY.userId)).sessions[0]?.title;
}

function describeTitles(open: () => Promise<SessionStore>): void {
  test('the title of a conversation is what the user has said first, and stays', async () => {
    const store = await open();
    await store.commit(KEY, { events: [textEvent('Hello, I am your agent.')] });
    expect(await readTitle(store)).toBe('');
    await store.commit(KEY, { events: [textEvent('what time\n\t is it?', 'user'), textEvent('and where?', 'user')] });
    expect(await readTitle(store)).toBe('what time is it?');
    await store.commit(KEY, { events: [textEvent('something else', 'user')] });
    expect(await readTitle(store)).toBe('what time is it?');
  });

  test('the title of a spoken conversation is made of the transcript', async () => {
    const store = await open();
    const { content: _, ...spoken } = textEvent('', 'user');
    await store.commit(KEY, {
      events: [{ ...spoken, inputTranscription: { text: ' count to two ', finished: true } }],
    });
    expect(await readTitle(store)).toBe('count to two');
  });

  test.each([
    ['has many words', 'many words '.repeat(20), `${'many words '.repeat(7)}…`.replace(' …', '…')],
    ['is one long word', 'x'.repeat(200), `${'x'.repeat(79)}…`],
    ['is cut within an emoji', `x${'👋'.repeat(100)}`, `x${'👋'.repeat(39)}…`],
    ['changes the direction of what follows', 'a\u202eb \u2066c', 'ab c'],
    ['shows nothing', '\u200b \u2800\u202e', ''],
    ['has an emoji of several parts', '\u{1F468}\u200D\u{1F469}', '\u{1F468}\u200D\u{1F469}'],
    ['has characters that no database stores', 'a\u0000b \ud800 c', 'a b \ufffd c'],
  ])('the title of a text that %s is one line of at most 80 characters', async (_what, text, title) => {
    const store = await open();
    await store.commit(KEY, { events: [textEvent(text, 'user')] });
    expect(await readTitle(store)).toBe(title);
    expect(title.length).toBeLessThanOrEqual(80);
  });
}

function describeRenames(open: () => Promise<SessionStore>): void {
  test('a title that was set stays, whatever the user says later, and changes neither the events nor the time', async () => {
    const store = await open();
    await store.commit(KEY, { events: [textEvent('Hello, I am your agent.')], state: { session: { a: 1 } } });
    const before = await store.load(KEY);
    const title = '"Trip" \'–\' 旅行 %_\\ 👋';
    expect(await store.rename(KEY, title)).toBe(true);
    expect(await readTitle(store)).toBe(title);
    expect(await store.load(KEY)).toEqual({ ...before, title });
    await store.commit(KEY, { events: [textEvent('what time is it?', 'user')] });
    expect(await readTitle(store)).toBe(title);
    expect(await store.rename(KEY, 'other')).toBe(true);
    expect(await readTitle(store)).toBe('other');
  });

  test('a new title leaves the order of the list, and other conversations, as they are', async () => {
    const store = await open();
    for (const sessionId of ['a', 'b']) {
      await store.commit({ ...KEY, sessionId }, { events: [textEvent(`title of ${sessionId}`, 'user')] });
    }
    await store.commit({ ...KEY, userId: 'bob', sessionId: 'a' }, { events: [textEvent('of bob', 'user')] });
    await store.rename({ ...KEY, sessionId: 'a' }, 'renamed');
    const list = async (userId: string) =>
      (await store.list(KEY.appName, userId)).sessions.map(({ sessionId, title }) => [sessionId, title]);
    expect(await list(KEY.userId)).toEqual([
      ['b', 'title of b'],
      ['a', 'renamed'],
    ]);
    expect(await list('bob')).toEqual([['a', 'of bob']]);
  });

  test('a rename waits for the commits that were called before it', async () => {
    const store = await open();
    const committed = store.commit(KEY, { events: [textEvent('first words', 'user')] });
    expect(await store.rename(KEY, 'renamed')).toBe(true);
    await committed;
    expect(await readTitle(store)).toBe('renamed');
  });

  test('a conversation that does not exist cannot be renamed, and is not created; one that is made anew has no title', async () => {
    const store = await open();
    expect(await store.rename(KEY, 'title')).toBe(false);
    expect(await store.load(KEY)).toBeUndefined();
    await store.commit(KEY, { events: [] });
    await store.rename(KEY, 'title');
    await store.delete(KEY);
    await store.commit(KEY, { events: [] });
    expect(await readTitle(store)).toBe('');
  });
}

function describeSizes(open: () => Promise<SessionStore>): void {
  test('the oldest conversations of an application, or of a user, are listed oldest first with their sizes', async () => {
    const store = await open();
    expect(await store.listOldest(KEY.appName)).toEqual([]);
    const events = ['c', 'a', 'b'].map((sessionId, index) => ({
      ...textEvent(sessionId.repeat(5)),
      timestamp: 10 + index,
    }));
    const keys = ['c', 'a', 'b'].map((sessionId) => ({ ...KEY, sessionId, userId: sessionId === 'a' ? 'bob' : 'ann' }));
    for (const index of [2, 0, 1]) {
      await store.commit(keys[index] ?? KEY, { events: events.slice(index, index + 1) });
    }
    await store.commit({ ...KEY, appName: 'other' }, { events: events.slice(0, 1) });
    const rows = keys.map((key, index) => ({
      ...key,
      updatedAt: 10 + index,
      characters: JSON.stringify(events[index]).length,
    }));
    expect(await store.listOldest(KEY.appName)).toEqual(rows);
    expect(await store.listOldest(KEY.appName, { limit: 2 })).toEqual(rows.slice(0, 2));
    expect(await store.listOldest(KEY.appName, { before: 11 })).toEqual(rows.slice(0, 1));
    expect(await store.listOldest(KEY.appName, { userId: 'ann', before: 13, limit: 5 })).toEqual([rows[0], rows[2]]);
    expect(await store.listOldest(KEY.appName, { userId: 'nobody' })).toEqual([]);
  });

  test('a conversation that is committed to again, or deleted, changes its place among the oldest', async () => {
    const store = await open();
    for (const sessionId of ['a', 'b', 'c']) await store.commit({ ...KEY, sessionId }, { events: [textEvent('text')] });
    await store.commit({ ...KEY, sessionId: 'a' }, { events: [textEvent('text')] });
    await store.delete({ ...KEY, sessionId: 'b' });
    const oldest = await store.listOldest(KEY.appName);
    expect(oldest.map(({ sessionId }) => sessionId)).toEqual(['c', 'a']);
  });

  test('the size of a user is that of all conversations; what is repeated counts once, and what is deleted no more', async () => {
    const store = await open();
    expect(await store.measureUser(KEY.appName, KEY.userId)).toEqual({ conversations: 0, characters: 0 });
    const [one, two, three] = ['one', 'two 👋', 'three'].map((text) => textEvent(text));
    const size = (...events: (AgentEvent | undefined)[]) =>
      events.reduce((sum, event) => sum + JSON.stringify(event).length, 0);
    await store.commit(KEY, { events: [one, two].flatMap((event) => event ?? []) });
    await store.commit(KEY, { events: [two, three, three].flatMap((event) => event ?? []) });
    await store.commit({ ...KEY, sessionId: 'other' }, { events: [three].flatMap((event) => event ?? []) });
    await store.commit({ ...KEY, sessionId: 'empty' }, { events: [] });
    await store.commit({ ...KEY, userId: 'bob' }, { events: [one].flatMap((event) => event ?? []) });
    expect(await store.measureUser(KEY.appName, KEY.userId)).toEqual({
      conversations: 3,
      characters: size(one, two, three, three),
    });
    await store.delete(KEY);
    expect(await store.measureUser(KEY.appName, KEY.userId)).toEqual({ conversations: 2, characters: size(three) });
  });
}

async function readPages(store: SessionStore): Promise<(readonly AgentEvent[])[]> {
  const pages: (readonly AgentEvent[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.readEvents(KEY, cursor === undefined ? {} : { cursor });
    pages.push(page?.events ?? []);
    cursor = page?.next;
  } while (cursor !== undefined);
  return pages;
}

function describeEventPages(open: () => Promise<SessionStore>): void {
  test('the pages of a conversation have all its events, oldest first, at most 500 of them each', async () => {
    const store = await open();
    const events = Array.from({ length: 1_001 }, (_, index) => textEvent(String(index)));
    await store.commit(KEY, { events });
    await store.commit({ ...KEY, sessionId: 'other' }, { events: [textEvent('other')] });
    const pages = await readPages(store);
    expect(pages.map(({ length }) => length)).toEqual([500, 500, 1]);
    expect(pages.flat()).toEqual(events);
  });

  test('a page has at most 256 Ki characters, or one event that is larger', async () => {
    const store = await open();
    const events = [100, 200_000, 50_000, 300_000, 100, 100].map((size) => textEvent('x'.repeat(size)));
    await store.commit(KEY, { events });
    const pages = await readPages(store);
    expect(pages.flat()).toEqual(events);
    expect(pages.map(({ length }) => length)).toEqual([3, 1, 2]);
  });

  test('a conversation without events has one empty page, and one that does not exist has none', async () => {
    const store = await open();
    expect(await store.readEvents(KEY)).toBeUndefined();
    await store.commit(KEY, { events: [] });
    expect(await store.readEvents(KEY)).toEqual({ events: [] });
  });

  test('a page after the cursor of a conversation that was deleted since is refused', async () => {
    const store = await open();
    const events = Array.from({ length: 501 }, (_, index) => textEvent(String(index)));
    await store.commit(KEY, { events });
    const cursor = (await store.readEvents(KEY))?.next ?? '';
    await store.delete(KEY);
    expect(await store.readEvents(KEY, { cursor })).toBeUndefined();
    await store.commit(KEY, { events });
    await expect(store.readEvents(KEY, { cursor })).rejects.toThrow(RangeError);
    await expect(store.readEvents(KEY, { cursor: 'x' })).rejects.toThrow(RangeError);
  });
}

function describeDeletes(open: () => Promise<SessionStore>): void {
  test('a deleted conversation is gone with its state; others, and the state of the user, stay', async () => {
    const store = await open();
    const other = { ...KEY, sessionId: 'other' };
    await store.commit(KEY, { events: [textEvent('text')], state: { session: { s: 1 }, user: { u: 1 } } });
    await store.commit(other, { events: [textEvent('other')] });
    expect(await store.delete(KEY)).toBe(true);
    expect(await store.load(KEY)).toBeUndefined();
    expect((await store.list(KEY.appName, KEY.userId)).sessions).toHaveLength(1);
    expect(await loadTexts(store, other)).toEqual(['other']);
    await store.commit(KEY, { events: [] });
    expect(await store.load(KEY)).toMatchObject({ events: [], state: { ...NO_STATE, user: { u: 1 } } });
  });

  test('a delete takes the commits that were called before it and are still running', async () => {
    const store = await open();
    const commits = ['one', 'two', 'three'].map((text) => store.commit(KEY, { events: [textEvent(text)] }));
    const deleted = store.delete(KEY);
    const later = store.commit({ ...KEY, sessionId: 'other' }, { events: [textEvent('other')] });
    await Promise.all([...commits, later]);
    expect(await deleted).toBe(true);
    expect(await store.load(KEY)).toBeUndefined();
    expect(await loadTexts(store, { ...KEY, sessionId: 'other' })).toEqual(['other']);
  });

  test('a conversation that does not exist cannot be deleted, and one that is deleted takes its events again', async () => {
    const store = await open();
    expect(await store.delete(KEY)).toBe(false);
    const turn = { events: [textEvent('text')] };
    await store.commit(KEY, turn);
    await store.delete(KEY);
    expect(await store.delete(KEY)).toBe(false);
    await store.commit(KEY, turn);
    expect(await loadTexts(store)).toEqual(['text']);
  });
}

function describeSummaries(open: () => Promise<SessionStore>): void {
  const summary = (text: string, lastEventId = 'event-1') => ({
    text,
    lastEventId,
    startTimestamp: 1,
    endTimestamp: 2.5,
  });

  test('the newest summary is kept with its position, through commits that have none, and changes no time of the conversation', async () => {
    const store = await open();
    const event = textEvent('hello', 'user');
    await store.commit(KEY, { events: [event] });
    expect(await store.load(KEY)).not.toHaveProperty('summary');
    await store.commit(KEY, { events: [], summary: summary('Ann said hello.') });
    await store.commit(KEY, { events: [], summary: summary('안나: "hello" 👋 \u0000\n{"a":1}', 'event-2') });
    await store.commit(KEY, { events: [] });
    const stored = await store.load(KEY, { recentEvents: 0 });
    expect(stored?.summary).toEqual(summary('안나: "hello" 👋 \u0000\n{"a":1}', 'event-2'));
    expect(stored?.updatedAt).toBe(event.timestamp);
  });

  test('a summary belongs to one conversation, and is deleted with it', async () => {
    const store = await open();
    const other = { ...KEY, sessionId: 'other' };
    await store.commit(KEY, { events: [textEvent('hello')], summary: summary('one') });
    await store.commit(other, { events: [textEvent('hello')], summary: summary('two') });
    await store.delete(KEY);
    await store.commit(KEY, { events: [textEvent('again')] });
    expect((await store.load(KEY))?.summary).toBeUndefined();
    expect((await store.load(other))?.summary?.text).toBe('two');
  });
}
