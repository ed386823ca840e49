/**
 * The data of the named events, which a plain `onmessage` never sees. The first group has its place in the log and reaches every
 * reader; the second is made for one connection and carries its reader's cursor as id. `error`, `open` and `message` are never
 * used as names: a server-sent `event: error` would fire the browser's own `onerror`.
 */
import type { TokenDetail, UpstreamStatus } from './agent-event.ts';
import type { ErrorBody } from './error-catalogue.ts';
import type { End } from './log-entry.ts';

export interface LogEvents {
  input_transcript: { text: string; finished: boolean; turn: number };
  tool_call: { id: string; name: string; args: Record<string, unknown>; where: 'server' | 'client' };
  tool_result: { id: string; name: string; result?: unknown; error?: string };
  tool_cancel: { id: string };
  usage: {
    prompt_tokens: number;
    response_tokens: number;
    total_tokens: number;
    /** Tokens by modality. */
    details?: { prompt?: TokenDetail[]; response?: TokenDetail[] };
  };
  /** What an answer rests on; there may be several in a turn. */
  grounding: {
    /** The answer's number, from 1. */
    turn: number;
    /** At most 20, each once. `uri`: http or https; `title`: never empty; `domain`: where the provider names it. */
    sources: { uri: string; title: string; domain?: string }[];
    /** What was searched for; at most 10. */
    queries: string[];
  };
  status: UpstreamStatus;
  failure: ErrorBody;
  end: End;
}

export interface ConnectionEvents {
  session: {
    epoch: string;
    user_id: string;
    session_id: string;
    /** The `client` of the query. */
    client: string | null;
    /** The number of that client's next POST. */
    next: number;
    agent: string;
    model: string;
    modality: 'TEXT' | 'AUDIO';
    /** Hz. */
    input_rate: number;
    /** Hz. */
    output_rate: number;
    limits: { body_bytes: number; window: number; linger_ms: number; heartbeat_ms: number };
    /** Name and version of the server. */
    server: string;
  };
  /** `t`: the server's clock, ms since 1970; `next`: the number of the client's next POST. */
  hb: { t: number; next: number };
  /** Audio that was never sent was dropped: the log was full. */
  gap: { audio_ms: number };
  /** A newer connection of the same client has taken over. */
  superseded: Record<string, never>;
  reset: {
    reason: 'unknown_epoch' | 'too_old' | 'ahead' | 'malformed';
    turns: { role: 'user' | 'model'; text: string; interrupted?: boolean }[];
    /** The conversation is longer than `turns`. */
    truncated: boolean;
  };
  drain: { retry_ms: number };
}
