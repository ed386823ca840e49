import { copyJson } from '../isolation/bounded-json.ts';
import { measureStateEntry, STATE_LIMITS } from '../wire/state-delta.ts';
import type { StateValues } from './session-store.ts';

/** A change of state that is over a limit. Nothing was changed. The message names the limit. */
export class StateLimitError extends RangeError {
  override readonly name = 'StateLimitError';
}

interface StateEntry {
  /** JSON, frozen: whoever reads the value cannot change it. */
  readonly value: unknown;
  readonly characters: number;
}

/** A change that was checked. `entry` is `undefined` for a key that is removed. */
export interface StateChange {
  readonly name: string;
  readonly entry: StateEntry | undefined;
}

/** Maximum depth of a value, in levels. */
const MAX_DEPTH = 32;
/** Maximum number of values inside a value. */
const MAX_VALUES = 10_000;
/** Maximum duration of the copy of a value, in ms. */
const MAX_COPY_MS = 1_000;

/**
 * Converts a value of an author to a change.
 * @param value JSON; `null` removes the key
 * @throws {TypeError} if the name is empty or too long, or JSON has no such value
 * @throws {StateLimitError} if the value is too large
 */
export function createStateChange(name: string, value: unknown): StateChange {
  if (name === '' || name.length > STATE_LIMITS.keyCharacters) {
    throw new TypeError(
      `A key of the state must have 1 to ${STATE_LIMITS.keyCharacters} characters after its prefix: "${name.slice(0, 40)}"`,
    );
  }
  if (value === null) return { name, entry: undefined };
  const copy = copyValue(name, value);
  if (copy === undefined) {
    throw new TypeError(
      `The value of "${name}" is not JSON: delete(key) removes a key, and functions cannot be stored`,
    );
  }
  return { name, entry: createEntry(name, copy) };
}

function copyValue(name: string, value: unknown): unknown {
  const bytes = STATE_LIMITS.valueCharacters;
  const limits = { subject: `The value of "${name}"`, bytes, depth: MAX_DEPTH, values: MAX_VALUES, ms: MAX_COPY_MS };
  try {
    return copyJson(value, limits);
  } catch (error) {
    if (error instanceof Error && error.name === 'JsonLimitError') throw new StateLimitError(error.message);
    throw error;
  }
}

function createEntry(name: string, copy: unknown): StateEntry {
  return { value: freezeJson(copy), characters: measureStateEntry(name, copy) };
}

/**
 * Scope of state in memory. The stored values arrive once, when the first conversation of the scope is loaded; a key that was changed before keeps
 * its change. From then on memory is the truth, and the store follows.
 */
export class StateScope {
  readonly #entries = new Map<string, StateEntry>();
  /** Keys that were changed before the stored values arrived. `undefined`: they have arrived. */
  #changed: Set<string> | undefined = new Set();
  /** Size of the JSON text of all entries. */
  #characters = 0;

  get(name: string): unknown {
    return this.#entries.get(name)?.value;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  list(): [name: string, value: unknown][] {
    return Array.from(this.#entries, ([name, { value }]) => [name, value]);
  }

  /** @throws {StateLimitError} if the scope has no room for the changes */
  check(changes: readonly StateChange[]): void {
    let characters = this.#characters;
    let keys = this.#entries.size;
    let growth = 0;
    for (const { name, entry } of changes) {
      const previous = this.#entries.get(name);
      growth += (entry?.characters ?? 0) - (previous?.characters ?? 0);
      if (entry && !previous) keys += 1;
      if (!entry && previous) keys -= 1;
    }
    characters += growth;
    const { scopeCharacters, keys: maxKeys } = STATE_LIMITS;
    // Stored values may be over the limit. They can still shrink.
    if (growth > 0 && characters > scopeCharacters) {
      throw new StateLimitError(
        `The state would have ${characters} characters of JSON; the limit is ${scopeCharacters}`,
      );
    }
    const waiting = new Set([...(this.#changed ?? []), ...changes.map(({ name }) => name)]).size;
    if (keys > maxKeys || (this.#changed && waiting > maxKeys)) {
      throw new StateLimitError(`The state would have more than ${maxKeys} keys, the limit`);
    }
  }

  /** Applies changes that `check` has accepted. */
  apply(changes: readonly StateChange[]): void {
    for (const { name, entry } of changes) {
      this.#changed?.add(name);
      this.#put(name, entry);
    }
  }

  /** Adds the stored values. Only the first call has an effect. @throws if a value is not JSON; nothing changes */
  load(values: StateValues): void {
    const changed = this.#changed;
    if (!changed) return;
    const stored = Object.entries(values).filter(([name]) => !changed.has(name));
    // Convert everything before anything changes: a store is code of an author.
    const entries = stored.map(([name, value]) => [name, createEntry(name, structuredClone(value))] as const);
    this.#changed = undefined;
    for (const [name, entry] of entries) this.#put(name, entry);
  }

  #put(name: string, entry: StateEntry | undefined): void {
    this.#characters += (entry?.characters ?? 0) - (this.#entries.get(name)?.characters ?? 0);
    if (entry) this.#entries.set(name, entry);
    else this.#entries.delete(name);
  }
}

/** Freezes a JSON value with all that it contains. */
function freezeJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const each of Object.values(value)) freezeJson(each);
  return Object.freeze(value);
}
