import type { Content, InlineData, ToolConfirmation } from './agent-event.ts';
import type { SessionConfig } from './session-config.ts';
import type { StateDelta } from './state-delta.ts';

/**
 * Input for the agent: ADK's LiveRequest in its snake_case JSON shape, and what it lacks. If several fields are set, they apply in the order
 * state_delta, tool_confirmations, tool_results, activity_start, activity_end, audio_stream_end, blob, content, respond.
 */
export interface LiveRequest {
  /** A complete message of the user: text, and the images that it is about. The model answers it at once. */
  content?: Content;
  /** Whether `content` is incomplete. The model answers when the rest of it, or any other input, follows. */
  partial?: boolean;
  /**
   * Number of the pictures that `content` is about, those of other requests of the same POST included (not in ADK's LiveRequest). The session counts
   * them; the conversation has the number.
   */
  pictures?: number;
  /** These pictures, for the store (not in ADK's LiveRequest). The session adds them. */
  pictureData?: readonly InlineData[];
  /** A chunk of realtime input: audio or an image. */
  blob?: Blob;
  activity_start?: Record<string, never>;
  activity_end?: Record<string, never>;
  /** Whether the microphone was switched off. The model answers what it has heard so far. Ends an activity that is open. */
  audio_stream_end?: boolean;
  /** Whether the live session ends after this request. */
  close?: boolean;
  /** Stops the current reply (not in ADK's LiveRequest). `played_ms`: audio of the reply that was played, in ms. */
  interrupt?: { played_ms?: number };
  /** Changes of state, by key. `null` removes a key. They apply also without content. */
  state_delta?: StateDelta;
  /** Answers to calls that run only if the user confirms them. In ADK they are responses to the function `adk_request_confirmation`. */
  tool_confirmations?: readonly ToolConfirmation[];
  /** Results of calls that run in the client. In ADK's LiveRequest they are `function_response` parts of `content`. */
  tool_results?: readonly ClientToolResult[];
  /** Asks for an answer to what was given so far (not in ADK's LiveRequest). Has no effect while an answer is expected or being given. */
  respond?: Record<string, never>;
  /** Requests a config for the live session (not in ADK's LiveRequest). The session applies it before the rest of its body; no run sees it. */
  configure?: SessionConfig;
}

/** Result of a call that a client ran. */
export interface ClientToolResult {
  /** Id of the call. */
  readonly id: string;
  /** What the model receives: the result, or `{error}`. */
  readonly response: Readonly<Record<string, unknown>>;
  /** Pictures of the result. Default: none. */
  readonly images?: readonly InlineData[];
}

/** A chunk of audio, or an image. */
export interface Blob {
  /** For audio `audio/pcm;rate=<Hz>`. */
  mime_type: string;
  /** Base64. Audio is 16-bit PCM, little endian, mono. */
  data: string;
}
