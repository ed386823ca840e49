import type { ConversationKey } from './conversation-key.ts';
import type {
  EventPage,
  EventPageOptions,
  LoadOptions,
  OldestOptions,
  PageOptions,
  SessionPage,
  SessionState,
  SessionStore,
  StoredSession,
  StoredSize,
  TurnCommit,
  UserSize,
} from './session-store.ts';
import type { StoreLogger } from './store-health.ts';
import { StoreScope } from './store-scope.ts';

/** The operations of a store. */
export type StoreOperations = Omit<SessionStore, 'close'>;

/**
 * Runs a store in a scope of its own: an error that the store throws in a timer, or a rejection that it forgets, is logged and ends nothing.
 * What its promises reject with reaches the caller.
 */
export class GuardedStore implements StoreOperations {
  readonly #store: StoreOperations;
  readonly #scope: StoreScope;

  constructor(store: StoreOperations, logger: StoreLogger | undefined) {
    this.#store = store;
    this.#scope = new StoreScope((error) =>
      logger?.error({ err: error }, 'the session store has failed outside of its operations'),
    );
  }

  load(key: ConversationKey, options?: LoadOptions): Promise<StoredSession | undefined> {
    return this.#scope.run(() => this.#store.load(key, options));
  }

  loadState(appName: string, userId: string): Promise<Pick<SessionState, 'app' | 'user'>> {
    return this.#scope.run(() => this.#store.loadState(appName, userId));
  }

  commit(key: ConversationKey, turn: TurnCommit): Promise<void> {
    return this.#scope.run(() => this.#store.commit(key, turn));
  }

  readEvents(key: ConversationKey, page?: EventPageOptions): Promise<EventPage | undefined> {
    return this.#scope.run(() => this.#store.readEvents(key, page));
  }

  list(appName: string, userId: string, page?: PageOptions): Promise<SessionPage> {
    return this.#scope.run(() => this.#store.list(appName, userId, page));
  }

  listOldest(appName: string, options?: OldestOptions): Promise<readonly StoredSize[]> {
    return this.#scope.run(() => this.#store.listOldest(appName, options));
  }

  measureUser(appName: string, userId: string): Promise<UserSize> {
    return this.#scope.run(() => this.#store.measureUser(appName, userId));
  }

  rename(key: ConversationKey, title: string): Promise<boolean> {
    return this.#scope.run(() => this.#store.rename(key, title));
  }

  delete(key: ConversationKey): Promise<boolean> {
    return this.#scope.run(() => this.#store.delete(key));
  }
}
