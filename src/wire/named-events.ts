/**
 * Data of the named events, which the `onmessage` handler of an EventSource does not get. No event is named `error`, `open` or `message`: a
 * server-sent `event: error` would call the browser's own `onerror` handler.
 */
import type { TokenDetail, UpstreamStatus } from './agent-event.ts';
import type { End, SessionSettings, StorageState, TypedMessage } from './log-entry.ts';
import type { ErrorBody } from './wire-error.ts';

/** Way in which a model accepts images: as single frames of what the user shows, or within a text message. */
export type ImageInput = 'frames' | 'in_message';

/** Events of the log: every reader gets them. */
export interface LogEvents {
  input_transcript: { text: string; finished: boolean; turn: number };
  /**
   * What the model has understood so far of speech that goes on. `text` replaces that of the event before. An event of its own, because a client that
   * does not know it would append it if it were an `input_transcript`.
   */
  interim_transcript: { text: string; turn: number };
  /** `confirm`: the call waits for a `tool_confirm` of the user; whoever runs it waits for the `tool_confirmed` that follows. */
  tool_call: {
    id: string;
    name: string;
    args: Record<string, unknown>;
    where: 'server' | 'client';
    confirm?: true;
    /** The result comes later, from an app, also after this live session. */
    long_running?: true;
  };
  tool_confirmed: { id: string; ok: boolean };
  /**
   * `images`: pictures of the result, in base64. `pictures`: number of pictures that the log has dropped, because it was full. `will_continue`: more
   * results of the call follow; this one is the first response, or one of several results.
   */
  tool_result: {
    id: string;
    name: string;
    result?: unknown;
    error?: string;
    images?: { mime_type: string; data: string }[];
    pictures?: number;
    will_continue?: true;
  };
  tool_cancel: { id: string };
  /** Another agent continues the conversation. */
  agent: { name: string };
  usage: {
    prompt_tokens: number;
    response_tokens: number;
    /** All tokens that are billed. */
    total_tokens: number;
    /** Tokens of reasoning, which are not part of `response_tokens`. Absent if the model reports none; so are the next two. */
    thoughts_tokens?: number;
    /** Part of `prompt_tokens` that came from a cache. */
    cached_tokens?: number;
    /** Tokens of results of tools that the provider ran. */
    tool_tokens?: number;
    /** Search queries since the usage before, each of which is billed. */
    search_queries?: number;
    /** The tokens are those of a summary of the conversation, not of a reply. */
    summary?: true;
    /** Tokens by modality. */
    details?: { prompt?: TokenDetail[]; response?: TokenDetail[] };
  };
  /** Sources of an answer. A turn may have several of these events. */
  grounding: {
    /** Number of the turn, from 1. */
    turn: number;
    /** At most 20 sources, each once. `uri` is http or https, `title` is never empty. `domain` is present if the provider names it. */
    sources: { uri: string; title: string; domain?: string }[];
    /** At most 10 search queries. */
    queries: string[];
  };
  /** A message that a client has typed. Its sender gets it, too. */
  user_message: TypedMessage;
  /** The settings have changed, because a client asked for it. */
  settings: SessionSettings;
  /** The store of conversations fails, works again, or has lost turns of this conversation. */
  storage: StorageState;
  status: UpstreamStatus;
  failure: ErrorBody;
  end: End;
}

/** Events that are made for one connection. Their id is the position of the reader. */
export interface ConnectionEvents {
  session: {
    epoch: string;
    user_id: string;
    session_id: string;
    /** `client` of the query. */
    client: string | null;
    /** Number of that client's next POST. */
    next: number;
    /** Number of the newest entry of the log when the connection was opened. A client that has received it has caught up. */
    head: number;
    agent: string;
    model: string;
    /** An emulator answers in the place of the model, because the server has no key. Absent if the model answers. */
    emulated?: true;
    modality: 'TEXT' | 'AUDIO';
    /** Whether the client reports when the user speaks (`activity_start`, `activity_end`), because the agent does not detect speech. */
    manual_activity: boolean;
    /** Ways in which the model accepts images: as single frames of a camera or a screen, or within a message. Absent if they are not known. */
    images?: readonly ImageInput[];
    /** Names of the model's voices. Absent if they are not known: any name may be requested then. */
    voices?: readonly string[];
    /** Whether clients may choose the language in which the model speaks. Absent if that is not known. */
    accepts_language?: boolean;
    /** Sample rate of audio that the model gets, in Hz. */
    input_rate: number;
    /** Sample rate of audio that the model sends, in Hz. */
    output_rate: number;
    limits: { body_bytes: number; window: number; linger_ms: number; heartbeat_ms: number };
    /** Name and version of the server. */
    server: string;
  };
  /** `t`: clock of the server, in ms since 1970; `next`: number of the client's next POST. */
  hb: { t: number; next: number };
  /** Duration of audio that the log dropped before it was sent, because the log was full. */
  gap: { audio_ms: number };
  /** A newer connection of the same client supersedes this one. */
  superseded: Record<string, never>;
  reset: {
    reason: 'unknown_epoch' | 'too_old' | 'ahead' | 'malformed';
    turns: ShownTurn[];
    /** Whether the conversation is longer than `turns`. */
    truncated: boolean;
  };
  /**
   * The connection ends; the client reconnects after `retry_ms`. Without `reason`: the server shuts down. `unheard`: nothing was heard from a client
   * that could be heard. `renewal`: nothing can be heard from the client, and its reconnection shows that it is there.
   */
  drain: { retry_ms: number; reason?: 'unheard' | 'renewal' };
}

/** What one speaker said until the other one spoke. */
export interface ShownTurn {
  role: 'user' | 'model';
  /** May be '' for a turn with calls or pictures only. */
  text: string;
  interrupted?: boolean;
  /** Whether the reply is still being given: what follows continues it. Its calls with the state `open` are running. */
  partial?: boolean;
  /** Whether the text is the transcript of speech. */
  spoken?: boolean;
  /** Number of pictures of the user. */
  pictures?: number;
  /** Those that are stored. */
  images?: StoredImage[];
  /** Calls of the agent, in their order. */
  tools?: ShownTool[];
  /** Sources and search queries of the answer, as in `grounding`. */
  sources?: LogEvents['grounding']['sources'];
  queries?: LogEvents['grounding']['queries'];
}

export interface ShownTool {
  id: string;
  name: string;
  args: Record<string, unknown>;
  /**
   * `open`: no result is known. `confirming`: the call waits for a `tool_confirm` of the user. `pending`: the call is a long-running one whose result
   * comes later.
   */
  state: 'confirming' | 'open' | 'pending' | 'done' | 'failed';
  /** Latest result, or error, as in `tool_result`. Absent if there is none, or if it has more than 2,000 bytes of JSON. */
  result?: unknown;
  error?: string;
  /** Number of pictures of the result. */
  pictures?: number;
  /** Those that are stored. */
  images?: StoredImage[];
}

/** Picture that is stored with the conversation: `GET /sessions/:userId/:sessionId/artifacts/:file`. */
export interface StoredImage {
  mime_type: string;
  file: string;
}
