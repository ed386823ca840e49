import type { Content, FunctionCall, FunctionResponse, UsageMetadata } from '../wire/agent-event.ts';
import type { WireError } from '../wire/error-catalogue.ts';
import type { Blob } from '../wire/live-request.ts';

/** One live model of one provider. The Runner knows providers only through this. */
export interface RealtimeModel {
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  /**
   * Opens a connection that is ready for input.
   * @throws {ResumptionRefused} if `config.handle` is not known any more
   * @throws {WireError} with a `model_*` code
   */
  connect(config: ConnectConfig, signal: AbortSignal): Promise<RealtimeConnection>;
}

export interface ModelCapabilities {
  /** It answers in speech only: text comes as a transcript of it. */
  readonly audioOnly: boolean;
  /** Sample rate in Hz that it hears best. */
  readonly inputRate: number;
  /** Sample rate in Hz of its speech. */
  readonly outputRate: number;
}

export interface ConnectConfig {
  readonly modality: 'TEXT' | 'AUDIO';
  readonly instruction: string;
  readonly tools: readonly ToolDeclaration[];
  /** The conversation so far, oldest first; not needed with a `handle`. */
  readonly history: readonly Content[];
  /** Continues an earlier connection. */
  readonly handle?: string;
  readonly inputAudioTranscription: boolean;
  readonly outputAudioTranscription: boolean;
  readonly speechConfig?: SpeechConfig;
  readonly realtimeInputConfig?: RealtimeInputConfig;
}

/** In the shape of Gemini's API, as ADK takes it. */
export interface SpeechConfig {
  voiceConfig?: { prebuiltVoiceConfig?: { voiceName?: string } };
  /** BCP-47. */
  languageCode?: string;
}

/** In the shape of Gemini's API, as ADK takes it. */
export interface RealtimeInputConfig {
  automaticActivityDetection?: {
    /** true: the client says when the user speaks, by activity_start and activity_end. */
    disabled?: boolean;
    prefixPaddingMs?: number;
    silenceDurationMs?: number;
  };
}

/** What the model may call: a function that is declared to it, or a tool that the provider runs. */
export type ToolDeclaration =
  | { readonly type: 'function'; readonly name: string; readonly description: string; readonly parameters?: unknown }
  | { readonly type: 'google_search' };

/** One open connection. Sending never throws for a closed one: what became of it is told by the last of `events`. */
export interface RealtimeConnection {
  /** Ends with one `closed`. */
  readonly events: AsyncIterable<ModelEvent>;
  /** It takes what is sent: not while it is being closed, by either side. */
  readonly open: boolean;
  /** Bytes that wait in the socket because the peer does not take them. */
  readonly bufferedBytes: number;
  /** A complete message of the user. */
  sendText(text: string): void;
  sendAudio(audio: Blob): void;
  sendImage(image: Blob): void;
  sendToolResults(results: readonly FunctionResponse[]): void;
  activityStart(): void;
  activityEnd(): void;
  audioStreamEnd(): void;
  /** Ends the reply that is being given: `interrupted` follows, and nothing more of that reply. */
  cancelResponse(): void;
  /** Ends it; the peer has 2 s to answer before the socket is destroyed. */
  close(): void;
}

/** What a provider says, in one vocabulary; in one reply they come in this order. */
export type ModelEvent =
  | { type: 'input_transcript'; text: string; finished: boolean }
  | { type: 'text'; text: string; thought: boolean }
  | { type: 'audio'; mimeType: string; data: string }
  | { type: 'output_transcript'; text: string; finished: boolean }
  | { type: 'tool_call'; calls: FunctionCall[] }
  | { type: 'tool_cancel'; ids: string[] }
  | { type: 'grounding'; metadata: Record<string, unknown> }
  | { type: 'usage'; usage: UsageMetadata }
  | { type: 'interrupted' }
  | { type: 'generation_complete' }
  | { type: 'turn_complete' }
  | { type: 'resumption'; handle: string }
  /** The provider will close soon. */
  | { type: 'go_away'; timeLeftMs: number }
  /** Whether it is worth a new connection is told by `error.retry`. */
  | { type: 'closed'; code: number; error: WireError };

/** The resumption handle is unknown or too old: the conversation must begin on a fresh connection. */
export class ResumptionRefused extends Error {
  override readonly name = 'ResumptionRefused';
}
