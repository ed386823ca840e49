import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ConversationError, type ConversationPage, type Conversations } from '../../../src/client/index.ts';
import { ConversationList } from '../../../src/web/conversations/conversation-list.ts';
import { ListLayout } from '../../../src/web/conversations/list-layout.ts';
import { en } from '../../../src/web/messages/en.ts';

const UNDO_MS = 10_000;

/** A list of a server in the test's hand. */
function open(pages: ConversationPage[]) {
  const log: string[] = [];
  let failure: unknown;
  const ask = (what: string) => {
    log.push(what);
    if (failure) throw failure;
  };
  const conversations: Pick<Conversations, 'list' | 'rename' | 'delete' | 'exportAs'> = {
    async *list({ cursor } = {}) {
      ask(`list ${cursor ?? ''}`.trim());
      const page = pages[cursor === undefined ? 0 : Number(cursor)];
      if (page) yield page;
    },
    async rename(id, title) {
      ask(`rename ${id} ${title}`);
      return { id, title, lastUpdateTime: 1 };
    },
    async delete(id) {
      ask(`delete ${id}`);
      return true;
    },
    async exportAs(id, format) {
      ask(`export ${id} ${format}`);
      return new Response('content');
    },
  };
  const list = new ConversationList({
    conversations,
    onUnauthorized: () => log.push('unauthorized'),
    saveFile: (name) => log.push(`save ${name}`),
  });
  return {
    list,
    pages,
    log,
    fail: (error: unknown) => {
      failure = error;
    },
    ids: () => list.rows.value?.map(({ id, isDeleting }) => (isDeleting ? `-${id}` : id)).join(' '),
    problem: () => {
      const { action, text } = list.problem.value ?? {};
      return action && `${action}: ${text?.(en)}`;
    },
  };
}

const row = (id: string, lastUpdateTime: number, title = id) => ({ id, title, lastUpdateTime });
const refusal = (status: number, error: string) => new ConversationError({ error, status });

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

test('pages are appended one after the other, and what is loaded again replaces only the time that it covers', async () => {
  const { list, pages, ids } = open([
    { conversations: [row('d', 40), row('c', 30)], next: '1' },
    { conversations: [row('c', 30), row('b', 20), row('a', 10)] },
  ]);
  await list.refresh();
  expect([ids(), list.hasMore]).toEqual(['d c', true]);
  await list.loadMore();
  expect([ids(), list.hasMore]).toEqual(['d c b a', false]);
  await list.loadMore();
  // Meanwhile "a" was spoken in, and "c" was deleted by another page.
  pages[0] = { conversations: [row('a', 50), row('d', 40), row('b', 20)], next: '1' };
  await list.refresh();
  expect(ids()).toBe('a d b');
  pages[0] = { conversations: [] };
  await list.refresh();
  expect([ids(), list.hasMore]).toEqual(['', false]);
});

test('a list knows whether its conversations end with the server', async () => {
  const { list, pages } = open([{ conversations: [row('a', 1)], volatile: true }]);
  await list.refresh();
  expect(list.isVolatile.value).toBe(true);
  pages[0] = { conversations: [row('a', 1)] };
  await list.refresh();
  expect(list.isVolatile.value).toBe(false);
});

test('a list that is loaded twice at the same time asks once, and once more afterwards', async () => {
  const { list, log } = open([{ conversations: [row('a', 1)] }]);
  await Promise.all([list.refresh(), list.refresh(), list.refresh()]);
  expect(log).toEqual(['list', 'list']);
});

test.each([
  ['a store that is down', refusal(503, 'the store does not answer'), 'load: The store does not answer.'],
  ['too many requests', refusal(429, 'too many requests'), 'load: Too many requests.'],
  ['no network', new ConversationError({ error: 'No answer: fetch failed' }), 'load: The server cannot be reached.'],
  ['no answer in time', new DOMException('', 'TimeoutError'), 'load: The server cannot be reached.'],
])('with %s the loaded conversations stay, and the user can load again', async (_what, error, problem) => {
  const test = open([{ conversations: [row('b', 2)], next: '1' }, { conversations: [row('a', 1)] }]);
  const { list } = test;
  await list.refresh();
  test.fail(error);
  await list.loadMore();
  expect([test.ids(), test.problem()]).toEqual(['b', problem]);
  const asked = test.log.length;
  await list.loadMore();
  expect(test.log).toHaveLength(asked);
  test.fail(undefined);
  list.problem.value?.retry?.();
  await jest.advanceTimersByTimeAsync(0);
  expect([test.ids(), test.problem()]).toEqual(['b a', undefined]);
});

test('a list that could not be loaded loads by itself when the server is back, and not after its notice was dismissed', async () => {
  const { list, log, pages, fail, problem, ids } = open([{ conversations: [row('a', 1)] }]);
  fail(new ConversationError({ error: 'No answer: fetch failed' }));
  await list.refresh();
  await jest.advanceTimersByTimeAsync(2_000);
  expect([log.length, problem()]).toEqual([2, 'load: The server cannot be reached.']);
  fail(undefined);
  await jest.advanceTimersByTimeAsync(4_000);
  expect([ids(), problem()]).toEqual(['a', undefined]);
  pages[0] = { conversations: [row('b', 2)] };
  fail(refusal(503, 'the store does not answer'));
  await list.refresh();
  list.dismiss();
  const asked = log.length;
  await jest.advanceTimersByTimeAsync(60_000);
  expect([log.length, ids()]).toEqual([asked, 'a']);
});

