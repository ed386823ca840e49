import type { ConversationKey } from './conversation-key.ts';
import { LiveState } from './live-state.ts';
import { StateScope } from './state-scope.ts';

interface SharedScope {
  readonly scope: StateScope;
  holders: number;
}

/** The scopes of state that live conversations share: one for each application and each of its users, while a conversation of theirs is in memory. */
export class SharedScopes {
  readonly #scopes = new Map<string, SharedScope>();

  /** Number of scopes in memory. */
  get size(): number {
    return this.#scopes.size;
  }

  /** Creates the state of a conversation. Call `release` once for it. */
  open(key: ConversationKey): LiveState {
    const [app, user] = listNames(key);
    return new LiveState({ app: this.#hold(app), user: this.#hold(user), session: new StateScope() });
  }

  release(key: ConversationKey): void {
    for (const name of listNames(key)) {
      const shared = this.#scopes.get(name);
      if (!shared) continue;
      shared.holders -= 1;
      if (shared.holders === 0) this.#scopes.delete(name);
    }
  }

  #hold(name: string): StateScope {
    const shared = this.#scopes.get(name) ?? { scope: new StateScope(), holders: 0 };
    shared.holders += 1;
    this.#scopes.set(name, shared);
    return shared.scope;
  }
}

/** Names of the scopes of the application and of the user. Ids contain no slash. */
function listNames({ appName, userId }: ConversationKey): [app: string, user: string] {
  return [appName, `${appName}/${userId}`];
}
