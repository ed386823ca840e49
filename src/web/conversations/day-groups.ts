import type { ConversationSummary } from '../../client/index.ts';

/** Words of the page for days. */
export interface DayWords {
  readonly today: string;
  readonly yesterday: string;
  readonly lastDays: (days: number) => string;
  readonly now: string;
}

/** Conversations whose newest events are of the same day, or of the same longer time. */
export interface DayGroup<Row extends ConversationSummary> {
  readonly title: string;
  readonly rows: readonly Row[];
}

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
/** Times of several days that have a title of their own, in days. Older conversations have that of their month. */
const [WEEK, MONTH] = [7, 30];

/**
 * Groups conversations by the day of their newest event, in the time zone of the browser.
 * @param rows newest first
 * @param now in ms since 1970
 * @param language BCP-47 tag for the names of months
 */
export function groupByDay<Row extends ConversationSummary>(
  rows: readonly Row[],
  now: number,
  language: string,
  words: DayWords,
): readonly DayGroup<Row>[] {
  const groups: { title: string; rows: Row[] }[] = [];
  const findTitle = createTitleFinder(now, language, words);
  for (const row of rows) {
    const title = findTitle(row.lastUpdateTime * 1_000);
    const last = groups.at(-1);
    if (last?.title === title) last.rows.push(row);
    else groups.push({ title, rows: [row] });
  }
  return groups;
}

/**
 * Creates a function that formats the time of a newest event: how long ago it is on the same day, the time of day of yesterday, the day of the week,
 * and for what is older the date.
 */
export function createTimeFormat(now: number, language: string, words: Pick<DayWords, 'now'>): (at: number) => string {
  const ago = new Intl.RelativeTimeFormat(language, { style: 'short', numeric: 'always' });
  const time = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
  const weekday = new Intl.DateTimeFormat(language, { weekday: 'short' });
  const date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
  const dateOfYear = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric' });
  return (at) => {
    const days = countDays(at, now);
    // The clock of the server may be ahead.
    const age = Math.max(0, now - at);
    if (days <= 0 && age < MINUTE_MS) return words.now;
    if (days <= 0 && age < HOUR_MS) return ago.format(-Math.floor(age / MINUTE_MS), 'minute');
    if (days <= 0) return ago.format(-Math.floor(age / HOUR_MS), 'hour');
    if (days === 1) return time.format(at);
    if (days < WEEK) return weekday.format(at);
    return (new Date(at).getFullYear() === new Date(now).getFullYear() ? date : dateOfYear).format(at);
  };
}

/** Creates a function that finds the title of a time. A list may have thousands of times, but few months. */
function createTitleFinder(now: number, language: string, words: DayWords): (at: number) => string {
  const format = new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric' });
  const months = new Map<number, string>();
  return (at) => {
    const days = countDays(at, now);
    if (days <= 0) return words.today;
    if (days === 1) return words.yesterday;
    if (days < WEEK) return words.lastDays(WEEK);
    if (days < MONTH) return words.lastDays(MONTH);
    const date = new Date(at);
    const month = date.getFullYear() * 12 + date.getMonth();
    const title = months.get(month) ?? format.format(date);
    months.set(month, title);
    return title;
  };
}

/** Number of midnights between two times, in the time zone of the browser. */
function countDays(from: number, to: number): number {
  // A day of a change of the clock has 23 or 25 hours.
  return Math.round((startOfDay(to) - startOfDay(from)) / (24 * HOUR_MS));
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
