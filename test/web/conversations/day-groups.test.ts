import { expect, test } from '@jest/globals';
import { createTimeFormat, groupByDay } from '../../../src/web/conversations/day-groups.ts';
import { enPanels } from '../../../src/web/messages/en-panels.ts';

const words = enPanels.conversations;
const NOW = new Date(2026, 10, 30, 12, 30).getTime();
const HOUR = 3_600_000;

const rowAt = (at: number) => ({ id: String(at), title: '', lastUpdateTime: at / 1_000 });
const titlesOf = (times: readonly number[]) =>
  groupByDay(times.map(rowAt), NOW, 'en', words).map(({ title, rows }) => [title, rows.length]);

test('conversations are grouped by today, yesterday, the last days and by months', () => {
  const days = [0, 0.1, 1, 2, 6, 7, 29, 30, 61, 400];
  expect(titlesOf(days.map((count) => NOW - count * 24 * HOUR))).toEqual([
    ['Today', 2],
    ['Yesterday', 1],
    ['Last 7 days', 2],
    ['Last 30 days', 2],
    ['October 2026', 1],
    ['September 2026', 1],
    ['October 2025', 1],
  ]);
});

test('midnight divides the days, also where a day of a changed clock has 25 hours, and the clock of the server may be ahead', () => {
  const midnight = new Date(2026, 10, 30).getTime();
  expect(titlesOf([NOW + HOUR, midnight, midnight - 1])).toEqual([
    ['Today', 2],
    ['Yesterday', 1],
  ]);
  // The clocks of Europe and of America change on one of these days.
  for (const [year, month, day] of [
    [2026, 9, 25],
    [2026, 10, 1],
    [2026, 2, 29],
    [2026, 2, 8],
  ] as const) {
    const after = new Date(year, month, day + 1, 0, 30).getTime();
    const before = new Date(year, month, day, 0, 30).getTime();
    expect(groupByDay([rowAt(before)], after, 'en', words)[0]?.title).toBe('Yesterday');
  }
});

test('a time is as exact as a user needs it', () => {
  const format = createTimeFormat(NOW, 'en-GB', words);
  const ages = [-HOUR, 30_000, 5 * 60_000, 3 * HOUR];
  expect(ages.map((age) => format(NOW - age))).toEqual(['now', 'now', '5 min ago', '3 hr ago']);
  expect(format(new Date(2026, 10, 29, 9, 5).getTime())).toBe('9:05');
  expect(format(new Date(2026, 10, 27).getTime())).toBe('Fri');
  expect(format(new Date(2026, 10, 3).getTime())).toBe('3 Nov');
  expect(format(new Date(2025, 10, 3).getTime())).toBe('3 Nov 2025');
});
