import { describe, expect, jest, test } from '@jest/globals';
import { LiveConversations, type LiveConversationsLimits } from '../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { StoreLogger } from '../../src/store/store-health.ts';
import { until } from '../models/until.ts';
import { KEY, loadTexts, readTexts, textEvent } from './events.ts';
import { TroubledStore } from './troubled-store.ts';

const QUICK: Partial<LiveConversationsLimits> = {
  loadMs: 30,
  attemptMs: 20,
  firstRetryMs: 5,
  maxRetryMs: 5,
  releaseMs: 30,
};

/** Conversations over a store with troubles, with what they log. */
function open(limits: Partial<LiveConversationsLimits> = {}, store = new TroubledStore()) {
  const lines: string[] = [];
  const log = (level: string) => (details: object, message: string) => {
    const { err: _, outageMs: __, ...rest } = details as Record<string, unknown>;
    lines.push(`${level}: ${message} ${JSON.stringify(rest)}`);
  };
  const logger: StoreLogger = { info: log('info'), warn: log('warn'), error: log('error') };
  const conversations = new LiveConversations(store, { logger, limits: { ...QUICK, ...limits } });
  return { store, conversations, conversation: conversations.open(KEY), lines };
}

type Opened = ReturnType<typeof open>;

function sayTurn({ conversation }: Pick<Opened, 'conversation'>, ...texts: string[]): void {
  for (const text of texts) conversation.append(textEvent(text));
  conversation.commitTurn();
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the conversation in memory', () => {
  test('a conversation begins with the stored events, and holders of the same key share it', async () => {
    const store = new TroubledStore();
    await store.commit(KEY, { events: [textEvent('stored')] });
    const { conversations, conversation } = open({}, store);
    expect(conversations.open(KEY)).toBe(conversation);
    expect(conversations.open({ ...KEY, sessionId: 'other' })).not.toBe(conversation);
    conversation.append(textEvent('said before the store answers'));
    await conversation.loaded;
    conversation.append(textEvent('said after'));
    expect(readTexts(conversation.events)).toEqual(['stored', 'said before the store answers', 'said after']);
    expect(conversation.truncated).toBe(false);
  });

  test('a conversation stays open until its last holder releases it; the next holder loads it again', async () => {
    const { store, conversations, conversation } = open();
    const second = conversations.open(KEY);
    conversation.append(textEvent('one'));
    await conversation.release();
    second.append(textEvent('two'));
    expect(store.commitCount).toBe(0);
    await second.release();
    expect(await loadTexts(store)).toEqual(['one', 'two']);
    const third = conversations.open(KEY);
    expect(third).not.toBe(second);
    await third.loaded;
    expect(readTexts(third.events)).toEqual(['one', 'two']);
  });

  test('a release too many does not close the conversation of another holder', async () => {
    const { conversations, conversation } = open();
    await conversation.release();
    const next = conversations.open(KEY);
    await conversation.release();
    expect(conversations.open(KEY)).toBe(next);
  });

  test('text typed during a reply stands behind the text of that reply, in memory and in the store', async () => {
    const { store, conversation } = open();
    await conversation.loaded;
    conversation.appendTyped(textEvent('count', 'user'), false);
    conversation.appendTyped(textEvent('stop', 'user'), true);
    conversation.appendTyped(textEvent('and wait', 'user'), false);
    expect(conversation.listShownTurns(['One, '])).toEqual([
      { role: 'user', text: 'count' },
      { role: 'model', text: 'One, ', partial: true },
      { role: 'user', text: 'stop\nand wait' },
    ]);
    conversation.append(textEvent('One, two'));
    const texts = ['count', 'One, two', 'stop', 'and wait'];
    expect(readTexts(conversation.events)).toEqual(texts);
    conversation.commitTurn();
    expect(readTexts(conversation.events)).toEqual(texts);
    await conversation.release();
    expect(await loadTexts(store)).toEqual(texts);
  });

  test('a conversation is truncated if the store has more events than memory keeps, or has dropped some', async () => {
    for (const limits of [{ events: 2 }, {}]) {
      const store = new TroubledStore(createMemoryStore(limits.events ? {} : { events: 2 }));
      await store.commit(KEY, { events: ['1', '2', '3'].map((text) => textEvent(text)) });
      const { conversation } = open(limits, store);
      await conversation.loaded;
      expect(readTexts(conversation.events)).toEqual(['2', '3']);
      expect(conversation.truncated).toBe(true);
    }
  });

  test('a conversation that is released before it is loaded does not count against the limit of all conversations', async () => {
    const size = JSON.stringify(textEvent('x'.repeat(1_000))).length + 10;
    const { store, conversations, conversation } = open({ totalCharacters: 10 * size });
    await store.commit(KEY, { events: Array.from({ length: 4 }, () => textEvent('x'.repeat(1_000))) });
    await conversation.release();
    store.loads = 10;
    for (let count = 0; count < 3; count += 1) await conversations.open(KEY).release();
    await delay(30);
    const other = conversations.open({ ...KEY, sessionId: 'other' });
    conversations.open({ ...KEY, sessionId: 'third' });
    for (let count = 0; count < 10; count += 1) other.append(textEvent('x'.repeat(1_000)));
    expect(other.events).toHaveLength(10);
  });

  test('memory keeps only the newest events, and the store has them all', async () => {
    const { store, conversation } = open({ events: 3 });
    await conversation.loaded;
    for (const text of ['1', '2', '3', '4', '5']) sayTurn({ conversation }, text);
    expect(readTexts(conversation.events)).toEqual(['3', '4', '5']);
    expect(conversation.truncated).toBe(true);
    await conversation.release();
    expect(await loadTexts(store)).toEqual(['1', '2', '3', '4', '5']);
  });

  test('a conversation that grows while all together are over their limit keeps only its share', async () => {
    const size = JSON.stringify(textEvent('x'.repeat(1_000))).length + 10;
    const { conversations, conversation } = open({ totalCharacters: 10 * size });
    const other = conversations.open({ ...KEY, sessionId: 'other' });
    for (let count = 0; count < 5; count += 1) other.append(textEvent('x'.repeat(1_000)));
    for (let count = 0; count < 20; count += 1) conversation.append(textEvent('x'.repeat(1_000)));
    expect(other.events).toHaveLength(5);
    expect(conversation.events).toHaveLength(5);
  });

  test.each<[string, Partial<LiveConversationsLimits>]>([
    ['events', { turnEvents: 3 }],
    ['characters', { turnCharacters: 300 }],
  ])('a turn that never ends is committed when it reaches its limit of %s', async (_what, limits) => {
    const { store, conversation } = open(limits);
    for (const text of ['1', '2', '3', '4']) conversation.append(textEvent(text));
    await until(() => store.commitCount === 1);
    expect(await loadTexts(store)).toEqual(['1', '2', '3']);
  });
});

