import { formatStateKey, parseStateKey, type StateDelta, type StateScopeName } from '../wire/state-delta.ts';
import type { SessionState } from './session-store.ts';
import { createStateChange, type StateChange, StateScope } from './state-scope.ts';

/** Scopes that a store keeps. */
type StoredScope = keyof SessionState;

type Scopes = Readonly<Record<StoredScope, StateScope>> & { readonly temp?: StateScope };

const STORED_SCOPES: readonly StoredScope[] = ['app', 'user', 'session'];

/**
 * State of a conversation in memory, by the keys of ADK: `app:name` for all conversations of the application, `user:name` for those of the user, and
 * `name` for the conversation. Conversations of one user, and of one application, share these scopes, so that each sees a change at once.
 */
export class LiveState {
  readonly #scopes: Scopes;

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  /** Returns the same state with keys `temp:name`, which nobody else sees and no store keeps. */
  withTemp(): LiveState {
    return new LiveState({ ...this.#scopes, temp: new StateScope() });
  }

  /** @returns a frozen value, or `undefined` */
  get(key: string): unknown {
    const { scope, name } = parseStateKey(key);
    return this.#scopes[scope]?.get(name);
  }

  has(key: string): boolean {
    const { scope, name } = parseStateKey(key);
    return this.#scopes[scope]?.has(name) ?? false;
  }

  /** Returns all values by their keys. */
  toRecord(): Record<string, unknown> {
    const scopes: readonly StateScopeName[] = [...STORED_SCOPES, 'temp'];
    const entries = scopes.flatMap((scope) =>
      (this.#scopes[scope]?.list() ?? []).map(([name, value]) => [formatStateKey({ scope, name }), value] as const),
    );
    return Object.fromEntries(entries);
  }

  /**
   * Checks whether `apply` would accept changes.
   * @throws {TypeError} if a key is invalid, or a value is not JSON
   * @throws {StateLimitError} if a limit of the state is exceeded
   */
  check(delta: StateDelta): void {
    for (const [scope, changes] of this.#groupChanges(delta)) scope.check(changes);
  }

  /**
   * Applies changes, all or none.
   * @returns copies of the changes that a store keeps
   * @throws as `check`
   */
  apply(delta: StateDelta): StateDelta {
    const groups = this.#groupChanges(delta);
    for (const [scope, changes] of groups) scope.check(changes);
    for (const [scope, changes] of groups) scope.apply(changes);
    const stored = Object.keys(delta).filter((key) => parseStateKey(key).scope !== 'temp');
    return Object.fromEntries(stored.map((key) => [key, this.get(key) ?? null]));
  }

  /** Adds the stored values of scopes that have none yet. */
  load(state: Partial<SessionState>): void {
    for (const scope of STORED_SCOPES) this.#scopes[scope].load(state[scope] ?? {});
  }

  /**
   * Returns the values to commit for keys that were changed. Those of shared scopes are the current ones: another conversation may have changed and
   * committed them since, and a late commit must not bring the older value back.
   */
  toCommit(delta: StateDelta): Partial<SessionState> {
    const state: { [Scope in StoredScope]?: Record<string, unknown> } = {};
    for (const [key, value] of Object.entries(delta)) {
      const { scope, name } = parseStateKey(key);
      if (scope === 'temp') continue;
      const current = scope === 'session' ? value : (this.#scopes[scope].get(name) ?? null);
      state[scope] = { ...state[scope], [name]: current };
    }
    return state;
  }

  #groupChanges(delta: StateDelta): Map<StateScope, StateChange[]> {
    const groups = new Map<StateScope, StateChange[]>();
    for (const [key, value] of Object.entries(delta)) {
      const { scope: scopeName, name } = parseStateKey(key);
      const scope = this.#scopes[scopeName];
      if (!scope) throw new TypeError(`The key "${key.slice(0, 40)}" belongs to a run, and there is none`);
      const changes = groups.get(scope) ?? [];
      changes.push(createStateChange(name, value));
      groups.set(scope, changes);
    }
    return groups;
  }
}
