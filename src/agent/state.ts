import type { LiveState } from '../store/live-state.ts';
import type { StateDelta } from '../wire/state-delta.ts';
import { WireError } from '../wire/wire-error.ts';

/** State as code reads it that may not change it. */
export interface ReadonlyState {
  /** Returns a value, frozen with all that it contains. @param defaultValue returned if there is none. Default: `undefined` */
  get<Value = unknown>(key: string, defaultValue: Value): Value;
  get<Value = unknown>(key: string): Value | undefined;
  has(key: string): boolean;
  /** Returns all values by their keys, with the prefixes. */
  toRecord(): Record<string, unknown>;
}

/**
 * State of a conversation, as code of an author sees it (ADK: State). The prefix of a key decides how far it reaches: `app:` all conversations of the
 * application, `user:` all conversations of the user, `temp:` this run, which nothing stores; a key without one of them belongs to the conversation.
 *
 * A change is seen at once by everybody whom the key reaches. It is stored with the event that it belongs to, which has it as `actions.stateDelta`.
 */
export interface State extends ReadonlyState {
  /**
   * Sets a value: JSON, which is copied. `null` removes the key.
   * @throws {TypeError} if the key is empty or longer than 128 characters, or the value is not JSON
   * @throws {RangeError} if the value is larger than 16 Ki characters of JSON, or the scope would have more than 32 Ki or 256 keys; nothing changes
   * @throws {Error} if the call for which the state was given has ended
   */
  set(key: string, value: unknown): void;
  /** Removes a key. @returns whether there was such a key @throws as `set` */
  delete(key: string): boolean;
}

/** The state for code that may not change it. */
export class StateReader implements ReadonlyState {
  readonly #state: LiveState;

  constructor(state: LiveState) {
    this.#state = state;
  }

  get<Value>(key: string, defaultValue?: Value): Value {
    return (this.#state.get(String(key)) ?? defaultValue) as Value; // the author knows what is stored
  }

  has(key: string): boolean {
    return this.#state.has(String(key));
  }

  toRecord(): Record<string, unknown> {
    return this.#state.toRecord();
  }
}

/** The state for one call of an author's code. Collects what the code changes, for the event of the call. */
export class CallState extends StateReader implements State {
  readonly #state: LiveState;
  #delta: StateDelta | undefined;
  #closed = false;

  constructor(state: LiveState) {
    super(state);
    this.#state = state;
  }

  set(key: string, value: unknown): void {
    this.#apply({ [String(key)]: value });
  }

  delete(key: string): boolean {
    const existed = this.has(key);
    this.#apply({ [String(key)]: null });
    return existed;
  }

  /** Removes and returns what was changed since the last call, without keys of the run. `undefined`: nothing. */
  takeDelta(): StateDelta | undefined {
    const delta = this.#delta;
    this.#delta = undefined;
    return delta;
  }

  /** Ends the call: later changes are refused, because no event would have them. @returns as `takeDelta` */
  close(): StateDelta | undefined {
    this.#closed = true;
    return this.takeDelta();
  }

  #apply(delta: StateDelta): void {
    if (this.#closed)
      throw new Error('The state cannot be changed any more: the call for which it was given has ended');
    const stored = this.#state.apply(delta);
    if (Object.keys(stored).length > 0) this.#delta = { ...this.#delta, ...stored };
  }
}

/**
 * Checks whether clients may write keys of the state.
 * @param accepted as in `AgentOptions.acceptsState`
 * @throws {WireError} state_not_allowed
 */
export function checkWrittenKeys(delta: StateDelta, accepted: boolean | readonly string[]): void {
  if (accepted === true) return;
  const refused = Object.keys(delta).find((key) => accepted === false || !accepted.includes(key));
  if (refused === undefined) return;
  const key = JSON.stringify(refused.slice(0, 40));
  throw new WireError('state_not_allowed', `The agent does not let clients write the key ${key} of the state`);
}
