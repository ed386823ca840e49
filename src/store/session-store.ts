import type { AgentEvent } from '../wire/agent-event.ts';
import type { ConversationKey } from './conversation-key.ts';
import type { ConversationSummary } from './conversation-summary.ts';

/** Values of one scope of state, as JSON has them. In a commit, `null` removes the key. */
export type StateValues = Readonly<Record<string, unknown>>;

/** State by scope (ADK: the prefixes `app:` and `user:`, and none for the session's own). */
export interface SessionState {
  /** Shared by all conversations of the application. */
  readonly app: StateValues;
  /** Shared by all conversations of the user in this application. */
  readonly user: StateValues;
  readonly session: StateValues;
}

/** How a provider continues the conversation. The handle grants access to the conversation: it never leaves the server. */
export interface StoredResumption {
  readonly provider: string;
  readonly handle: string;
}

/** A durable conversation (ADK: Session). */
export interface StoredSession extends ConversationKey {
  /** As in `SessionSummary`. Default: ''. */
  readonly title?: string;
  /** Complete events without audio, oldest first. */
  readonly events: readonly AgentEvent[];
  /** True if the conversation has, or once had, older events than `events`. */
  readonly truncated: boolean;
  readonly state: SessionState;
  /** From the newest commit that had one. */
  readonly resumption?: StoredResumption;
  /** From the newest commit that had one. */
  readonly summary?: ConversationSummary;
  /** Time of the newest event, in seconds since 1970. */
  readonly updatedAt: number;
}

/** Everything that a turn adds to a conversation. A store commits it in one transaction. */
export interface TurnCommit {
  /** Oldest first. */
  readonly events: readonly AgentEvent[];
  /** Changed keys only. */
  readonly state?: Partial<SessionState>;
  readonly resumption?: StoredResumption;
  /** Takes the place of the summary before. */
  readonly summary?: ConversationSummary;
}

export interface LoadOptions {
  /** Maximum number of events, the newest ones. Default: all. */
  readonly recentEvents?: number;
  /** Maximum size of these events, in characters of their JSON text; a store may count bytes. A larger newest event is loaded alone. Default: no limit. */
  readonly recentCharacters?: number;
}

/** Row of a list (ADK: a Session without its events). */
export interface SessionSummary extends ConversationKey {
  /**
   * What `rename` has set, else the first words of the user, on one line of at most 80 characters. '' if there is no name and the user has said
   * nothing.
   */
  readonly title: string;
  /** Time of the newest event, in seconds since 1970. */
  readonly updatedAt: number;
}

/** A conversation and what it takes. */
export interface StoredSize extends ConversationKey {
  /** Time of the newest event, in seconds since 1970. */
  readonly updatedAt: number;
  /** Size of its events, in characters of their JSON text. A store may count more than that. */
  readonly characters: number;
}

export interface OldestOptions {
  /** Default: the conversations of all users. */
  readonly userId?: string;
  /** Only conversations whose `updatedAt` is less, in seconds since 1970. Default: all. */
  readonly before?: number;
  /** Maximum number of conversations. Default: 50. */
  readonly limit?: number;
}

/** What the conversations of one user take together. */
export interface UserSize {
  readonly conversations: number;
  /** Size of all events, in characters of their JSON text. */
  readonly characters: number;
}

export interface PageOptions {
  /** Maximum number of sessions. Default: 50. */
  readonly limit?: number;
  /** `next` of the page before. Default: start with the newest session. */
  readonly cursor?: string;
}

export interface SessionPage {
  /** Newest first; sessions of the same time in descending order of their ids. */
  readonly sessions: readonly SessionSummary[];
  /** Cursor of the next page. Missing on the last page. */
  readonly next?: string;
}

export interface EventPageOptions {
  /** `next` of the page before. Default: start with the oldest event. */
  readonly cursor?: string;
}

export interface EventPage {
  /** Oldest first. At most 500 events and 256 Ki characters of JSON text, or one event that is larger. */
  readonly events: readonly AgentEvent[];
  /** Cursor of the next page. Missing on the last page. */
  readonly next?: string;
}

/** Default of `PageOptions.limit`. */
export const DEFAULT_PAGE_LIMIT = 50;
/** Limits of an `EventPage`. */
export const EVENT_PAGE_LIMITS = { events: 500, characters: 256 * 1024 } as const;

/**
 * Stores conversations beyond the live sessions in which they are spoken (ADK: SessionService). Every method may reject; callers treat a
 * rejected `commit` as "perhaps stored" and retry it. `test/store/session-store-contract.ts` holds the rules that every store keeps.
 */
export interface SessionStore {
  /** Whether the conversations end with this process, which clients are told. Default: false. */
  readonly isVolatile?: boolean;
  /** Reads one conversation. The result does not change when more is committed. @returns `undefined` if nothing was ever committed */
  load(key: ConversationKey, options?: LoadOptions): Promise<StoredSession | undefined>;
  /**
   * Reads the events of one conversation in pages, for conversations that are too large for one answer.
   * @returns `undefined` if there is no such conversation
   * @throws {RangeError} if the cursor was not made by this store, or the conversation was deleted since
   */
  readEvents(key: ConversationKey, page?: EventPageOptions): Promise<EventPage | undefined>;
  /** Reads the state of the application and of one user, which a conversation begins with that was never committed to. */
  loadState(appName: string, userId: string): Promise<Pick<SessionState, 'app' | 'user'>>;
  /**
   * Stores one turn, all of it or nothing, and creates the conversation if it does not exist. An event whose id the conversation already has is
   * skipped, so that a retry is harmless. Commits that run at the same time keep the order in which they were called.
   */
  commit(key: ConversationKey, turn: TurnCommit): Promise<void>;
  /**
   * Lists a user's conversations, newest first. A conversation that is committed to while a caller pages moves to the front and may be missing
   * from the pages that follow.
   * @throws {RangeError} if the cursor was not made by this store
   */
  list(appName: string, userId: string, page?: PageOptions): Promise<SessionPage>;
  /** Lists the oldest conversations of an application, oldest first, with their sizes: those that a limit deletes first. */
  listOldest(appName: string, options?: OldestOptions): Promise<readonly StoredSize[]>;
  /** Measures the conversations of a user. It is called often, and must not read the events for it. */
  measureUser(appName: string, userId: string): Promise<UserSize>;
  /**
   * Changes the title of a conversation, and nothing else. The first words of the user never replace it.
   * @param title one line of 1 to 80 characters, as `parseTitle` returns it
   * @returns false if there is no such conversation
   */
  rename(key: ConversationKey, title: string): Promise<boolean>;
  /**
   * Deletes a conversation with its session state and its summary. State of the user and of the application stays. Commits of the conversation that were called
   * before are part of what is deleted, even if they are still running.
   * @returns false if there was none
   */
  delete(key: ConversationKey): Promise<boolean>;
  /** Releases connections and files. Call it once, after the last commit. */
  close(): Promise<void>;
}
