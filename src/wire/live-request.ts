import type { Content } from './agent-event.ts';

/**
 * What a client sends to the agent: ADK's LiveRequest in its snake_case JSON shape, and an interruption. When several
 * fields are set, activity_start comes first, then activity_end, audio_stream_end, blob, content.
 */
export interface LiveRequest {
  /** A complete message of the user, words and the images it is about; the model answers it at once. */
  content?: Content;
  /** `content` is not complete: it is not answered before more of it comes, or something else is said. */
  partial?: boolean;
  /** A realtime chunk: audio or an image. */
  blob?: Blob;
  activity_start?: Record<string, never>;
  activity_end?: Record<string, never>;
  /** The microphone went off: what was heard so far is all there is. */
  audio_stream_end?: boolean;
  /** Ends the live session. */
  close?: boolean;
  /** Stops the reply that is being given (not in ADK's LiveRequest). `played_ms`: how much of it was heard. */
  interrupt?: { played_ms?: number };
}

/** `data` is base64. Audio is PCM16 little endian mono, its rate in Hz named by `mime_type`. */
export interface Blob {
  mime_type: string;
  data: string;
}
