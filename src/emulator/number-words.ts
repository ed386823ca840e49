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

/** Spells a number from 0 to 999,999 with up to two decimals. Words are separated by spaces, not hyphens: `twenty one`. */
export function spellNumber(value: number): string[] {
  const [whole = '0', decimals = ''] = String(Math.round(value * 100) / 100).split('.');
  const words = spellWhole(Number(whole));
  return decimals === '' ? words : [...words, 'point', ...[...decimals].map((digit) => SMALL[Number(digit)] ?? '')];
}

/** Spells a time of day: `fourteen thirty five`, `nine oh five`, `twelve o'clock`. */
export function spellClock(hour: number, minute: number): string[] {
  const hourWords = spellWhole(hour);
  if (minute === 0) return [...hourWords, "o'clock"];
  return minute < 10 ? [...hourWords, 'oh', ...spellWhole(minute)] : [...hourWords, ...spellWhole(minute)];
}

/** Parses a numeral, or the words for 0 to 99. Returns undefined for any other text. */
export function parseNumberWords(text: string): number | undefined {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  const words = text.toLowerCase().replace('-', ' ');
  const index = COUNTABLE.indexOf(words);
  return index < 0 ? undefined : index;
}

function spellWhole(value: number): string[] {
  if (value >= 1000) return [...spellWhole(Math.floor(value / 1000)), 'thousand', ...spellRest(value % 1000)];
  if (value >= 100) return [...spellWhole(Math.floor(value / 100)), 'hundred', ...spellRest(value % 100)];
  if (value < 20) return [SMALL[value] ?? ''];
  return [TENS[Math.floor(value / 10)] ?? '', ...spellRest(value % 10)];
}

function spellRest(value: number): string[] {
  return value === 0 ? [] : spellWhole(value);
}

const COUNTABLE = Array.from({ length: 100 }, (_, value) => spellWhole(value).join(' '));
