/** An error that a client may get, as an HTTP answer or as a `failure` event. */
export interface CatalogueEntry {
  /** HTTP status. For a `failure` event: the status that the same error would have as an HTTP answer. */
  readonly status: number;
  /** Whether the same request may succeed later. If false, something must be changed first. */
  readonly retry: boolean;
  /** Description of the error. A WireError may have a more precise one. */
  readonly error: string;
  /** Instruction for the reader, without a capital and a full stop. */
  readonly hint?: string;
}

/** Every error that a client may get, by code. `docs/errors.md` is written from this table. */
export const errorCatalogue = {
  // The request
  malformed_request: {
    status: 400,
    retry: false,
    error: 'The request is not valid HTTP/1.1',
    hint: 'send each header once, a path as the target, and a body with either Content-Length or Transfer-Encoding: chunked',
  },
  malformed_json: {
    status: 400,
    retry: false,
    error: 'The body is not valid JSON',
    hint: 'send a JSON object or array, or plain text with Content-Type: text/plain',
  },
  malformed_item: {
    status: 400,
    retry: false,
    error: 'The body contains an item that is not one of the known shapes',
    hint: 'send {"mime_type","data"}, a LiveRequest (content, blob, activity_start, activity_end, audio_stream_end, state_delta, close), {"interrupt":{}}, {"respond":{}}, {"tool_result":{"id","result"}} or {"tool_confirm":{"id","ok"}}',
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
  malformed_frame: {
    status: 400,
    retry: false,
    error: 'The frame breaks the WebSocket protocol',
    hint: 'send masked frames without compression, as RFC 6455 has them',
  },
  empty_body: { status: 400, retry: false, error: 'The body is empty', hint: 'send text, audio, an image or JSON' },
  invalid_utf8: { status: 400, retry: false, error: 'The text is not valid UTF-8', hint: 'send text as UTF-8' },
  incomplete_body: {
    status: 400,
    retry: true,
    error: 'The connection closed before the body was complete; no part of the body was used',
    hint: 'send the request again',
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
    hint: 'send 16-bit samples: two bytes each, little endian, mono',
  },
  invalid_sample_rate: {
    status: 400,
    retry: false,
    error: 'The sample rate is out of range',
    hint: 'use audio/pcm;rate=N with N from 8000 to 48000; without a rate it is 16000 Hz',
  },
  invalid_id: {
    status: 400,
    retry: false,
    error: 'The user or session id is not valid',
    hint: 'use 1 to 128 characters of A-Z a-z 0-9 . _ @ - and begin with a letter or a digit',
  },
  invalid_title: {
    status: 400,
    retry: false,
    error: 'The title is not valid',
    hint: 'send {"title":"…"} with one line of 1 to 80 characters',
  },
  invalid_query: { status: 400, retry: false, error: 'A query parameter is not valid' },
  invalid_run_config: {
    status: 400,
    retry: false,
    error: 'The model does not support one of the requested settings',
    hint: 'change the setting that the error names: is_audio, voice, language, proactivity and affective_dialog in the query of a connection, every setting in the runConfig of the agent',
  },
  unauthorized: {
    status: 401,
    retry: false,
    error: 'The request carries no valid credentials',
    hint: 'send Authorization: Bearer <token>, or a ticket from POST /tickets/:userId as the query parameter ticket',
  },
  user_not_allowed: {
    status: 403,
    retry: false,
    error: 'These credentials do not allow the use of this user id or session',
    hint: 'use the user id that the token was issued for; a ticket is for one session of it',
  },
  config_not_allowed: {
    status: 403,
    retry: false,
    error: 'This agent does not let clients choose its instruction, its name or the name of the user',
    hint: 'leave them out of the config; the author of the agent can allow them with acceptsPersona',
  },
  state_not_allowed: {
    status: 403,
    retry: false,
    error: 'A client may not write this key of the state',
    hint: 'write keys of the conversation, or of the user with user:; app: and temp: belong to the code of the agent, whose author can also restrict the others with acceptsState',
  },
  origin_not_allowed: {
    status: 403,
    retry: false,
    error: 'Pages of this origin are not allowed to use this server',
    hint: 'add the origin to ALLOWED_ORIGINS',
  },
  host_not_allowed: {
    status: 403,
    retry: false,
    error: 'The server does not accept requests for the host that the Host header names',
    hint: 'use localhost, or add the host to ALLOWED_HOSTS',
  },
  not_found: {
    status: 404,
    retry: false,
    error: 'Not found',
    hint: 'check the path; the main routes are GET /events/:userId and POST /send/:userId',
  },
  artifact_not_found: {
    status: 404,
    retry: false,
    error: 'There is no such file in this conversation',
    hint: 'the oldest files are deleted when there are too many; reset and exports name the files of a conversation',
  },
  no_recording: {
    status: 404,
    retry: false,
    error: 'Nothing of this conversation was recorded',
    hint: 'set saveLiveBlob in the runConfig of the agent to record conversations; the oldest recordings are deleted when there are too many',
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
    error: 'The body did not arrive in time',
    hint: 'send the whole body without a long pause, and end an audio upload when there is no more audio',
  },
  request_timeout: {
    status: 408,
    retry: true,
    error: 'The headers of the request did not arrive in time',
    hint: 'send the headers within 30 s',
  },
  outside_window: {
    status: 409,
    retry: false,
    error: 'The number of the POST (cseq) is not one that the server can accept now',
    hint: 'continue with the number in next',
  },
  tool_call_not_open: {
    status: 409,
    retry: false,
    error: 'No call of a tool waits for this',
    hint: 'send one result for each tool_call with "where":"client" or "long_running":true, and one tool_confirm for each with "confirm":true, of this live session and before its tool_cancel',
  },
  epoch_changed: {
    status: 409,
    retry: false,
    error: 'The POST is numbered for a live session that has ended',
    hint: 'number all unanswered POSTs again from next, with an ack of this epoch',
  },
  session_exists: {
    status: 409,
    retry: false,
    error: 'The user has a conversation with this id already',
    hint: 'leave the id out, or choose another one',
  },
  session_ended: {
    status: 410,
    retry: false,
    error: 'Session ended',
    hint: 'open GET /events/:userId without a cursor to begin a new session',
  },
  precondition_failed: {
    status: 412,
    retry: false,
    error: 'The file has changed since the version that the request names',
    hint: 'request the file without If-Match and If-Unmodified-Since',
  },
  body_too_large: {
    status: 413,
    retry: false,
    error: 'The body is too large',
    hint: 'send smaller bodies, or raise MAX_BODY_BYTES',
  },
  state_too_large: {
    status: 413,
    retry: false,
    error: 'The state of the conversation would be too large',
    hint: 'store less: a value has at most 16 Ki characters of JSON, all keys of a conversation 32 Ki, and those of a user 32 Ki, with at most 256 keys each; null removes a key',
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
    error: 'Content-Encoding is not supported',
    hint: 'send the body uncompressed',
  },
  range_not_satisfiable: {
    status: 416,
    retry: false,
    error: 'The requested range is beyond the end of the file',
    hint: 'request the file without Range',
  },
  expectation_failed: {
    status: 417,
    retry: false,
    error: 'Expect is not supported',
    hint: 'send Expect: 100-continue, or no Expect header',
  },
  not_supported: {
    status: 422,
    retry: false,
    error: 'The agent of this server cannot do what the item requests',
    hint: 'leave the item out; docs/bring-your-own-runner.md lists what a runner of ADK cannot do',
  },
  upgrade_required: {
    status: 426,
    retry: false,
    error: 'The request is not a WebSocket handshake',
    hint: 'use a WebSocket client; if you do, the network between you and the server blocks WebSocket: use GET /events',
  },
  request_queue_full: {
    status: 429,
    retry: true,
    error: 'Input arrives faster than the model accepts it',
    hint: 'wait one second, then send the request again',
  },
  too_many_requests: {
    status: 429,
    retry: true,
    error: 'This network address has sent too many requests',
    hint: 'wait as long as Retry-After says, then send the request again',
  },
  too_many_connections: {
    status: 429,
    retry: true,
    error: 'This user, or this network address, has too many open connections',
    hint: 'close streams, polls or WebSockets that nobody needs, then try again',
  },
  too_many_user_sessions: {
    status: 429,
    retry: true,
    error: 'This user, or this network address, has reached the maximum number of live sessions',
    hint: 'close a session with {"close":true}, or wait until one ends',
  },
  too_many_model_connections: {
    status: 429,
    retry: true,
    error: 'This user, or this network address, has opened too many connections to the model',
    hint: 'wait as long as Retry-After says; every new session and every change of voice or modality opens one',
  },
  too_much_audio: {
    status: 429,
    retry: true,
    error: 'This user, or this network address, has sent more audio than a conversation needs',
    hint: 'wait as long as Retry-After says, and send audio at the rate at which it is spoken',
  },
  headers_too_large: {
    status: 431,
    retry: false,
    error: 'The request target and the headers are too large',
    hint: 'send at most 200 headers of 16 KiB together, and long texts in the body of a POST',
  },
  internal: {
    status: 500,
    retry: true,
    error: 'Internal server error',
    hint: 'look for the cause in the log of the server',
  },
  unsupported_transfer_coding: {
    status: 501,
    retry: false,
    error: 'Transfer-Encoding is not supported',
    hint: 'send the body uncompressed, with Transfer-Encoding: chunked or with Content-Length',
  },
  too_many_sessions: {
    status: 503,
    retry: true,
    error: 'The server has reached its maximum number of live sessions',
    hint: 'try again later, or raise MAX_SESSIONS',
  },
  server_busy: {
    status: 503,
    retry: true,
    error: 'The server has no room for more work',
    hint: 'wait as long as Retry-After says, then try again',
  },
  auth_unavailable: {
    status: 503,
    retry: true,
    error: 'The keys that verify tokens cannot be fetched',
    hint: 'try again in a few seconds; the log of the server has the cause',
  },
  store_unavailable: {
    status: 503,
    retry: true,
    error: 'The store of conversations does not answer',
    hint: 'try again later; the log of the server has the cause',
  },
  recording_failed: {
    status: 503,
    retry: false,
    error: 'The audio of a turn could not be stored',
    hint: 'the conversation continues; the log of the server has the cause',
  },
  draining: { status: 503, retry: true, error: 'The server is shutting down', hint: 'try again in a few seconds' },

  // The model
  model_key_refused: {
    status: 502,
    retry: false,
    error: 'The model provider rejected the API key',
    hint: 'check GOOGLE_API_KEY, or leave it empty to use the offline agent',
  },
  model_not_found: {
    status: 502,
    retry: false,
    error: 'The model provider has no live model with this name',
    hint: 'set DEMO_AGENT_MODEL, or the option --model, to a model that supports bidiGenerateContent',
  },
  model_request_refused: {
    status: 502,
    retry: false,
    error: 'The model provider rejected the request',
    hint: 'read the reason in the error, and check the agent and its settings',
  },
  model_quota: {
    status: 502,
    retry: true,
    error: 'The quota at the model provider is used up',
    hint: 'wait, or raise the quota of the API key',
  },
  model_unreachable: {
    status: 504,
    retry: true,
    error: 'The model provider cannot be reached',
    hint: 'check the network, HTTPS_PROXY and GOOGLE_GEMINI_BASE_URL; the next message tries again',
  },
  model_closed: {
    status: 502,
    retry: true,
    error: 'The model provider closed the connection',
    hint: 'send a message to open a new connection',
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
    error: 'The answer was cut off at its maximum length',
    hint: 'ask the model to continue, or to be brief',
  },
  response_failed: {
    status: 502,
    retry: true,
    error: 'The model did not finish its answer',
    hint: 'ask again',
  },
  instruction_failed: {
    status: 500,
    retry: false,
    error: 'The instruction of the agent could not be created',
    hint: 'look for the cause in the log of the server; the next message tries again',
  },
  agent_failed: {
    status: 500,
    retry: true,
    error: 'The agent failed',
    hint: 'look for the cause in the log of the server; the next message starts the agent again',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