describe('loads', () => {
  test('no more of a large conversation is loaded than memory keeps: the rest would stop the event loop', async () => {
    const store = new TroubledStore();
    for (let index = 0; index < 20; index += 1) await store.commit(KEY, { events: [textEvent('x'.repeat(1_000))] });
    const load = store.load.bind(store);
    const loaded: (number | undefined)[] = [];
    store.load = async (...parameters) => {
      const stored = await load(...parameters);
      loaded.push(stored?.events.length);
      return stored;
    };
    const { conversation } = open({ characters: 2_500 }, store);
    await conversation.loaded;
    expect(loaded).toEqual([expect.any(Number)]);
    expect(loaded[0]).toBeLessThan(8);
    expect(conversation.events).toHaveLength(2);
    expect(conversation.truncated).toBe(true);
  });

  test.each(['rejects', 'hangs'] as const)(
    'a load that %s delays the conversation up to a limit; when the store works again, its events are put before what was said',
    async (fate) => {
      const store = new TroubledStore();
      const stored = textEvent('stored');
      await store.commit(KEY, { events: [stored] });
      store.loads = fate;
      const opened = open({}, store);
      const { conversation, conversations, lines } = opened;
      await conversation.loaded;
      expect(conversation.truncated).toBe(true);
      expect(conversations.storeStatus).toBe('failing');
      sayTurn(opened, 'said');
      expect(readTexts(conversation.events)).toEqual(['said']);
      store.loads = 'works';
      await until(() => conversations.storeStatus === 'ok');
      expect(readTexts(conversation.events)).toEqual(['stored', 'said']);
      expect(conversation.truncated).toBe(false);
      expect(await loadTexts(store)).toEqual(['stored', 'said']);
      expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'info']);
    },
  );

  test('a load that answers something other than a session keeps what was said, and is one outage until it answers events', async () => {
    const store = new TroubledStore();
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    const load = store.load.bind(store);
    store.load = async (...args) => {
      const stored = await load(...args);
      if (store.loadCount === 4) resolve();
      // A value that the type forbids, as of a store in JavaScript.
      return store.loadCount <= 4 ? Object.assign({}, stored, { events: undefined as never }) : stored;
    };
    const { conversation, conversations, lines } = open({}, store);
    conversation.append(textEvent('said'));
    await answered;
    expect(readTexts(conversation.events)).toEqual(['said']);
    await until(() => conversations.storeStatus === 'ok');
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'info']);
  });

  test('a conversation that was released is not loaded any more', async () => {
    const store = new TroubledStore();
    store.loads = 'rejects';
    const { conversation } = open({}, store);
    await until(() => store.loadCount > 1);
    await conversation.release();
    const { loadCount } = store;
    await delay(30);
    expect(store.loadCount).toBe(loadCount);
  });

  test('events that were committed during the load appear once', async () => {
    const store = new TroubledStore();
    store.loads = 15;
    const opened = open({}, store);
    sayTurn(opened, 'said');
    await opened.conversation.loaded;
    expect(readTexts(opened.conversation.events)).toEqual(['said']);
  });
});

