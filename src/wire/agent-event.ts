/**
 * Event of the runtime: the Event of Google's ADK in live mode, in its JSON shape (camelCase, no nulls). Events of an ADK Runner have this shape
 * already. Fields that are not in ADK say so, as the last five. Fields of ADK that no live model fills are absent: avgLogprobs, logprobsResult, cacheMetadata,
 * citationMetadata.
 * @see https://google.github.io/adk-docs/events/
 */
export interface AgentEvent {
  /** UUID version 7. Each event has its own, partial events included. */
  id: string;
  /** `e-` and a UUID: the same for all events of one `runLive()`. */
  invocationId: string;
  /** `user` or the name of an agent. */
  author: string;
  /** Time in seconds since 1970. */
  timestamp: number;
  content?: Content;
  /** Whether the content is an increment. If absent or false, the content is complete. */
  partial?: boolean;
  turnComplete?: boolean;
  /** Reason why the model ended its turn, if it is unusual, for example RESPONSE_REJECTED or MALFORMED_FUNCTION_CALL. */
  turnCompleteReason?: string;
  interrupted?: boolean;
  /** Speech of the user. */
  inputTranscription?: Transcription;
  /**
   * What the model has understood so far of the speech that the user is still saying: the whole hypothesis, which replaces the one before (not in
   * ADK). Shown, never stored; `inputTranscription` has what counts.
   */
  interimInputTranscription?: InterimTranscription;
  /** Speech of the agent. */
  outputTranscription?: Transcription;
  usageMetadata?: UsageMetadata;
  /** Sources of an answer in Gemini's form: groundingChunks, webSearchQueries, searchEntryPoint and so on. */
  groundingMetadata?: Record<string, unknown>;
  /** STOP, MAX_TOKENS, SAFETY and so on, from runners whose models report it. */
  finishReason?: string;
  /** Error of a reply that failed or was withheld: a finish reason, a turnCompleteReason or a status of the provider. */
  errorCode?: string;
  errorMessage?: string;
  /** Ids of the function calls of this event whose results come later, from an app. */
  longRunningToolIds?: string[];
  /** Further effects of the event: changes of state, a transfer to another agent. */
  actions?: Record<string, unknown>;
  /** Path of the author in the tree of agents: `a.b.c`. */
  branch?: string;
  /** Metadata that RunConfig adds to every event of the run. */
  customMetadata?: Record<string, unknown>;
  modelVersion?: string;
  interactionId?: string;
  /** Handle to continue the conversation on another connection. It gives access to the conversation and must stay on the server. */
  liveSessionResumptionUpdate?: { newHandle?: string; resumable?: boolean };
  /** Id of the session at the provider (Vertex AI). */
  liveSessionId?: string;
  /** Start or end of speech that the model detected (Vertex AI, if RunConfig asks for it). */
  voiceActivity?: VoiceActivity;

  /** New state of the connection to the model. */
  status?: UpstreamStatus;
  /** Ids of the function calls of this event that clients run. The others run on the server. */
  clientToolIds?: string[];
  /** Ids of the function calls of this event that run only if the user confirms them. */
  confirmToolIds?: string[];
  /** Answer of a user to a function call that asked for it. */
  toolConfirmation?: ToolConfirmation;
  /** Ids of function calls whose results are not needed any more. */
  toolCancellation?: string[];
  /** Number of pictures of a typed message. Those that are stored are parts of the content, with `fileData`. */
  pictures?: number;
  /** Whether the words of the user were recognized only after the reply to them: they belong before the last reply of the agent. */
  answered?: boolean;
}

export interface Content {
  role?: string;
  parts?: Part[];
}

/** Part of a content. Exactly one field is set, apart from `thought`. */
export interface Part {
  text?: string;
  /** Whether the text is reasoning of the model and not part of its answer. */
  thought?: boolean;
  inlineData?: InlineData;
  /** Takes the place of `inlineData` in a log that has dropped the data, so that the ids of later frames do not move (not in ADK). */
  droppedAudio?: DroppedAudio;
  fileData?: FileData;
  functionCall?: FunctionCall;
  functionResponse?: FunctionResponse;
  executableCode?: Record<string, unknown>;
  codeExecutionResult?: Record<string, unknown>;
}

/** Audio or a picture. */
export interface InlineData {
  mimeType: string;
  /** Base64. Audio of the model stays a string from the provider to the browser: the server never decodes it. */
  data: string;
}

/** Audio or a picture that a log has dropped. */
export interface DroppedAudio {
  mimeType: string;
  /** Duration in ms; 0 for a picture. */
  ms: number;
}

/** A file in the artifact store. */
export interface FileData {
  fileUri: string;
  mimeType: string;
}

export interface VoiceActivity {
  voiceActivityType?: 'ACTIVITY_START' | 'ACTIVITY_END';
  /** Time since the first audio of the user, for example `2.5s`. */
  audioOffset?: string;
}

export interface FunctionCall {
  id: string;
  name: string;
  args: Record<string, unknown>;
}

export interface FunctionResponse {
  id: string;
  name: string;
  response: Record<string, unknown>;
  /** Whether more results of the call follow. This one is the first response, or one of several results. */
  willContinue?: boolean;
  /** Pictures of the result, in their order. */
  parts?: FunctionResponsePart[];
  /** Number of pictures of which a conversation, or a log, does not have the data (not in ADK). */
  pictures?: number;
  /** Files with these pictures, as far as they are stored (not in ADK, which has them in `parts`). */
  pictureFiles?: FileData[];
}

/** Picture in the result of a function. @see https://ai.google.dev/gemini-api/docs/function-calling */
export interface FunctionResponsePart {
  inlineData: InlineData;
}

/** Answer of a user to a call that runs only if the user confirms it. */
export interface ToolConfirmation {
  /** Id of the call. */
  readonly id: string;
  /** Whether the call may run. */
  readonly ok: boolean;
}

export interface Transcription {
  text: string;
  /** Whether `text` is the whole text. If false, it is an increment. */
  finished: boolean;
}

export interface InterimTranscription {
  text: string;
}

export interface UsageMetadata {
  promptTokenCount?: number;
  /** Tokens of the answer. Gemini's live API calls this field responseTokenCount. */
  candidatesTokenCount?: number;
  totalTokenCount?: number;
  cachedContentTokenCount?: number;
  thoughtsTokenCount?: number;
  toolUsePromptTokenCount?: number;
  /** Search queries since the last usage, each of which is billed (not in ADK). */
  searchQueryCount?: number;
  promptTokensDetails?: TokenDetail[];
  candidatesTokensDetails?: TokenDetail[];
  cacheTokensDetails?: TokenDetail[];
  toolUsePromptTokensDetails?: TokenDetail[];
  /** Kind of billing, for example ON_DEMAND (Vertex AI). */
  trafficType?: string;
}

export interface TokenDetail {
  modality?: string;
  tokenCount?: number;
}

export interface UpstreamStatus {
  upstream:
    | 'connecting'
    | 'ready'
    | 'working'
    | 'reconnecting'
    | 'resumed'
    | 'reseeded'
    | 'restarted'
    | 'stalled'
    | 'failed';
  /** Why the model counts as stalled: `no_response`, `empty_turn`, `repeated_failure`, `silent_speech`, `unfinished_reply` or `unfinished_turn`. */
  stall?: string;
  /** Number of the attempt in a row, from 1. */
  attempt?: number;
  /** Close code of the previous connection. */
  code?: number;
}
