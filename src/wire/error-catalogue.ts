/**
 * Every error that may cross the wire, as an HTTP answer or as a `failure` event: its status, whether the same request may
 * succeed later without a change, what is said, and what to do. `docs/errors.md` is tested against this table.
 */
interface CatalogueEntry {
  /** HTTP status. For a `failure` event it is the status that the same trouble would have as an HTTP answer. */
  readonly status: number;
  /** true: the same request may succeed later; false: something must be changed first. */
  readonly retry: boolean;
  /** What was wrong. A WireError may put a more precise text in its place. */
  readonly error: string;
  /** What to do about it. */
  readonly hint?: string;
}

export const errorCatalogue = {
  // The request
  malformed_json: {
    status: 400,
    retry: false,
    error: 'The body is not valid JSON',
    hint: 'send a JSON object or array, or plain text with Content-Type: text/plain',
  },
  malformed_item: {
    status: 400,
    retry: false,
    error: 'The body holds an item of an unknown shape',
    hint: 'an item is {"mime_type","data"}, a LiveRequest (content, blob, activity_start, activity_end, audio_stream_end, close) or {"interrupt":{}}',
  },
  malformed_envelope: {
    status: 400,
    retry: false,
    error: 'The envelope is not valid',
    hint: 'send {"client":"…","cseq":1,"ack":"<id of the last event>","items":[…]}',
  },
  missing_mime_type: {
    status: 400,
    retry: false,
    error: 'The item has no mime_type',
    hint: 'send {"mime_type":"text/plain","data":"hello"}',
  },
  empty_body: { status: 400, retry: false, error: 'The body is empty', hint: 'send text, audio, an image or JSON' },
  invalid_utf8: { status: 400, retry: false, error: 'The text is not valid UTF-8', hint: 'send text as UTF-8' },
  incomplete_body: {
    status: 400,
    retry: true,
    error: 'The body ended before it was complete; nothing of it was used',
    hint: 'send it again',
  },
  invalid_base64: {
    status: 400,
    retry: false,
    error: 'The data is not valid base64',
    hint: 'use the standard alphabet (A-Z a-z 0-9 + /) with padding and no line breaks',
  },
  odd_pcm_length: {
    status: 400,
    retry: false,
    error: 'The audio has an odd number of bytes',
    hint: 'audio/pcm is 16-bit: two bytes a sample, little endian, mono',
  },
  invalid_sample_rate: {
    status: 400,
    retry: false,
    error: 'The sample rate is out of range',
    hint: 'audio/pcm;rate=N takes 8000 to 48000 Hz; 16000 if unsaid',
  },
  invalid_id: {
    status: 400,
    retry: false,
    error: 'The user or session id is not valid',
    hint: 'use 1 to 128 characters of A-Z a-z 0-9 . _ @ -, the first a letter or a digit',
  },
  invalid_query: { status: 400, retry: false, error: 'A query parameter is not valid' },
  invalid_run_config: {
    status: 400,
    retry: false,
    error: 'The agent cannot talk like that',
    hint: 'change what the text names: in the runConfig of the agent, or in the query, as voice, language, proactivity or affective_dialog',
  },
  origin_not_allowed: {
    status: 403,
    retry: false,
    error: 'This page may not use this server',
    hint: 'name its origin in ALLOWED_ORIGINS',
  },
  host_not_allowed: {
    status: 403,
    retry: false,
    error: 'The Host header names no host that this server answers for',
    hint: 'use localhost, or name the host in ALLOWED_HOSTS',
  },
  not_found: {
    status: 404,
    retry: false,
    error: 'Not found',
    hint: 'GET /events/:userId and POST /send/:userId exist',
  },
  session_not_found: {
    status: 404,
    retry: true,
    error: 'Session not found',
    hint: 'open GET /events/:userId first, with the same ids',
  },
  method_not_allowed: { status: 405, retry: false, error: 'Method not allowed' },
  body_timeout: {
    status: 408,
    retry: true,
    error: 'The body stopped arriving',
    hint: 'send the whole body, or close an endless one when there is nothing left to say',
  },
  outside_window: {
    status: 409,
    retry: false,
    error: 'The number of the POST is outside the window',
    hint: 'go on with the number in next',
  },
  epoch_changed: {
    status: 409,
    retry: false,
    error: 'The POST is numbered for a live session that is over',
    hint: 'number what is unanswered anew, from next, and acknowledge an event of this epoch',
  },
  session_ended: {
    status: 410,
    retry: false,
    error: 'Session ended',
    hint: 'open GET /events/:userId without a cursor to begin a new one',
  },
  precondition_failed: {
    status: 412,
    retry: false,
    error: 'The file is not the one that the request is about',
    hint: 'ask for it without If-Match and If-Unmodified-Since',
  },
  body_too_large: {
    status: 413,
    retry: false,
    error: 'The body is too large',
    hint: 'send smaller pieces, or raise MAX_BODY_BYTES',
  },
  unsupported_mime_type: {
    status: 415,
    retry: false,
    error: 'Mime type not supported',
    hint: 'use text/plain, audio/pcm, image/jpeg, image/png or image/webp; a body may also be application/json',
  },
  unsupported_encoding: {
    status: 415,
    retry: false,
    error: 'Content-Encoding not supported',
    hint: 'send the body uncompressed',
  },
  range_not_satisfiable: {
    status: 416,
    retry: false,
    error: 'The file is shorter than that',
    hint: 'ask for it without Range',
  },
  upgrade_required: {
    status: 426,
    retry: false,
    error: 'This is no WebSocket handshake',
    hint: 'open it with a WebSocket client; if you did, something on the way does not let WebSocket through: use GET /events',
  },
  request_queue_full: {
    status: 429,
    retry: true,
    error: 'The model does not take what was sent as fast as it comes',
    hint: 'wait a second, then send it again',
  },
  internal: { status: 500, retry: true, error: 'The server made a mistake', hint: 'see the server log' },
  too_many_sessions: {
    status: 503,
    retry: true,
    error: 'The server holds as many live sessions as it may',
    hint: 'try again later, or raise MAX_SESSIONS',
  },
  draining: { status: 503, retry: true, error: 'The server is shutting down', hint: 'try again in a few seconds' },

  // The model
  model_key_refused: {
    status: 502,
    retry: false,
    error: 'The model provider refused the key',
    hint: 'check GOOGLE_API_KEY, or leave it empty for the offline agent',
  },
  model_not_found: {
    status: 502,
    retry: false,
    error: 'The provider has no such live model',
    hint: 'set DEMO_AGENT_MODEL to a model that supports bidiGenerateContent',
  },
  model_request_refused: {
    status: 502,
    retry: false,
    error: 'The model provider refused the request',
    hint: 'the text says what it did not like; check the agent and its settings',
  },
  model_quota: {
    status: 502,
    retry: true,
    error: "The provider's quota is used up",
    hint: 'wait, or raise the quota of the key',
  },
  model_unreachable: {
    status: 504,
    retry: true,
    error: 'The model provider cannot be reached',
    hint: 'check the network and GOOGLE_GEMINI_BASE_URL; what you send next tries again',
  },
  model_closed: {
    status: 502,
    retry: true,
    error: 'The model provider closed the connection',
    hint: 'what you send next opens a new one',
  },
  response_withheld: {
    status: 502,
    retry: false,
    error: 'The model withheld its answer',
    hint: 'ask in another way',
  },
  response_too_long: {
    status: 502,
    retry: false,
    error: 'The answer was cut off at the greatest length that the model may give it',
    hint: 'ask it to go on, or to be brief',
  },
  response_failed: {
    status: 502,
    retry: true,
    error: 'The model did not finish its answer',
    hint: 'ask again',
  },
  agent_failed: {
    status: 500,
    retry: true,
    error: 'The agent failed',
    hint: 'see the server log; what you send next starts it again',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** The body of an error answer, and the data of a `failure` event. */
export interface ErrorBody {
  readonly error: string;
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly hint?: string;
  /** Where the order of POSTs goes on, with outside_window and epoch_changed. */
  readonly next?: number;
  /** The live session's own, with epoch_changed. */
  readonly epoch?: string;
}

/**
 * An error that is meant for the other end of the wire. Anything else that is thrown is a programming error: it is logged, and
 * the wire sees only `internal`.
 */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: ErrorCode;
  /** Names the variable, field or limit at hand; the catalogue's hint if absent. */
  readonly hint: string | undefined;

  /** What else a program needs to go on. */
  readonly details: Pick<ErrorBody, 'next' | 'epoch'>;

  /** @param error what was wrong, more precisely than the catalogue says it; never with a secret in it */
  constructor(code: ErrorCode, error?: string, hint?: string, details: Pick<ErrorBody, 'next' | 'epoch'> = {}) {
    const entry: CatalogueEntry = errorCatalogue[code];
    super(error ?? entry.error);
    this.code = code;
    this.hint = hint ?? entry.hint;
    this.details = details;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }

  get retry(): boolean {
    return errorCatalogue[this.code].retry;
  }

  body(): ErrorBody {
    return {
      error: this.message,
      code: this.code,
      retry: this.retry,
      ...(this.hint ? { hint: this.hint } : {}),
      ...this.details,
    };
  }
}