describe('commits', () => {
  test.each(['rejects', 'hangs', 'loses answer'] as const)(
    'a store whose commit %s has every turn once and in order when it works again, and the outage is logged once',
    async (fate) => {
      const opened = open();
      const { store, conversations, conversation, lines } = opened;
      await conversation.loaded;
      store.commits = fate;
      for (const text of ['1', '2', '3']) sayTurn(opened, `${text} a`, `${text} b`);
      await until(() => store.commitCount >= 3);
      expect(conversations.storeStatus).toBe('failing');
      expect(conversations.pendingBytes).toBeGreaterThan(0);
      const texts = ['1 a', '1 b', '2 a', '2 b', '3 a', '3 b'];
      expect(readTexts(conversation.events)).toEqual(texts);
      store.commits = 'works';
      await until(() => conversations.storeStatus === 'ok' && conversations.pendingBytes === 0);
      expect(await loadTexts(store)).toEqual(texts);
      expect(lines).toEqual([
        'warn: the session store fails: conversations continue in memory, commits are retried {}',
        'info: the session store works again {"droppedTurns":0}',
      ]);
    },
  );

  test('a turn waits for the store as long as before when the clock of the system is set forward', async () => {
    const opened = open();
    const { store, conversation, conversations } = opened;
    await conversation.loaded;
    store.commits = 'rejects';
    sayTurn(opened, 'one');
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 86_400_000);
    const count = store.commitCount;
    try {
      await until(() => store.commitCount >= count + 3);
    } finally {
      clock.mockRestore();
    }
    store.commits = 'works';
    await until(() => conversations.pendingBytes === 0);
    expect(await loadTexts(store)).toEqual(['one']);
  });

  test('a turn that the store missed in one live session is in the next one, and is committed later', async () => {
    const opened = open();
    const { store, conversations, conversation } = opened;
    await conversation.loaded;
    sayTurn(opened, 'stored');
    await until(() => store.commitCount === 1);
    store.commits = 'rejects';
    conversation.append(textEvent('cut'));
    await conversation.release();
    const next = conversations.open(KEY);
    await next.loaded;
    expect(readTexts(next.events)).toEqual(['stored', 'cut']);
    store.commits = 'works';
    await next.release();
    expect(await loadTexts(store)).toEqual(['stored', 'cut']);
  });

  test('a release waits for a store that hangs only up to its limit', async () => {
    const opened = open({ releaseMs: 20 });
    opened.store.commits = 'hangs';
    opened.conversation.append(textEvent('cut'));
    const before = performance.now();
    await opened.conversation.release();
    // The limit without `releaseMs`.
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('the oldest turns of a conversation are dropped, counted and logged when its uncommitted turns are over the limit of bytes', async () => {
    const opened = open({ pendingBytes: 10_000 });
    const { store, conversations, conversation, lines } = opened;
    store.commits = 'rejects';
    for (let count = 1; count <= 100; count += 1) {
      sayTurn(opened, `${count} ${'x'.repeat(1_000)}`);
      expect(conversations.pendingBytes).toBeLessThanOrEqual(10_000);
    }
    await until(() => store.commitCount > 3);
    store.commits = 'works';
    await conversation.release();
    const numbers = (await loadTexts(store)).map((text) => Number.parseInt(text ?? '', 10));
    // The first turn was being committed when the limit was reached, so it stayed until its attempt had failed.
    expect(numbers.slice(-3)).toEqual([98, 99, 100]);
    expect(numbers.length).toBeLessThan(5);
    expect(conversations.pendingBytes).toBe(0);
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([
      'error: a turn was dropped without being stored: the session store has failed for too long {"appName":"app","userId":"ann","sessionId":"default","events":1}',
    ]);
    const dropped = 100 - numbers.length;
    expect(lines.at(-1)).toBe(`info: the session store works again {"droppedTurns":${dropped}}`);
  });

  test('a turn that a slow store is storing is not dropped when others are', async () => {
    const opened = open({ pendingBytes: 10_000, attemptMs: 1_000 });
    const { store, conversations, conversation } = opened;
    store.commits = 20;
    for (let count = 1; count <= 10; count += 1) sayTurn(opened, `${count} ${'x'.repeat(1_000)}`);
    await until(() => conversations.pendingBytes === 0);
    await conversation.release();
    const numbers = (await loadTexts(store)).map((text) => Number.parseInt(text ?? '', 10));
    expect(numbers).toEqual([1, 8, 9, 10]);
  });

  test('the oldest turns of all conversations are dropped when all uncommitted turns together are over the limit of bytes', async () => {
    const { store, conversations } = open({ totalPendingBytes: 20_000 });
    store.commits = 'rejects';
    const keys = Array.from({ length: 50 }, (_, index) => ({ ...KEY, sessionId: `s${index}` }));
    for (const key of keys) {
      const conversation = conversations.open(key);
      sayTurn({ conversation }, 'x'.repeat(1_000));
      void conversation.release();
      await delay(2);
      expect(conversations.pendingBytes).toBeLessThanOrEqual(20_000);
    }
    store.commits = 'works';
    await until(() => conversations.pendingBytes === 0);
    const { sessions } = await store.list(KEY.appName, KEY.userId, { limit: 100 });
    const stored = sessions.map(({ sessionId }) => sessionId);
    expect(stored.length).toBeLessThan(10);
    expect(stored.slice(0, 3)).toEqual(['s49', 's48', 's47']);
  });

  test('a conversation with many uncommitted turns loses its own turns, and others lose none, when all of them are over the limit', async () => {
    const { store, conversations } = open({ totalPendingBytes: 20_000 });
    store.commits = 'rejects';
    const ann = { ...KEY, userId: 'ann' };
    sayTurn({ conversation: conversations.open(ann) }, 'hello');
    const flooding = conversations.open({ ...KEY, userId: 'eve' });
    for (let count = 0; count < 50; count += 1) sayTurn({ conversation: flooding }, 'x'.repeat(1_000));
    expect(conversations.pendingBytes).toBeLessThanOrEqual(20_000);
    store.commits = 'works';
    await until(() => conversations.pendingBytes === 0);
    expect(await loadTexts(store, ann)).toEqual(['hello']);
  });

  test('a turn that the store refuses for too long is dropped, and the turns after it are committed', async () => {
    const opened = open({ maxAgeMs: 30 });
    const { store, conversations } = opened;
    store.commits = 'rejects';
    sayTurn(opened, 'refused');
    await until(() => conversations.pendingBytes === 0);
    expect(conversations.storeStatus).toBe('failing');
    store.commits = 'works';
    sayTurn(opened, 'taken');
    await opened.conversation.release();
    expect(opened.lines.map((line) => line.split(':')[0])).toEqual(['warn', 'error', 'info']);
    expect(await loadTexts(store)).toEqual(['taken']);
  });
});

describe('close', () => {
  test('close commits the running turns and waits for a slow store', async () => {
    const { store, conversations, conversation } = open();
    await conversation.loaded;
    store.commits = 15;
    conversation.append(textEvent('cut'));
    const closed = conversations.close(5_000);
    await conversation.release();
    await closed;
    expect(await loadTexts(store)).toEqual(['cut']);
  });

  test('close retries at once, so that a store that has recovered gets everything', async () => {
    const opened = open({ firstRetryMs: 60_000, maxRetryMs: 60_000 });
    const { store, conversations, conversation } = opened;
    store.commits = 'rejects';
    sayTurn(opened, 'one');
    await until(() => conversations.storeStatus === 'failing');
    await delay(5);
    store.commits = 'works';
    void conversation.release();
    await conversations.close(5_000);
    expect(await loadTexts(store)).toEqual(['one']);
  });

  test('close gives up after the grace period and logs what is lost', async () => {
    const opened = open();
    const { store, conversations, lines } = opened;
    store.commits = 'hangs';
    for (const text of ['1', '2']) sayTurn(opened, text);
    await conversations.close(50);
    expect(lines.at(-1)).toBe('error: the server ends with turns that the session store has not stored {"turns":2}');
  });

  test('close sets no timer with a negative delay if runs that are ending use up the grace period', async () => {
    const { conversations } = open();
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await conversations.close(5);
    const delays = timers.mock.calls.map(([, ms = 0]) => ms);
    timers.mockRestore();
    expect(delays.length).toBeGreaterThan(1);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  });

  test('close returns at once if nothing is open', async () => {
    const { conversations, conversation } = open();
    await conversation.release();
    // The time limit of a test is much shorter than this grace period.
    await conversations.close(600_000);
    expect(conversations.pendingBytes).toBe(0);
  });
});

describe('the state of live conversations', () => {
  const other = { ...KEY, sessionId: 'other' };

  test('what one conversation changes for the user or the application, others see at once, and strangers do not', async () => {
    const { conversations, conversation } = open();
    const same = conversations.open(other);
    const bob = conversations.open({ ...KEY, userId: 'bob' });
    await Promise.all([conversation, same, bob].map(({ loaded }) => loaded));
    conversation.state.apply({ 'user:name': 'Ann', 'app:price': 3, mine: 1 });
    expect(same.state.toRecord()).toEqual({ 'user:name': 'Ann', 'app:price': 3 });
    expect(bob.state.toRecord()).toEqual({ 'app:price': 3 });
  });

  test('a new conversation of a user begins with the stored state of the user and the application', async () => {
    const store = new TroubledStore();
    await store.commit(KEY, {
      events: [textEvent('hi')],
      state: { user: { name: 'Ann' }, app: { a: 1 }, session: { s: 1 } },
    });
    const { conversations } = open({}, store);
    const fresh = conversations.open({ ...KEY, sessionId: 'fresh' });
    await fresh.loaded;
    expect(fresh.state.toRecord()).toEqual({ 'user:name': 'Ann', 'app:a': 1 });
  });

  test('a change is committed with the event that it belongs to, and a retry does not change that', async () => {
    const { store, conversation } = open();
    await conversation.loaded;
    store.commits = 'loses answer';
    conversation.append(textEvent('one'), conversation.state.apply({ count: 1 }));
    conversation.commitTurn();
    conversation.append(textEvent('two'), conversation.state.apply({ count: 2, 'user:name': 'Ann' }));
    conversation.commitTurn();
    await until(() => store.commitCount > 2);
    store.commits = 'works';
    await conversation.release();
    expect(await store.load(KEY)).toMatchObject({
      state: { session: { count: 2 }, user: { name: 'Ann' } },
    });
    expect(await loadTexts(store)).toEqual(['one', 'two']);
  });

  test('a late commit of one conversation does not bring back what another one has replaced since', async () => {
    const { store, conversations, conversation } = open();
    const second = conversations.open(other);
    await Promise.all([conversation.loaded, second.loaded]);
    store.commits = 'rejects';
    conversation.append(textEvent('old'), conversation.state.apply({ 'user:name': 'old', 'user:gone': 1 }));
    conversation.commitTurn();
    await until(() => store.commitCount > 1);
    const { commitCount } = store;
    // The first conversation waits for its next attempt.
    store.commits = 'works';
    second.append(textEvent('new'), second.state.apply({ 'user:name': 'new', 'user:gone': null }));
    second.commitTurn();
    await until(() => store.commitCount > commitCount + 1);
    await Promise.all([conversation.release(), second.release()]);
    expect((await store.load(KEY))?.state.user).toEqual({ name: 'new' });
  });

  test('a conversation that is opened again while the store fails has what was not committed yet', async () => {
    const { store, conversations, conversation } = open();
    await conversation.loaded;
    store.commits = 'rejects';
    conversation.append(textEvent('one'), conversation.state.apply({ count: 1, 'user:name': 'Ann' }));
    await conversation.release();
    const again = conversations.open(KEY);
    await again.loaded;
    expect(again.state.toRecord()).toEqual({ count: 1, 'user:name': 'Ann' });
    const second = conversations.open(other);
    expect(second.state.toRecord()).toEqual({ 'user:name': 'Ann' });
  });

  test('a conversation that everybody has left is loaded again, with what others have stored meanwhile', async () => {
    const { store, conversations, conversation } = open();
    await conversation.loaded;
    conversation.append(textEvent('one'), conversation.state.apply({ 'user:name': 'Ann' }));
    await conversation.release();
    await store.commit(KEY, { events: [], state: { user: { name: 'Anna' } } });
    const again = conversations.open(KEY);
    await again.loaded;
    expect(again.state.get('user:name')).toBe('Anna');
  });
});

describe('a turn that is held', () => {
  test('is committed when the last holder releases it, without the events that were discarded meanwhile', async () => {
    const { store, conversation } = open();
    await conversation.loaded;
    conversation.holdTurn();
    conversation.holdTurn();
    const blocked = textEvent('blocked');
    conversation.append(textEvent('one'));
    conversation.append(blocked, conversation.state.apply({ count: 1 }));
    conversation.commitTurn();
    conversation.releaseTurn();
    conversation.discard(new Set([blocked.id]));
    expect(store.commitCount).toBe(0);
    expect(readTexts(conversation.events)).toEqual(['one']);
    conversation.releaseTurn();
    await conversation.release();
    expect(await loadTexts(store)).toEqual(['one']);
    expect((await store.load(KEY))?.state.session).toEqual({ count: 1 });
  });

  test('is not committed by its release if it is not over, and by the end of the conversation in any case', async () => {
    const { store, conversation } = open();
    await conversation.loaded;
    conversation.holdTurn();
    conversation.append(textEvent('one'));
    conversation.releaseTurn();
    expect(store.commitCount).toBe(0);
    conversation.holdTurn();
    await conversation.release();
    expect(await loadTexts(store)).toEqual(['one']);
  });
});

describe('a conversation that is deleted', () => {
  test('is not written again by a holder that commits after that, and a new one begins empty', async () => {
    const opened = open();
    const { store, conversations, conversation } = opened;
    sayTurn(opened, 'before');
    expect(await conversations.delete(KEY)).toBe(true);
    sayTurn(opened, 'after');
    conversation.append(textEvent('last words'));
    const next = conversations.open(KEY);
    await next.loaded;
    expect(readTexts(next.events)).toEqual([]);
    await conversation.release();
    expect(await store.load(KEY)).toBeUndefined();
    next.append(textEvent('new'));
    await next.release();
    expect(await loadTexts(store)).toEqual(['new']);
  });

  test('has its running turn stored before, so that the state of the user stays', async () => {
    const { store, conversations, conversation } = open();
    await conversation.loaded;
    conversation.append(textEvent('Ann', 'user'), conversation.state.apply({ 'user:name': 'Ann', mood: 'good' }));
    expect(await conversations.delete(KEY)).toBe(true);
    expect(await store.load(KEY)).toBeUndefined();
    expect(await store.loadState(KEY.appName, KEY.userId)).toEqual({ app: {}, user: { name: 'Ann' } });
  });

  test('is not written again by a commit that the store has not answered for, nor by its retries', async () => {
    const opened = open({ attemptMs: 200 });
    const { store, conversations } = opened;
    store.commits = 60;
    sayTurn(opened, 'under way');
    sayTurn(opened, 'waiting');
    const deleted = conversations.delete(KEY);
    await deleted;
    store.commits = 'works';
    await until(() => conversations.pendingBytes === 0);
    await delay(150);
    expect(conversations.pendingBytes).toBe(0);
    expect(await store.load(KEY)).toBeUndefined();
  });

  test('has no turns in memory any more when its store has failed, and the error is reported', async () => {
    const opened = open();
    const { store, conversations } = opened;
    store.commits = 'rejects';
    sayTurn(opened, 'lost');
    expect(await conversations.delete(KEY)).toBe(false);
    store.commits = 'works';
    await delay(50);
    expect(conversations.pendingBytes).toBe(0);
    expect(await store.load(KEY)).toBeUndefined();
  });

  test('costs no memory, whatever a holder that is left adds to it', async () => {
    const { conversations, conversation } = open({ totalCharacters: 2_000 });
    await conversations.delete(KEY);
    for (let index = 0; index < 50; index += 1) conversation.append(textEvent('x'.repeat(1_000)));
    const [other] = ['one', 'two'].map((sessionId) => conversations.open({ ...KEY, sessionId }));
    // More than an equal share of the memory, which is taken away only when there is too much in total.
    const texts = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
    for (const text of texts) other?.append(textEvent(text));
    expect(readTexts(other?.events)).toEqual(texts);
  });
});

describe('the summary of a conversation', () => {
  const summarize = (text: string, { id, timestamp }: ReturnType<typeof textEvent>) => ({
    text,
    lastEventId: id,
    startTimestamp: 0,
    endTimestamp: timestamp,
  });

  test('a summary is committed and loaded with its position: what it covers is not listed, and stays in memory', async () => {
    const opened = open();
    await opened.conversation.loaded;
    const [one, two, three] = [textEvent('one'), textEvent('two'), textEvent('three')];
    opened.conversation.append(one);
    opened.conversation.append(two);
    opened.conversation.commitTurn();
    opened.conversation.append(three);
    expect(readTexts(opened.conversation.listUnsummarized())).toEqual(['one', 'two']);
    opened.conversation.commitSummary(summarize('One was said.', one));
    expect(readTexts(opened.conversation.listUnsummarized())).toEqual(['two']);
    await opened.conversation.release();

    const again = new LiveConversations(opened.store).open(KEY);
    await again.loaded;
    expect(again.summary).toEqual(summarize('One was said.', one));
    expect(readTexts(again.listUnsummarized())).toEqual(['two', 'three']);
    expect(again.unsummarized.events).toBe(2);
    expect(readTexts(again.events)).toEqual(['one', 'two', 'three']);
  });

  test('a summary that the store does not have yet counts more than an older one that it has', async () => {
    const opened = open({ releaseMs: 1 });
    await opened.conversation.loaded;
    const [one, two] = [textEvent('one'), textEvent('two')];
    opened.conversation.append(one);
    opened.conversation.commitSummary(summarize('old', one));
    opened.conversation.append(two);
    opened.conversation.commitTurn();
    await opened.conversations.settle(KEY);
    opened.store.commits = 'rejects';
    opened.conversation.commitSummary(summarize('new', two));
    await opened.conversation.release();
    const again = opened.conversations.open(KEY);
    expect(again.summary?.text).toBe('new');
    await again.loaded;
    expect(again.isLoaded).toBe(true);
    expect(again.summary?.text).toBe('new');
    expect(again.listUnsummarized()).toEqual([]);
    opened.store.commits = 'works';
    await again.release();
    await opened.conversations.settle(KEY);
    expect((await opened.store.load(KEY))?.summary?.text).toBe('new');
  });

  test('a summary that comes after a conversation was deleted is neither stored nor part of the next one', async () => {
    const opened = open();
    await opened.conversation.loaded;
    const one = textEvent('one');
    opened.conversation.append(one);
    opened.conversation.commitTurn();
    await opened.conversations.delete(KEY);
    const next = opened.conversations.open(KEY);
    opened.conversation.commitSummary(summarize('too late', one));
    await next.loaded;
    next.append(textEvent('next'));
    await next.release();
    expect(opened.conversation.summary).toBeUndefined();
    expect(await loadTexts(opened.store)).toEqual(['next']);
    expect((await opened.store.load(KEY))?.summary).toBeUndefined();
  });

  test('what a store returns in the place of a summary is no summary', async () => {
    for (const wrong of [
      { text: '' },
      { text: 'x'.repeat(8_001), lastEventId: 'e', startTimestamp: 1, endTimestamp: 1 },
    ]) {
      const store = new TroubledStore();
      await store.commit(KEY, { events: [textEvent('hello')], summary: wrong as never });
      const { conversation } = open({}, store);
      await conversation.loaded;
      expect(conversation.isLoaded).toBe(true);
      expect(conversation.summary).toBeUndefined();
      await conversation.release();
    }
  });
});

describe('the report whether a conversation is stored', () => {
  function watch(opened: Opened) {
    const states: object[] = [];
    opened.conversation.watchStorage((state) => void states.push(state));
    return states;
  }

  test('comes once when the store begins to fail, and once when it has everything', async () => {
    const opened = open();
    const states = watch(opened);
    sayTurn(opened, 'one');
    await opened.conversation.loaded;
    opened.store.commits = 'rejects';
    for (const text of ['two', 'three']) sayTurn(opened, text);
    await until(() => states.length > 0 && opened.store.commitCount > 5);
    expect(states).toEqual([{ state: 'failing' }]);
    opened.store.commits = 'works';
    await until(() => states.length > 1);
    expect(states).toEqual([{ state: 'failing' }, { state: 'ok' }]);
    expect(await loadTexts(opened.store)).toEqual(['one', 'two', 'three']);
  });

  test('does not come for one failure that a retry mends, as when another process writes', async () => {
    const opened = open();
    const states = watch(opened);
    await opened.conversation.loaded;
    opened.store.commits = 'rejects';
    sayTurn(opened, 'one');
    await until(() => opened.store.commitCount === 1);
    opened.store.commits = 'works';
    await opened.conversation.release();
    expect(await loadTexts(opened.store)).toEqual(['one']);
    expect(states).toEqual([]);
  });

  test('has the number of turns that will never be stored', async () => {
    const opened = open({ maxAgeMs: 20 });
    const states = watch(opened);
    await opened.conversation.loaded;
    opened.store.commits = 'rejects';
    for (const text of ['one', 'two']) sayTurn(opened, text);
    await until(() => states.some((state) => 'lost_turns' in state && state.lost_turns === 2));
    opened.store.commits = 'works';
    sayTurn(opened, 'three');
    await until(() => Object(states.at(-1)).state === 'ok');
    expect(states.at(-1)).toEqual({ state: 'ok', lost_turns: 2 });
    expect(await loadTexts(opened.store)).toEqual(['three']);
  });

  test('comes at once to who opens the conversation during an outage, and when its history cannot be loaded', async () => {
    const opened = open();
    await opened.conversation.loaded;
    opened.store.commits = 'rejects';
    sayTurn(opened, 'one');
    await until(() => opened.store.commitCount > 2);
    await opened.conversation.release();
    const again = opened.conversations.open(KEY);
    const states: object[] = [];
    again.watchStorage((state) => void states.push(state));
    await until(() => states.length > 0);
    expect(states).toEqual([{ state: 'failing' }]);

    const store = new TroubledStore();
    store.loads = 'rejects';
    const other = open({}, store);
    const loads = watch(other);
    await until(() => loads.length > 0 && store.loadCount > 4);
    expect(loads).toEqual([{ state: 'failing' }]);
    store.loads = 'works';
    await until(() => loads.length > 1);
    expect(loads).toEqual([{ state: 'failing' }, { state: 'ok' }]);
  });

  test('ends with the watching', async () => {
    const opened = open();
    const states: object[] = [];
    const unwatch = opened.conversation.watchStorage((state) => void states.push(state));
    await opened.conversation.loaded;
    unwatch();
    opened.store.commits = 'rejects';
    sayTurn(opened, 'one');
    await until(() => opened.store.commitCount > 3);
    expect(states).toEqual([]);
  });
});
