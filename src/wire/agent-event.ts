/**
 * What the runtime yields: the Event of Google's ADK in live mode, in the JSON shape it has on the wire (camelCase, nothing
 * null). An ADK Runner's events fit it as they are; the last two fields are ours.
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
  interrupted?: boolean;
  /** What the user said. */
  inputTranscription?: Transcription;
  /** What the agent says. */
  outputTranscription?: Transcription;
  usageMetadata?: UsageMetadata;
  groundingMetadata?: Record<string, unknown>;
  errorCode?: string;
  errorMessage?: string;
  longRunningToolIds?: string[];
  liveSessionResumptionUpdate?: { newHandle?: string; resumable?: boolean };

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
  promptTokensDetails?: TokenDetail[];
  candidatesTokensDetails?: TokenDetail[];
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
