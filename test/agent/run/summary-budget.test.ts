import { expect, jest, test } from '@jest/globals';
import { SummaryBudget } from '../../../src/agent/run/summary-budget.ts';

test('a budget has a limit of calls at a time, of calls in a minute, and of those of one conversation', () => {
  jest.useFakeTimers();
  try {
    const budget = new SummaryBudget({ concurrent: 2, perMinute: 4, conversationPerMinute: 2 });
    expect(['a', 'a', 'b'].map((name) => budget.begin(name))).toEqual([true, true, false]);
    budget.end();
    expect(['a', 'b'].map((name) => budget.begin(name))).toEqual([false, true]);
    budget.end();
    budget.end();
    expect(['c', 'd'].map((name) => budget.begin(name))).toEqual([true, false]);
    jest.advanceTimersByTime(60_001);
    expect(budget.begin('a')).toBe(true);
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
