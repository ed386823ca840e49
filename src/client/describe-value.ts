/** Maximum length of a given value in an error text, in characters. */
const MAX_SHOWN = 60;

/** Describes a value for an error text. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
