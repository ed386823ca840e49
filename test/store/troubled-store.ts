import type { ConversationKey } from '../../src/store/conversation-key.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
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
} from '../../src/store/session-store.ts';

/**
 * What happens to one call: it works, works after a while (ms), rejects, never answers, or is carried out without an answer (`loses answer`, as
 * when the connection to a database breaks).
 */
export type Fate = 'works' | 'rejects' | 'hangs' | 'loses answer' | number;

/** A store in memory whose calls meet what `loads` and `commits` say. */
export class TroubledStore implements SessionStore {
  readonly #store: SessionStore;
  /** Fate of every load from now on. */
  loads: Fate = 'works';
  /** Fate of every commit from now on. */
  commits: Fate = 'works';
  /** Number of loads that were called. */
  loadCount = 0;
  /** Number of commits that were called. */
  commitCount = 0;

  constructor(store = createMemoryStore()) {
    this.#store = store;
  }

  load(key: ConversationKey, options?: LoadOptions): Promise<StoredSession | undefined> {
    this.loadCount += 1;
    return meetFate(this.loads, () => this.#store.load(key, options));
  }

  readEvents(key: ConversationKey, page?: EventPageOptions): Promise<EventPage | undefined> {
    return meetFate(this.loads, () => this.#store.readEvents(key, page));
  }

  loadState(appName: string, userId: string): Promise<Pick<SessionState, 'app' | 'user'>> {
    return meetFate(this.loads, () => this.#store.loadState(appName, userId));
  }

  commit(key: ConversationKey, turn: TurnCommit): Promise<void> {
    this.commitCount += 1;
    return meetFate(this.commits, () => this.#store.commit(key, turn));
  }

  list(appName: string, userId: string, page?: PageOptions): Promise<SessionPage> {
    return this.#store.list(appName, userId, page);
  }

  listOldest(appName: string, options?: OldestOptions): Promise<readonly StoredSize[]> {
    return this.#store.listOldest(appName, options);
  }

  measureUser(appName: string, userId: string): Promise<UserSize> {
    return this.#store.measureUser(appName, userId);
  }

  rename(key: ConversationKey, title: string): Promise<boolean> {
    return this.#store.rename(key, title);
  }

  delete(key: ConversationKey): Promise<boolean> {
    return this.#store.delete(key);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

async function meetFate<T>(fate: Fate, operation: () => Promise<T>): Promise<T> {
  if (fate === 'rejects') throw new Error('the disk is full');
  if (fate === 'hangs') return new Promise<T>(() => {});
  if (typeof fate === 'number') await new Promise((resolve) => setTimeout(resolve, fate));
  const answer = await operation();
  if (fate === 'loses answer') throw new Error('the connection to the database was lost');
  return answer;
}
