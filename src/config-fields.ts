import { isIP } from 'node:net';
import * as z from 'zod';

const NETWORK = 'an IP address or a network such as 10.0.0.0/8';

/** `true`, `false`, `1`, `0` or empty, which means false. */
export const flag = z
  .string()
  .trim()
  .toLowerCase()
  .default('')
  .pipe(z.enum(['true', 'false', '1', '0', ''], { error: 'must be true or false' }))
  .transform((value) => value === 'true' || value === '1');
/** Any text, without the white space around it. Default: empty. */
export const text = z.string().trim().default('');
/** One of some words, or empty. */
export const choice = <Word extends string>(...words: readonly Word[]) =>
  text.pipe(z.enum(['', ...words], { error: `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}` }));
/**
 * A comma-separated list. An item that does not match would silently have no effect, so it is reported.
 * @param expected description of a valid item, for the message
 */
export const list = (item: RegExp, expected: string) =>
  text.transform((value, context) => {
    const items = value
      .toLowerCase()
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
    for (const each of items) {
      if (!item.test(each)) context.addIssue({ code: 'custom', message: `"${each}" is not ${expected}` });
    }
    return items;
  });
/** Origins of pages, as browsers send them in `Origin`: without the port that the scheme implies. */
export const originList = list(
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s*@?#]+$/,
  'an origin such as https://app.example.com, without a path and without *',
).transform((origins, context) =>
  origins.map((origin) => {
    if (!URL.canParse(origin)) context.addIssue({ code: 'custom', message: `"${origin}" is not an origin` });
    // Only the web's own schemes have default ports; for others, `URL` knows no origin.
    else if (/^https?:/.test(origin)) return new URL(origin).origin;
    return origin;
  }),
);
/** A comma-separated list of IP addresses and networks in CIDR notation. */
export const networks = list(/^[0-9a-f.:]+(\/\d{1,3})?$/, NETWORK).superRefine((items, context) => {
  for (const item of items) {
    const [address = '', prefix] = item.split('/');
    const bits = isIP(address) === 4 ? 32 : 128;
    if (isIP(address) === 0 || Number(prefix ?? bits) > bits) {
      context.addIssue({ code: 'custom', message: `"${item}" is not ${NETWORK}` });
    }
  }
});
/** A whole number from `min` to `max`. An empty variable means `fallback`. */
export const integer = (fallback: number, min: number, max: number) =>
  z
    .string()
    .trim()
    .default('')
    .transform((value, context) => {
      const number = value === '' ? fallback : /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      context.addIssue({ code: 'custom', message: `"${value}" is not a whole number from ${min} to ${max}` });
      return z.NEVER;
    });
