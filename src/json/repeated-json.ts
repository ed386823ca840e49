import { isBase64 } from '../wire/base64.ts';

/** Minimum length of a text whose form is remembered, in bytes. Shorter ones cost little. */
const MIN_BYTES = 512;
/** Maximum length of what a text has around its data, in bytes. The form of a text with more is not remembered. */
const MAX_FORM_BYTES = 1_024;
/** Maximum number of values that a text has around its data: objects, arrays and scalars. They take far more memory than their bytes in the text. */
const MAX_FORM_VALUES = 50;
/** Maximum number of values between the text as a whole and its data. */
const MAX_DEPTH = 8;
/** Of so many texts in a row that have another form, the form of one is remembered: most may have a form of their own. */
const TEXTS_PER_FORM = 8;

const BACKSLASH = 0x5c;

/** A text without its data. */
interface Form {
  /** Bytes before the data, and after it. */
  readonly before: Buffer;
  readonly after: Buffer;
  /** The parsed text, the part of it that has the data, and so on: each has the next one, or the data, under its key. */
  readonly parts: readonly Part[];
}

/** An object, or an array, on the way to the data. */
interface Part {
  readonly value: Readonly<Record<string, unknown>> | readonly unknown[];
  readonly key: string;
}

/**
 * Parses the JSON texts of one connection. A message of speech differs from the one before in its audio alone, which is nearly all of it: such a
 * text is recognized by the bytes around its base64, and is not parsed again. That costs a quarter of `JSON.parse`, and half of the strings.
 */
export class RepeatedJson {
  readonly #parse: (text: Buffer) => unknown;
  #form: Form | undefined;
  /** Number of texts since the last one that had the form. */
  #misses = 0;

  /** @param parse parses a text that has another form than the ones before, after it has checked that the text is valid */
  constructor(parse: (text: Buffer) => unknown) {
    this.#parse = parse;
  }

  /** @returns the value of a text. The parts beside its data may belong to several values, and are frozen. @throws what `parse` throws */
  parse(text: Buffer): unknown {
    const data = this.#form && readData(text, this.#form);
    if (this.#form && data !== undefined) {
      this.#misses = 0;
      return build(this.#form.parts, data);
    }
    const value = this.#parse(text);
    if (text.length < MIN_BYTES) return value;
    if (this.#misses % TEXTS_PER_FORM === 0) this.#form = findForm(text, value);
    this.#misses += 1;
    return value;
  }
}

/** @returns the data of a text; `undefined` if the text has another form */
function readData(text: Buffer, { before, after }: Form): string | undefined {
  const end = text.length - after.length;
  if (end <= before.length || !hasAt(text, 0, before) || !hasAt(text, end, after)) return undefined;
  const data = text.toString('latin1', before.length, end);
  // Nothing in base64 ends a JSON string, or has another meaning in it.
  return isBase64(data) ? data : undefined;
}

function hasAt(text: Buffer, at: number, part: Buffer): boolean {
  for (let index = 0; index < part.length; index += 1) if (text[at + index] !== part[index]) return false;
  return true;
}

/** @returns `undefined` if the text has no base64 of some length, or so much beside it that its form is not worth remembering */
function findForm(text: Buffer, value: unknown): Form | undefined {
  // Without escapes, each string of the value is in the text as it is.
  if (text.includes(BACKSLASH)) return undefined;
  const parts: Part[] = [];
  // The data is most of a short text, too: a short string beside it, such as a MIME type, is not taken for the data.
  const data = findData(value, Math.max(text.length - MAX_FORM_BYTES, text.length / 2), parts);
  if (data === undefined || !isBase64(data)) return undefined;
  // The data is one more value.
  if (countValues(value, MAX_FORM_VALUES + 1) > MAX_FORM_VALUES + 1) return undefined;
  const start = text.indexOf(data, 0, 'latin1');
  // Only the parser knows which of two equal strings is the data.
  if (start === -1 || text.indexOf(data, start + 1, 'latin1') !== -1) return undefined;
  const before = copyBytes(text.subarray(0, start));
  const after = copyBytes(text.subarray(start + data.length));
  return { before, after, parts: parts.map((part) => ({ value: omitData(part), key: part.key })) };
}

/** @returns a copy that has memory of its own. `Buffer.from` places a copy in a pool of 8 KiB or more, which stays in memory as long as the copy. */
function copyBytes(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** @returns the number of values that a value consists of, itself included. Above `max`, any number that is greater than `max` */
function countValues(value: unknown, max: number): number {
  let count = 1;
  if (typeof value !== 'object' || value === null) return count;
  for (const each of Object.values(value)) {
    count += countValues(each, max - count);
    if (count > max) break;
  }
  return count;
}

/** Finds a string that is at least so long. @param parts receives the way to it */
function findData(value: unknown, length: number, parts: Part[]): string | undefined {
  if (typeof value === 'string') return value.length >= length ? value : undefined;
  if (typeof value !== 'object' || value === null || parts.length === MAX_DEPTH) return undefined;
  for (const [key, each] of Object.entries(value)) {
    // An assignment to this key would be one to the prototype.
    if (key === '__proto__') continue;
    parts.push({ value: value as Part['value'], key }); // JSON has objects and arrays
    const found = findData(each, length, parts);
    if (found !== undefined) return found;
    parts.pop();
  }
  return undefined;
}

/** @returns a part with '' in place of what has the data, and everything else in it frozen */
function omitData({ value, key }: Part): Part['value'] {
  const copy = copyWith(value, key, '');
  for (const each of Object.values(copy)) freeze(each);
  return copy;
}

/** Freezes a value and all its parts, which have the depth that so few bytes can have. */
function freeze(value: unknown): void {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
}

/** @returns the value of a text with this data */
function build(parts: readonly Part[], data: string): unknown {
  let built: unknown = data;
  for (let depth = parts.length - 1; depth >= 0; depth -= 1) {
    const part = parts[depth];
    if (part) built = copyWith(part.value, part.key, built);
  }
  return built;
}

function copyWith(value: Part['value'], key: string, part: unknown): Part['value'] {
  if (Array.isArray(value)) {
    const list = value.slice();
    list[Number(key)] = part;
    return list;
  }
  const record: Record<string, unknown> = { ...value };
  record[key] = part;
  return record;
}
