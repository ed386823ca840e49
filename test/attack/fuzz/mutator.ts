/** Values at which parsers and limits err. */
const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1',
  '0.5',
  '1e308',
  '1e999',
  '9007199254740993',
  '4294967296',
  '-2147483649',
  '1e-7',
  '00',
  '0x10',
  'NaN',
];
const WORDS = [
  ...[
    '"',
    "'",
    '\\',
    '\\u0000',
    '\\ud800',
    '\\udfff',
    '\u0000',
    '\u2028',
    '\ufeff',
    '\u00ff',
    '\r\n',
    '\n',
    '\t',
    ' ',
    '%00',
    '%ff',
    '%',
    '%2e%2e%2f',
    '..',
    '/',
    '//',
    '#',
    '?',
  ],
  ...[
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '[[]]',
    '{"":{}}',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'then',
    'toJSON',
    'length',
  ],
  ...[
    ';',
    '=',
    ',',
    ':',
    '&',
    '+',
    '-',
    '.',
    '==',
    'A',
    'AAAA',
    '/9j/',
    'rate=',
    ';rate=',
    'rate="',
    'text/plain',
    'audio/pcm',
    'image/png',
    'chunked',
    'localhost',
    '127.0.0.1',
    '[::1]',
    '@',
    'Bearer ',
  ],
];
const MAX_INPUT = 64 * 1_024;
/** Depth of generated JSON, and part of the inputs that are blown up to the maximum size. */
const MAX_DEPTH = 3;
const LARGE_SHARE = 0.004;

/** Makes inputs out of seeds. The same seed of the random numbers makes the same inputs. */
export class Mutator {
  readonly #random: () => number;

  /** @param random 0 to below 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Makes an input out of one of `seeds`, with pieces of all of them.
   * @param maxLength in characters. Default: 64 Ki
   */
  mutate(seeds: readonly string[], maxLength = MAX_INPUT): string {
    let input = this.#pick(seeds);
    if (this.#chance(0.6)) input = this.#mutateJson(input) ?? input;
    for (let rounds = this.#below(4); rounds > 0; rounds -= 1) input = this.#mutateText(input, seeds);
    if (this.#chance(LARGE_SHARE)) input = this.#enlarge(input);
    return input.slice(0, maxLength);
  }

  #mutateText(input: string, seeds: readonly string[]): string {
    const at = this.#below(input.length + 1);
    const end = Math.min(input.length, at + 1 + this.#below(this.#chance(0.5) ? 4 : 40));
    switch (this.#below(9)) {
      case 0:
        return input.slice(0, at) + input.slice(end);
      case 1:
        return input.slice(0, end) + input.slice(at);
      case 2:
        return input.slice(0, at) + this.#pick(WORDS) + input.slice(at);
      case 3:
        return input.slice(0, at) + this.#pick(NUMBERS) + input.slice(end);
      case 4:
        return input.slice(0, at) + String.fromCharCode(this.#below(256)) + input.slice(at + 1);
      case 5:
        return input.slice(0, at);
      case 6: {
        const other = this.#pick(seeds);
        return input.slice(0, at) + other.slice(this.#below(other.length + 1));
      }
      case 7:
        return input.slice(0, at) + input.slice(at, end).repeat(1 + this.#below(20)) + input.slice(end);
      default:
        return input.replace(/-?\d+(?:\.\d+)?/, () => this.#pick(NUMBERS));
    }
  }

  /** Changes one value or key of a JSON text. @returns `undefined` if the input is no JSON */
  #mutateJson(input: string): string | undefined {
    let json: unknown;
    try {
      json = JSON.parse(input);
    } catch {
      return undefined;
    }
    return JSON.stringify(this.#change(json)) ?? 'null';
  }

  #change(json: unknown): unknown {
    if (typeof json !== 'object' || json === null || this.#chance(0.25)) return this.#createValue(0);
    if (Array.isArray(json)) {
      const copy = [...json];
      const at = this.#below(copy.length + 1);
      if (this.#chance(0.2)) return Array(this.#below(1_100)).fill(copy[0] ?? null);
      copy[at] = at < copy.length ? this.#change(copy[at]) : this.#createValue(0);
      return copy;
    }
    const entries = Object.entries(json);
    const at = this.#below(entries.length + 1);
    const [key, value] = entries[at] ?? [this.#pick(WORDS), this.#createValue(0)];
    if (this.#chance(0.1)) entries.splice(at, 1);
    else entries[at] = [this.#chance(0.1) ? this.#pick(WORDS) : key, this.#change(value)];
    // `fromEntries` would set the prototype for the key `__proto__`; as an own property the key reaches the parser of the server.
    const copy: Record<string, unknown> = {};
    for (const [name, each] of entries)
      Object.defineProperty(copy, name, { value: each, enumerable: true, configurable: true });
    return copy;
  }

  #createValue(depth: number): unknown {
    switch (this.#below(depth < MAX_DEPTH ? 9 : 6)) {
      case 0:
        return null;
      case 1:
        return this.#chance(0.5);
      case 2:
        return Number(this.#pick(NUMBERS));
      case 3:
        return this.#pick(WORDS);
      case 4:
        return this.#pick(WORDS).repeat(this.#below(60));
      case 5:
        return '';
      case 6:
        return Array.from({ length: this.#below(4) }, () => this.#createValue(depth + 1));
      default:
        return Object.fromEntries(
          Array.from({ length: this.#below(4) }, () => [this.#pick(WORDS), this.#createValue(depth + 1)]),
        );
    }
  }

  /** Repeats a piece of the input until it has the maximum size: work that is not linear becomes slow. */
  #enlarge(input: string): string {
    const at = this.#below(input.length + 1);
    const piece = this.#chance(0.5) ? this.#pick(WORDS) : input.slice(at, at + 1 + this.#below(8));
    if (piece === '') return input;
    return (
      input.slice(0, at) +
      piece.repeat(Math.floor(MAX_INPUT / piece.length)) +
      (this.#chance(0.5) ? input.slice(at) : '')
    );
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick(values: readonly string[]): string {
    return values[this.#below(values.length)] ?? '';
  }
}

/** Removes pieces of an input while it keeps failing. @returns a short input that fails as well */
export function shrink(input: string, fails: (input: string) => boolean): string {
  let least = input;
  for (let size = Math.ceil(least.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < least.length; ) {
      const shorter = least.slice(0, at) + least.slice(at + size);
      if (fails(shorter)) least = shorter;
      else at += size;
    }
  }
  return least;
}
