import type { Refusal } from './send-result.ts';

/** A stored conversation, as a row of a list. */
export interface ConversationSummary {
  /** Id of the session: the option `sessionId` of `createClient` continues the conversation. */
  readonly id: string;
  /** The first words of the user, or the title that was given by `rename`, on one line. '' if the user has said nothing. */
  readonly title: string;
  /** Time of the newest event, in seconds since 1970. */
  readonly lastUpdateTime: number;
  /** Whether audio of the conversation was recorded and is still there, so that `wav` exports it. Absent: the server cannot tell. */
  readonly recorded?: boolean;
}

export interface ConversationPage {
  /** Newest first. */
  readonly conversations: readonly ConversationSummary[];
  /** The server keeps conversations in memory: they end with it. Absent: they outlast it. */
  readonly volatile?: true;
  /** Cursor of the next page. Absent on the last page. */
  readonly next?: string;
}

/** A whole conversation, as ADK's Session in JSON. */
export interface StoredConversation {
  readonly id: string;
  readonly appName: string;
  readonly userId: string;
  /** Values of the conversation, and those of the user with the prefix `user:`. */
  readonly state: Readonly<Record<string, unknown>>;
  /** Events of ADK, oldest first: complete ones, without audio. @see docs/protocol.md, "Conversations" */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** Time of the newest event, in seconds since 1970. */
  readonly lastUpdateTime: number;
}

/** Format of an export: ADK's Session in JSON, a transcript for people, or the recorded audio of both sides. */
export type ExportFormat = 'json' | 'text' | 'wav';

export interface RequestOptions {
  /** Ends the request. The promise rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends RequestOptions {
  /** Maximum number of conversations of a page, 1 to 100. Default: 50. */
  readonly limit?: number;
  /** `next` of a page, to continue after it. Default: start with the newest conversation. */
  readonly cursor?: string | undefined;
}

export interface CreateOptions extends RequestOptions {
  /** Id of the session. Default: a random one. */
  readonly sessionId?: string;
  /** Initial state. Keys with the prefix `user:` belong to all conversations of the user. Default: none. */
  readonly state?: Readonly<Record<string, unknown>>;
}

/**
 * The stored conversations of one user. Every method makes one request, which is repeated only after a 401 with a new token, and rejects with a
 * `ConversationError` if the server refuses it or cannot be reached. All changes are POSTs, because some proxies pass no other method.
 */
export interface Conversations {
  /**
   * Lists the conversations, newest first. Each step of the iteration requests one page. A conversation that is spoken in meanwhile moves to the
   * front, and may be missing from the pages that follow.
   */
  list(options?: ListOptions): AsyncGenerator<ConversationPage, void, undefined>;
  /** Reads a whole conversation, up to its last complete turn. A long one may have many megabytes: `exportAs` reads it as a stream. */
  get(id: string, options?: RequestOptions): Promise<StoredConversation>;
  /** Creates a conversation in which nothing is said yet. Rejects with `session_exists` if the user has one with this id. */
  create(options?: CreateOptions): Promise<StoredConversation>;
  /** Gives a conversation a title: one line, 1 to 80 characters without the spaces around it. @returns its row of the list */
  rename(id: string, title: string, options?: RequestOptions): Promise<ConversationSummary>;
  /** Deletes a conversation, and ends its live session. @returns false if there was none */
  delete(id: string, options?: RequestOptions): Promise<boolean>;
  /**
   * Exports a conversation. Rejects with `session_not_found` if there is none, and for `wav` if no audio was recorded.
   * @returns the response, with the status 200; its body is not read yet (`text()`, `blob()`, `body`)
   */
  exportAs(id: string, format: ExportFormat, options?: RequestOptions): Promise<Response>;
}

/** Why a request about conversations has failed. */
export class ConversationError extends Error {
  override readonly name = 'ConversationError';
  /** The server's refusal, without a status if no answer arrived. */
  readonly refusal: Refusal;
  /** Wait before the same request may succeed, in ms; 0 if the server names none. */
  readonly retryAfterMs: number;

  constructor(refusal: Refusal, retryAfterMs = 0) {
    super(refusal.error);
    this.refusal = refusal;
    this.retryAfterMs = retryAfterMs;
  }
}
