import { expect, jest, test } from '@jest/globals';
import { SummaryBudget } from '../../../src/agent/run/summary-budget.ts';
import { KEY } from '../../store/events.ts';

const toKey = (sessionId: string, userId = KEY.userId) => ({ ...KEY, userId, sessionId });

test('a budget has a limit of calls at a time, of calls in a minute, and of those of one conversation', () => {
  jest.useFakeTimers();
  try {
    const budget = new SummaryBudget({ concurrent: 2, perMinute: 4, conversationPerMinute: 2, userPerMinute: 4 });
    expect(['a', 'a', 'b'].map((name) => budget.begin(toKey(name)))).toEqual([true, true, false]);
    budget.end();
    expect(['a', 'b'].map((name) => budget.begin(toKey(name)))).toEqual([false, true]);
    budget.end();
    budget.end();
    expect(['c', 'd'].map((name) => budget.begin(toKey(name)))).toEqual([true, false]);
    jest.advanceTimersByTime(60_001);
    expect(budget.begin(toKey('a'))).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});

test('a conversation is reserved once at a time', () => {
  const budget = new SummaryBudget();
  const [one, two] = [{}, {}];
  expect([budget.reserve(one), budget.reserve(one), budget.reserve(two)]).toEqual([true, false, true]);
  budget.release(one);
  expect(budget.reserve(one)).toBe(true);
});

test('the conversations of one user together do not use up the calls of other users', () => {
  const budget = new SummaryBudget({ concurrent: 9, perMinute: 9, conversationPerMinute: 2, userPerMinute: 3 });
  expect(['a', 'b', 'c', 'd'].map((name) => budget.begin(toKey(name, 'ann')))).toEqual([true, true, true, false]);
  expect(budget.begin(toKey('a', 'bob'))).toBe(true);
});
