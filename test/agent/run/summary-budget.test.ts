import { expect, jest, test } from '@jest/globals';
import { SummaryBudget } from '../../../src/agent/run/summary-budget.ts';

test('a budget has a limit of calls at a time, and one of calls in a minute', () => {
  jest.useFakeTimers();
  try {
    const budget = new SummaryBudget({ concurrent: 2, perMinute: 3 });
    expect([budget.begin(), budget.begin(), budget.begin()]).toEqual([true, true, false]);
    budget.end();
    expect(budget.begin()).toBe(true);
    budget.end();
    budget.end();
    expect(budget.begin()).toBe(false);
    jest.advanceTimersByTime(60_001);
    expect(budget.begin()).toBe(true);
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
