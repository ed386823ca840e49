/**
 * What the runtime yields: the Event of Google's ADK in live mode, in the JSON shape it has on the wire (camelCase, nothing
 * null). An ADK Runner's events fit it as they are; the last two fields are ours. Of ADK's fields those are missing that no live model
 * fills: avgLogprobs, logprobsResult, cacheMetadata, citationMetadata.
 * @see https://google.github.io/adk-docs/events/
 */
export interface AgentEvent {
  /** uuid v7, unique per event, even for each partial one. */
  id: string;
  /** `e-` and a uuid: the same for all events of one `runLive()`. */
  invocationId: string;
  /** `user` or the agent's name. */
  author: string;
  /** Seconds since 1970. */
  timestamp: number;
  content?: Content;
  /** true: an increment only; otherwise complete. */
  partial?: boolean;
  turnComplete?: boolean;
  /** Why the model ended its turn, where that is not as usual: as RESPONSE_REJECTED, NEED_MORE_INPUT, MALFORMED_FUNCTION_CALL. */
  turnCompleteReason?: string;
  interrupted?: boolean;
  /** What the user said. */
  inputTranscription?: Transcription;
  /** What the agent says. */
  outputTranscription?: Transcription;
  usageMetadata?: UsageMetadata;
  /** What an answer rests on, as Gemini says it: groundingChunks, webSearchQueries, searchEntryPoint and so on. */
  groundingMetadata?: Record<string, unknown>;
  /** As STOP, MAX_TOKENS, SAFETY: of runners whose models say it. */
  finishReason?: string;
  /** The reply failed, or was withheld: a finish reason, a turnCompleteReason or a status of the provider. */
  errorCode?: string;
  errorMessage?: string;
  longRunningToolIds?: string[];
  /** What to do beside: state changes, a transfer to another agent. */
  actions?: Record<string, unknown>;
  /** Where in the tree of agents it was made: `a.b.c`. */
  branch?: string;
  /** What RunConfig says is to stand on every event of the run. */
  customMetadata?: Record<string, unknown>;
  modelVersion?: string;
  interactionId?: string;
  /** How the conversation can be continued on another connection. The handle is as good as the conversation: it stays on the server. */
  liveSessionResumptionUpdate?: { newHandle?: string; resumable?: boolean };
  /** The provider's own id of the session (Vertex AI). */
  liveSessionId?: string;
  /** Where the model heard the user begin or end (Vertex AI, where RunConfig asks for it). */
  voiceActivity?: VoiceActivity;

  /** The state of the upstream connection changed. */
  status?: UpstreamStatus;
  /** Ids of function calls whose results are no longer wanted. */
  toolCancellation?: string[];
}

export interface Content {
  role?: string;
  parts?: Part[];
}

/** One of its fields is set, beside `thought`. */
export interface Part {
  text?: string;
  /** The text is the model's reasoning, not its answer. */
  thought?: boolean;
  inlineData?: InlineData;
  fileData?: FileData;
  functionCall?: FunctionCall;
  functionResponse?: FunctionResponse;
  executableCode?: Record<string, unknown>;
  codeExecutionResult?: Record<string, unknown>;
}

/** `data` is base64: it stays a string from the provider to the browser, nothing on the way decodes it. */
export interface InlineData {
  mimeType: string;
  data: string;
}

/** A file that is kept elsewhere. */
export interface FileData {
  fileUri: string;
  mimeType: string;
}

/** `audioOffset`: since the first of the user's audio, as `2.5s`. */
export interface VoiceActivity {
  voiceActivityType?: 'ACTIVITY_START' | 'ACTIVITY_END';
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
}

export interface Transcription {
  text: string;
  /** false: an increment; true: the whole text. */
  finished: boolean;
}

export interface UsageMetadata {
  promptTokenCount?: number;
  /** ADK's name for what Gemini's live API calls responseTokenCount. */
  candidatesTokenCount?: number;
  totalTokenCount?: number;
  cachedContentTokenCount?: number;
  thoughtsTokenCount?: number;
  toolUsePromptTokenCount?: number;
  promptTokensDetails?: TokenDetail[];
  candidatesTokensDetails?: TokenDetail[];
  cacheTokensDetails?: TokenDetail[];
  toolUsePromptTokensDetails?: TokenDetail[];
  /** How it was paid for (Vertex AI): as ON_DEMAND. */
  trafficType?: string;
}

export interface TokenDetail {
  modality?: string;
  tokenCount?: number;
}

export interface UpstreamStatus {
  upstream: 'connecting' | 'ready' | 'reconnecting' | 'resumed' | 'reseeded' | 'failed';
  /** Which try this is, from 1. */
  attempt?: number;
  /** The close code that led here. */
  code?: number;
}
