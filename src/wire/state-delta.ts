import { isRecord } from './record.ts';
import { WireError } from './wire-error.ts';

/** Changes of state by key, as JSON has them. `null` removes the key. */
export type StateDelta = Readonly<Record<string, unknown>>;

/** How far a key of the state reaches: all conversations of the application, those of the user, one conversation, or one run. */
export type StateScopeName = 'app' | 'user' | 'session' | 'temp';

/** A key without its prefix. */
export interface StateKey {
  readonly scope: StateScopeName;
  readonly name: string;
}

/** Limits of the state. A change beyond one of them is refused, and changes nothing. */
export const STATE_LIMITS = {
  /** Maximum length of a key without its prefix, in characters. */
  keyCharacters: 128,
  /** Maximum size of one value, in characters of its JSON text. */
  valueCharacters: 16 * 1024,
  /** Maximum size of all values of one scope with their keys, in characters of JSON text. A store accepts twice as much. */
  scopeCharacters: 32 * 1024,
  /** Maximum number of keys of one scope. */
  keys: 256,
} as const;

/** Prefixes of the scopes (ADK: `State.APP_PREFIX` and so on). A key without one of them belongs to the conversation. */
const PREFIXES = { app: 'app:', user: 'user:', temp: 'temp:' } as const;

/** Splits a key. */
export function parseStateKey(key: string): StateKey {
  for (const scope of ['app', 'user', 'temp'] as const) {
    const prefix = PREFIXES[scope];
    if (key.startsWith(prefix)) return { scope, name: key.slice(prefix.length) };
  }
  return { scope: 'session', name: key };
}

/** Joins what `parseStateKey` splits. */
export function formatStateKey({ scope, name }: StateKey): string {
  return scope === 'session' ? name : PREFIXES[scope] + name;
}

/** Size of one entry of a scope, in characters of its JSON text. */
export function measureStateEntry(name: string, value: unknown): number {
  return JSON.stringify(name).length + JSON.stringify(value).length + 2;
}

/**
 * Decodes the changes of state that a client requests. A client may write keys of its conversation and of its user. Keys of the application belong to
 * all users, so that no user may write them; those of the run belong to the code of the agent.
 * @param value of JSON
 * @throws {WireError} malformed_item, state_not_allowed, state_too_large
 */
export function decodeStateDelta(value: unknown): StateDelta {
  if (!isRecord(value)) throw new WireError('malformed_item', 'state_delta must be an object with keys of the state');
  const keys = Object.keys(value);
  if (keys.length === 0) throw new WireError('malformed_item', 'state_delta is empty');
  if (keys.length > STATE_LIMITS.keys) {
    throw new WireError('state_too_large', `state_delta has more than ${STATE_LIMITS.keys} keys`);
  }
  for (const key of keys) checkClientKey(key, value[key]);
  return value;
}

function checkClientKey(key: string, value: unknown): void {
  const { scope, name } = parseStateKey(key);
  const shown = JSON.stringify(key.slice(0, 40));
  if (name === '' || name.length > STATE_LIMITS.keyCharacters) {
    throw new WireError(
      'malformed_item',
      `The key ${shown} of state_delta must have 1 to ${STATE_LIMITS.keyCharacters} characters after its prefix`,
    );
  }
  if (scope === 'app' || scope === 'temp') {
    throw new WireError('state_not_allowed', `A client may not write the key ${shown} of the state`);
  }
  if (JSON.stringify(value).length > STATE_LIMITS.valueCharacters) {
    throw new WireError(
      'state_too_large',
      `The value of ${shown} is larger than ${STATE_LIMITS.valueCharacters} characters of JSON`,
    );
  }
}
