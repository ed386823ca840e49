import { types } from 'node:util';

export interface JsonLimits {
  /** Name of the value in errors, such as `The result`. */
  readonly subject: string;
  /** Maximum size of the JSON text. Each character counts as one byte, without escapes. */
  readonly bytes: number;
  /** Maximum depth. */
  readonly depth: number;
  /** Maximum number of values, those included that JSON omits: the event loop waits for the copy. */
  readonly values: number;
  /** Maximum duration of the copy, in ms: getters and `toJSON` are code of an author. Far above what `values` take on a busy machine. */
  readonly ms: number;
}

/** Minimum number of bytes that an element of a typed array has in JSON. */
const ELEMENT_BYTES = 2;

/** A value that is over a limit, or that JSON cannot represent. The message names the limit. */
export class JsonLimitError extends Error {
  override readonly name = 'JsonLimitError';

  /** @param problem default: the value is too large */
  constructor(
    { subject, bytes }: JsonLimits,
    problem = `is larger than ${bytes} bytes of JSON, the limit: return less`,
  ) {
    super(`${subject} ${problem}`);
  }
}

/**
 * Copies a value of an author as `JSON.parse(JSON.stringify(value))` does, and stops at the limits. `JSON.stringify` alone would block the event
 * loop for seconds, and need as much memory as the text, before anybody knows how large the text is.
 * @returns plain data that shares nothing with the value; `undefined` for a value that JSON omits, such as a function
 * @throws {JsonLimitError} if the value is over a limit, circular, or contains a bigint
 * @throws what getters and `toJSON` throw
 */
export function copyJson(value: unknown, limits: JsonLimits): unknown {
  return new BoundedJsonCopy(limits).copy(value);
}

class BoundedJsonCopy {
  readonly #limits: JsonLimits;
  readonly #startedAt = performance.now();
  /** Number of values so far. */
  #values = 0;
  /** Objects that contain the one being copied. */
  readonly #ancestors = new Set<object>();
  /** Number of characters of the JSON text so far, without escapes. */
  #characters = 0;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  copy(given: unknown, key = ''): unknown {
    this.#values += 1;
    const { ms } = this.#limits;
    if (performance.now() - this.#startedAt > ms) this.#refuse(`took longer than ${ms} ms to be converted to JSON`);
    if (this.#values > this.#limits.values) this.#refuse(`has more than ${this.#limits.values} values, the limit`);
    const value = this.#readValue(given, key);
    switch (typeof value) {
      case 'string':
        this.#count(value.length + 2);
        return value;
      case 'number':
        if (!Number.isFinite(value)) return this.#copyNull();
        this.#count(String(value).length);
        return value;
      case 'boolean':
        this.#count(4);
        return value;
      case 'bigint':
        return this.#refuse('contains a bigint, which JSON cannot represent');
      case 'object':
        return value === null ? this.#copyNull() : this.#copyObject(value);
      default:
        return undefined;
    }
  }

  #copyNull(): null {
    this.#count(4);
    return null;
  }

  #copyObject(value: object): unknown {
    if (this.#ancestors.has(value)) this.#refuse('is circular, which JSON cannot represent');
    const { depth } = this.#limits;
    if (this.#ancestors.size >= depth) this.#refuse(`is nested deeper than ${depth} levels`);
    this.#count(2);
    this.#ancestors.add(value);
    const copy = Array.isArray(value) ? this.#copyArray(value) : this.#copyProperties(value);
    this.#ancestors.delete(value);
    return copy;
  }

  #copyArray(array: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let index = 0; index < array.length; index += 1) {
      if (index > 0) this.#count(1);
      copy.push(this.copy(array[index], String(index)) ?? this.#copyNull());
    }
    return copy;
  }

  #copyProperties(object: object): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    for (const key of Object.keys(object)) {
      const value = this.copy((object as Record<string, unknown>)[key], key);
      if (value === undefined) continue;
      this.#count(key.length + (entries.length > 0 ? 4 : 3));
      entries.push([key, value]);
    }
    // An assignment would set the prototype for the key `__proto__`.
    return Object.fromEntries(entries);
  }

  /** Returns the value that JSON has for another: what `toJSON` returns, or the primitive in a wrapper object. */
  #readValue(given: unknown, key: string): unknown {
    if (typeof given !== 'object' || given === null) return given;
    this.#checkTypedArray(given);
    const { toJSON } = given as { toJSON?: unknown };
    const value: unknown = typeof toJSON === 'function' ? toJSON.call(given, key) : given;
    if (types.isBoxedPrimitive(value)) return value.valueOf();
    if (value !== given) this.#checkTypedArray(value);
    return value;
  }

  /** Refuses a large typed array before its elements become properties, and a large Buffer before its `toJSON` copies it. */
  #checkTypedArray(value: unknown): void {
    if (!ArrayBuffer.isView(value) || !('length' in value)) return;
    if (Number(value.length) * ELEMENT_BYTES > this.#limits.bytes) throw new JsonLimitError(this.#limits);
  }

  #count(characters: number): void {
    this.#characters += characters;
    if (this.#characters > this.#limits.bytes) throw new JsonLimitError(this.#limits);
  }

  #refuse(problem: string): never {
    throw new JsonLimitError(this.#limits, problem);
  }
}
