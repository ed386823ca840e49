const SMALL = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
];
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];

/** A number from 0 to 999,999 as one says it, with up to two decimals. Hyphens are spaces: `twenty one`. */
export function numberWords(value: number): string[] {
  const [whole = '0', decimals = ''] = String(Math.round(value * 100) / 100).split('.');
  const words = wholeWords(Number(whole));
  return decimals === '' ? words : [...words, 'point', ...[...decimals].map((digit) => SMALL[Number(digit)] ?? '')];
}

/** A time of day: `fourteen thirty five`, `nine oh five`, `twelve o'clock`. */
export function clockWords(hour: number, minute: number): string[] {
  const hourWords = wholeWords(hour);
  if (minute === 0) return [...hourWords, "o'clock"];
  return minute < 10 ? [...hourWords, 'oh', ...wholeWords(minute)] : [...hourWords, ...wholeWords(minute)];
}

/** The number that a numeral or the words for 0 to 99 say; undefined for anything else. */
export function wordsToNumber(text: string): number | undefined {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  const words = text.toLowerCase().replace('-', ' ');
  const index = COUNTABLE.indexOf(words);
  return index < 0 ? undefined : index;
}

function wholeWords(value: number): string[] {
  if (value >= 1000) return [...wholeWords(Math.floor(value / 1000)), 'thousand', ...restWords(value % 1000)];
  if (value >= 100) return [...wholeWords(Math.floor(value / 100)), 'hundred', ...restWords(value % 100)];
  if (value < 20) return [SMALL[value] ?? ''];
  return [TENS[Math.floor(value / 10)] ?? '', ...restWords(value % 10)];
}

function restWords(value: number): string[] {
  return value === 0 ? [] : wholeWords(value);
}

const COUNTABLE = Array.from({ length: 100 }, (_, value) => wholeWords(value).join(' '));
