import type { ConversationKey } from '../store/conversation-key.ts';
import type { End, LogEntry } from '../wire/log-entry.ts';
import type { LogView } from './log/log-view.ts';
import type { ClientPost, PostAnswer } from './session-handle.ts';

/** Request to the owner of a live session. Plain data. */
export type SessionCommand =
  | { readonly kind: 'post'; readonly post: ClientPost }
  | { readonly kind: 'end'; readonly end: End };

/** Answer of the owner to a command: that of the POST, or `ended`. Plain data. */
export type SessionAnswer = PostAnswer | { readonly status: 'ended' };

/**
 * Connects the processes that serve live sessions. One process owns a live session: it has the run and writes the log. Other processes follow
 * the log and send commands to the owner. Opening and commands are asynchronous; reads of a followed log are synchronous.
 */
export interface Backplane {
  /**
   * Makes this process the owner of a live session.
   * @param log log of the session, which other processes may follow. It is empty
   * @returns `undefined` if another process owns the session. A lease that this process has released does not count, even if its `release`
   * has not resolved yet
   */
  claim(key: ConversationKey, log: LogView): Promise<Lease | undefined>;
  /**
   * Follows the log of a live session that any process owns.
   * @returns a view that is kept up to date, or `undefined` if no process owns the session
   */
  follow(key: ConversationKey): Promise<LogView | undefined>;
  /**
   * Sends a command to the owner of a live session. Commands of one caller arrive in the order in which they were sent.
   * @returns the owner's answer, or `undefined` if no process owns the session
   */
  call(key: ConversationKey, command: SessionCommand): Promise<SessionAnswer | undefined>;
  /** Leaves the backplane. All leases of this process are lost. */
  close(): Promise<void>;
}

/** Ownership of one live session. */
export interface Lease {
  /** Grows with each claim of the same session, so that a store can reject writes of an earlier owner. */
  readonly token: number;
  /** Aborted when another process may have become the owner. The session must stop at once. */
  readonly lost: AbortSignal;
  /**
   * Reserves sequence numbers of the log. A later owner of the same log continues above all reserved numbers, so that no number that a reader
   * may have seen is used twice.
   * @param count how many consecutive numbers
   * @returns the first of them
   */
  reserve(count: number): Promise<number>;
  /** Publishes an entry, after it was appended to the owner's log. Returns without waiting for followers. */
  publish(entry: LogEntry): void;
  /**
   * Handles the commands of other processes.
   * @returns a function that removes the handler
   */
  onCommand(handle: (command: SessionCommand) => Promise<SessionAnswer>): () => void;
  /** Gives the ownership up. `lost` is not aborted. */
  release(): Promise<void>;
}