test('the waits before a list is loaded again by itself grow to 30 s, and a refusal for good is not repeated', async () => {
  const { list, log, fail } = open([]);
  fail(refusal(503, 'the store does not answer'));
  await list.refresh();
  await jest.advanceTimersByTimeAsync((2 + 4 + 8 + 16 + 30 + 30) * 1_000);
  expect(log).toHaveLength(7);
  fail(refusal(400, 'cursor is not the next of a page'));
  await jest.advanceTimersByTimeAsync(600_000);
  expect(log).toHaveLength(8);
});

test('credentials that have expired are not a problem of the list', async () => {
  const { list, log, fail, problem } = open([]);
  fail(refusal(401, 'no'));
  await list.refresh();
  expect([log, problem()]).toEqual([['list', 'unauthorized'], undefined]);
});

test('a new title is shown at once, and the old one again if the server refuses it', async () => {
  const { list, fail, log, problem } = open([{ conversations: [row('a', 1, 'old')] }]);
  await list.refresh();
  const renaming = list.rename('a', ' new\n title ');
  expect(list.rows.value).toMatchObject([{ title: 'new title' }]);
  await renaming;
  await list.rename('a', 'new title');
  await list.rename('a', '  ');
  expect(log).toEqual(['list', 'rename a new title']);
  fail(refusal(503, 'no store'));
  await list.rename('a', 'newer');
  expect([list.rows.value?.[0]?.title, problem()]).toEqual(['new title', 'rename: No store.']);
});

test('a deletion can be undone until its time is over, and happens at once when the list is left', async () => {
  const { list, ids, log } = open([{ conversations: [row('a', 3), row('b', 2), row('c', 1)] }]);
  await list.refresh();
  list.delete('a');
  list.delete('b');
  expect(ids()).toBe('-a -b c');
  list.undoDelete('a');
  await list.refresh();
  expect(ids()).toBe('a -b c');
  await jest.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(log).toEqual(['list', 'list']);
  await jest.advanceTimersByTimeAsync(1);
  expect([ids(), log.at(-1)]).toEqual(['a c', 'delete b']);
  list.delete('c');
  list.flush();
  await jest.advanceTimersByTimeAsync(0);
  expect([ids(), log.at(-1)]).toEqual(['a', 'delete c']);
  await jest.advanceTimersByTimeAsync(UNDO_MS);
  expect(log).toHaveLength(4);
});

test('a conversation that could not be deleted is in the list again, and can be deleted again', async () => {
  const { list, ids, fail, problem } = open([{ conversations: [row('a', 1)] }]);
  await list.refresh();
  fail(refusal(503, 'no store'));
  list.delete('a');
  list.flush();
  await jest.advanceTimersByTimeAsync(0);
  expect([ids(), problem()]).toEqual(['a', 'delete: No store.']);
  fail(undefined);
  list.problem.value?.retry?.();
  await jest.advanceTimersByTimeAsync(0);
  expect([ids(), problem()]).toEqual(['', undefined]);
});

test.each([
  ['Which ferry? / 16:40', 'Which ferry 16 40.txt'],
  ['../../etc', 'etc.txt'],
  ['', 'conversation.txt'],
  ['日本語', '日本語.txt'],
])('the export of "%s" is a file with a name for every system', async (title, name) => {
  const { list, log } = open([{ conversations: [row('a', 1, title)] }]);
  await list.refresh();
  await list.exportAs('a', 'text');
  expect(log).toEqual(['list', 'export a text', `save ${name}`]);
});

test('an export of what does not exist says so and offers no repetition, and one that failed for now offers it', async () => {
  const { list, fail, problem } = open([{ conversations: [row('a', 1)] }]);
  await list.refresh();
  fail(new ConversationError({ error: 'none', hint: 'for developers', code: 'no_recording', status: 404 }));
  await list.exportAs('a', 'wav');
  expect([problem(), list.problem.value?.retry]).toEqual(['export: Nothing of it was recorded.', undefined]);
  fail(refusal(503, 'no store'));
  await list.exportAs('a', 'json');
  expect(list.problem.value?.retry).toBeDefined();
  expect(list.exporting.value).toBeUndefined();
});

test('of ten thousand conversations only those near the view belong in the document, and the arrow keys skip the titles of groups', () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => row(String(index), index));
  const layout = new ListLayout(
    [
      { title: 'Today', rows: rows.slice(0, 2) },
      { title: 'Before', rows: rows.slice(2) },
    ],
    16,
  );
  expect(layout.height).toBe(10_000 * 44 + 2 * 40);
  const { start, end } = layout.findRange(220_000, 600);
  expect(end - start).toBeLessThan(50);
  expect(layout.getOffset(start)).toBeLessThanOrEqual(220_000);
  expect(layout.getOffset(end)).toBeGreaterThanOrEqual(220_600);
  expect(layout.findRange(0, 600).start).toBe(0);
  expect(layout.findRange(layout.height, 600).end).toBe(10_002);
  expect([layout.findIndex('1'), layout.findNext(2, 1), layout.findNext(4, -1)]).toEqual([2, 4, 2]);
  expect([layout.findNext(1, -1), layout.findNext(10_001, 1), layout.findIndex('none')]).toEqual([1, 10_001, -1]);
});
