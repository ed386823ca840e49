import { describe, expect, test } from '@jest/globals';
import { findFaultScope } from '../../src/isolation/fault-scope.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import { until } from '../models/until.ts';
import { awkwardValues } from '../wire/awkward-values.ts';
import { KEY, readTexts, textEvent } from './events.ts';

const QUICK = { loadMs: 30, attemptMs: 20, firstRetryMs: 5, maxRetryMs: 5, releaseMs: 30 };

interface LogLine {
  readonly details: Record<string, unknown>;
  readonly message: string;
}

/** Opens a conversation over a store whose operations are replaced by those of the test. */
function open(operations: Partial<Record<'load' | 'commit', () => unknown>>) {
  const lines: LogLine[] = [];
  const log = (details: object, message: string) => lines.push({ details: { ...details }, message });
  const store = {
    ...createMemoryStore(),
    load: async () => undefined,
    loadState: async () => ({ app: {}, user: {} }),
    commit: async () => {},
    ...operations,
  };
  const conversations = new LiveConversations(store as unknown as SessionStore, {
    logger: { info: log, warn: log, error: log },
    limits: QUICK,
  });
  return { conversations, conversation: conversations.open(KEY), lines };
}

/** Says a turn and releases the conversation, as a session does at its end. */
async function talk({ conversation, conversations }: ReturnType<typeof open>): Promise<void> {
  await conversation.loaded;
  conversation.append(textEvent('said'));
  conversation.commitTurn();
  expect(readTexts(conversation.events)).toEqual(['said']);
  await conversation.release();
  await conversations.close(20);
}

describe('a conversation continues in memory', () => {
  test.each(awkwardValues())('if the store throws, rejects with or answers %s', async (_name, value) => {
    const throwValue = () => {
      throw value;
    };
    await talk(open({ load: throwValue, commit: throwValue }));
    await talk(open({ load: () => Promise.reject(value), commit: () => Promise.reject(value) }));
    await talk(open({ load: () => value, commit: () => value }));
  });

  test.each<[string, unknown]>([
    ['events that are no list', { events: 5, truncated: false }],
    ['an event that is null', { events: [null], truncated: false }],
    ['an event whose parts are no list', { events: [{ ...textEvent('x'), content: { parts: 5 } }], truncated: false }],
    [
      'an event with a part that is null',
      { events: [{ ...textEvent('x'), content: { parts: [null] } }], truncated: false },
    ],
    ['an event that JSON cannot represent', { events: [{ ...textEvent('x'), branch: 1n }], truncated: false }],
  ])('if the store answers %s, which nobody sees', async (_what, stored) => {
    const opened = open({ load: async () => stored });
    await talk(opened);
    expect(opened.lines[0]?.message).toMatch(/^the session store fails/);
  });

  test('if a logger throws', async () => {
    const broken = () => {
      throw new Error('the log is full');
    };
    const conversations = new LiveConversations(
      { ...createMemoryStore(), load: () => Promise.reject(new Error('no')) } as unknown as SessionStore,
      { logger: { info: broken, warn: broken, error: broken }, limits: QUICK },
    );
    await talk({ conversations, conversation: conversations.open(KEY), lines: [] });
  });
});

test('an error that a store throws in a timer is logged as one of the store, at most once a minute', async () => {
  const scopes: ReturnType<typeof findFaultScope>[] = [];
  const { lines } = open({
    load: async () => {
      setTimeout(() => scopes.push(findFaultScope()), 1);
      return undefined;
    },
  });
  const scope = await until(() => scopes[0]);
  for (let count = 0; count < 3; count += 1) scope.report(new Error('the pool is gone'));
  expect(lines).toMatchObject([
    {
      message: 'the session store has failed outside of its operations',
      details: { err: { message: 'the pool is gone', stack: expect.any(String) } },
    },
  ]);
});
