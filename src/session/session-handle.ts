import type { RunConfig } from '../agent/run-config.ts';
import type { SizedRequest } from '../wire/byte-size.ts';
import type { Envelope } from '../wire/envelope.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import type { ErrorBody } from '../wire/wire-error.ts';
import type { LogPosition, LogView } from './log/log-view.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** Body of a POST, decoded: its requests, or the reason why it cannot be used. */
export type DecodedBody = { readonly requests: readonly SizedRequest[] } | Refused;

/** A decoded POST. Plain data, so that it can be sent to another process. */
export interface ClientPost {
  /** Absent for a client that neither numbers its POSTs nor acknowledges events. */
  readonly envelope?: Envelope | undefined;
  readonly body: DecodedBody;
  /** Whether the sender waits while the session is congested. Audio from any other sender is refused if it comes too fast. Default: false. */
  readonly paced?: boolean;
}

/** Answer to a POST whose requests were applied, or are held until a missing POST arrives. */
export interface Accepted {
  readonly status: 'sent' | 'held';
  /** Lowest number that is missing. */
  readonly next: number;
}

/**
 * Answer to a POST that is refused. Plain data, because the inbox stores it: an Error object would keep everything alive that its stack
 * refers to.
 */
export interface Refused {
  readonly refusal: ErrorBody;
}

export interface AcceptedPost extends Accepted {
  /**
   * Newest entry that was written to the client's stream or WebSocket, or the entry before the start of its poll; `null` if it has no
   * connection. A client that lacks this entry and receives nothing has a dead connection, and can reconnect before heartbeats are missed.
   */
  readonly written: number | null;
}

export type PostAnswer = AcceptedPost | Refused;

/** Start of a reader. */
export interface Start {
  readonly position: LogPosition;
  /** Data of the `reset` event to send first, because the reader's cursor does not lead to this position. */
  readonly reset?: ConnectionEvents['reset'];
}

/** A reader of the log, before it is attached. */
export interface ReaderInfo {
  /** The `client` of the query; `undefined` for an anonymous reader. */
  readonly client: string | undefined;
  /** Id of the last frame that the reader has, as the client sent it; `undefined` if it has none. */
  readonly cursor: string | undefined;
  /**
   * Whether the reader may be there because another connection of its client receives nothing. Without a cursor it starts where that
   * connection started. Default: false.
   */
  readonly replacesSilent?: boolean;
  /** Whether the reader can ask again for what was written to it. A page that gets no ids cannot. Default: true. */
  readonly canResume?: boolean;
  /** Network address of the reader; `undefined` if it is not known. */
  readonly address?: string | undefined;
}

/** Reacts to events that end a connection from outside. */
export interface ConnectionListener {
  /** A newer connection of the same client has received its first event. */
  onSuperseded(): void;
  /**
   * The server is shutting down.
   * @param retryMs wait before the client may reconnect, in ms
   */
  onDrain(retryMs: number): void;
}

/** An open connection of a live session. While it is attached, the session does not linger. */
export interface Attachment {
  readonly start: Start;
  /** Number of the client's next POST. */
  readonly next: number;
  /** Newest entry that the client has processed; `undefined` for a client that never acknowledges, and once the session is over. */
  readonly acked: number | undefined;
  /** Time of the client's last acknowledgement, in ms on the clock of `performance.now()`; `undefined` for a client that never acknowledges. */
  readonly heardAt: number | undefined;
  /** Time of the last POST to the session, on the same clock; 0 before the first. */
  readonly postedAt: number;
  /**
   * Makes this the push connection of its client. Call it after the first event was written: until then the client has only its older
   * connection, which is superseded now.
   */
  activate(listener: ConnectionListener): void;
  /** Records the newest entry that was written to the connection. */
  recordWritten(seq: number): void;
  /** Returns a new start for a reader that the log has overtaken. */
  restart(): Promise<Start>;
  /**
   * Ends the attachment. Further calls have no effect.
   * @param position position of the reader
   */
  detach(position: LogPosition): void;
}

export interface SessionInfo {
  readonly userId: string;
  readonly sessionId: string;
  /** Modality of the agent's replies. A connection can change it. */
  readonly modality: 'TEXT' | 'AUDIO';
  /** Whether clients report when the user speaks, because the model does not detect speech. `undefined` if the runner does not say. */
  readonly manualActivity?: boolean | undefined;
  /** Agent to which the conversation was transferred last. Default: that of the runner. */
  readonly activeAgent?: string;
  /** Name that a client gave to the agent. Default: its own. */
  readonly agentName?: string;
}

/** A live session as connections see it, in this process or in another one. Reads of the log are synchronous, everything else is not. */
export interface SessionHandle {
  readonly log: LogView;
  readonly info: SessionInfo;
  /** Counts what waits for the readers of the session to read it. */
  readonly memory: MemoryBudget;
  /** Whether the session refuses all further requests. */
  readonly over: boolean;
  /** Whether the request queue is more than half full, or audio comes faster than it may. A sender that can wait should wait. */
  readonly congested: boolean;
  /**
   * Attaches a reader. Each attachment needs its `detach`.
   * @throws {WireError} draining: this process serves the session no longer; too_many_connections
   */
  attach(reader: ReaderInfo): Promise<Attachment>;
  /**
   * Applies a POST, all of it or nothing. A POST with a number is applied once, and in the order of its client. The process that owns the session
   * answers at once: a promise for each piece of speech would cost more than the rest of this method.
   * @returns a refusal with `session_ended`, `draining`, `epoch_changed`, `outside_window`, `request_queue_full`, `too_much_audio`, `server_busy` or
   * `malformed_item`, `tool_call_not_open`, or the refusal of its body
   */
  post(post: ClientPost): PostAnswer | Promise<PostAnswer>;
}

/** Request of a connection to open a live session. */
export interface OpenParams {
  readonly userId: string;
  readonly sessionId: string;
  /** Config that the connection requests. It overrides the agent's own. */
  readonly runConfig: RunConfig;
  /** Cursor as the client sent it. */
  readonly cursor: string | undefined;
  /** Network address of the client; `undefined` if it is not known. */
  readonly address?: string | undefined;
  /**
   * Maximum wait of a new session for its first request before its run starts, in ms, because that request may have a config of the run. Default: 0.
   */
  readonly firstRunDelayMs?: number | undefined;
  /** Whether an EventSource reconnects by itself. It repeats the URL of its first request, whose settings may be outdated. */
  readonly reconnect: boolean;
}

export interface Opened {
  readonly session: SessionHandle;
  /** Whether the connection changed the settings of a live session, so that its run was replaced. */
  readonly replaced: boolean;
}

/** Finds and opens live sessions. */
export interface SessionOpener {
  /** Number of live sessions. */
  readonly size: number;
  /**
   * Opens the session that a reader asks for: the live one, or a new one.
   * @returns `ended` to a reader of a session that a client has closed, and to a reader that already received the end of the session: an
   * EventSource reconnects by itself, and would undo the limit that ended the session
   * @throws {WireError} invalid_run_config, too_many_sessions, too_many_user_sessions, too_many_connections,
   * too_many_model_connections, server_busy, draining: no session was opened and no setting changed
   */
  open(params: OpenParams): Promise<Opened | 'ended'>;
  /**
   * Finds a live session. Waits for one that is being opened.
   * @throws {WireError} session_ended, session_not_found
   */
  get(userId: string, sessionId: string): Promise<SessionHandle>;
}
