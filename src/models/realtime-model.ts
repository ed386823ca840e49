import type {
  Content,
  FunctionCall,
  FunctionResponse,
  InlineData,
  Part,
  UsageMetadata,
  VoiceActivity,
} from '../wire/agent-event.ts';
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
  /** The names of its voices; `undefined`: not known, any may be asked for. */
  readonly voices: readonly string[] | undefined;
  /** It can be told which language to speak; others hear it. */
  readonly language: boolean;
  /** Whether it may keep silent where it is not spoken to: where it is asked to, always, never. */
  readonly proactiveAudio: 'optional' | 'always' | 'never';
  readonly affectiveDialog: boolean;
  /** It says where it heard the user begin and end, if asked to. */
  readonly voiceActivitySignal: boolean;
  /** Resumption can be told how much of what was sent the provider has seen. */
  readonly transparentResumption: boolean;
}

export interface ConnectConfig {
  readonly modality: 'TEXT' | 'AUDIO';
  readonly instruction: string;
  readonly tools: readonly ToolDeclaration[];
  /** The conversation so far, oldest first; not needed with a `handle`. */
  readonly history: readonly Content[];
  /** The turn of the history's last word is complete: if that is the user's, it was stopped or passed over. Default: it is answered now. */
  readonly answered?: boolean;
  /** Continues an earlier connection. */
  readonly handle?: string;
  /** `undefined`: none. */
  readonly inputAudioTranscription: AudioTranscription | undefined;
  /** `undefined`: none. */
  readonly outputAudioTranscription: AudioTranscription | undefined;
  readonly speechConfig?: SpeechConfig;
  readonly realtimeInputConfig?: RealtimeInputConfig;
  readonly contextWindowCompression?: ContextWindowCompression;
  readonly proactiveAudio?: boolean;
  readonly affectiveDialog?: boolean;
  readonly voiceActivitySignal?: boolean;
  /** Default: where the provider has it. */
  readonly transparentResumption?: boolean;
}

/** In the shape of Gemini's API, as ADK takes it; so are those below. */
export interface SpeechConfig {
  readonly voiceConfig?: { readonly prebuiltVoiceConfig?: { readonly voiceName?: string } };
  /** BCP-47. */
  readonly languageCode?: string;
}

export interface AudioTranscription {
  /** BCP-47. */
  readonly languageCodes?: readonly string[];
}

export interface RealtimeInputConfig {
  readonly automaticActivityDetection?: {
    /** true: the client says when the user speaks, by activity_start and activity_end. */
    readonly disabled?: boolean;
    readonly startOfSpeechSensitivity?: 'START_SENSITIVITY_HIGH' | 'START_SENSITIVITY_LOW';
    readonly endOfSpeechSensitivity?: 'END_SENSITIVITY_HIGH' | 'END_SENSITIVITY_LOW';
    /** Speech that it takes to count as speech, ms. */
    readonly prefixPaddingMs?: number;
    /** Silence that ends what the user says, ms. */
    readonly silenceDurationMs?: number;
  };
  /** Default: START_OF_ACTIVITY_INTERRUPTS. */
  readonly activityHandling?: 'START_OF_ACTIVITY_INTERRUPTS' | 'NO_INTERRUPTION';
  readonly turnCoverage?:
    | 'TURN_INCLUDES_ONLY_ACTIVITY'
    | 'TURN_INCLUDES_ALL_INPUT'
    | 'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO';
}

export interface ContextWindowCompression {
  /** From so many tokens in the context on. Default: the model's own. */
  readonly triggerTokens?: number;
  /** So many are left. Default: half of it. */
  readonly slidingWindow?: { readonly targetTokens?: number };
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
  /** A message of the user, which is answered at once. @param images what it is about */
  sendText(text: string, images?: readonly InlineData[]): void;
  /** The beginning of one: it is not answered before more of it comes, or something is said. */
  sendPartialText(text: string, images?: readonly InlineData[]): void;
  sendAudio(audio: Blob): void;
  /** A frame of what the user shows. */
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

/** Either field is set. */
export type CodePart = Pick<Part, 'executableCode' | 'codeExecutionResult'>;

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
  /** Code that the model wrote and ran, and what came of it. */
  | { type: 'code'; part: CodePart }
  | { type: 'voice_activity'; activity: VoiceActivity }
  /** The provider's own id of the session. */
  | { type: 'session_id'; id: string }
  | { type: 'interrupted' }
  | { type: 'generation_complete' }
  /** `reason`: where the model did not end it as usual. */
  | { type: 'turn_complete'; reason?: string }
  /** How to continue from here on another connection; without a handle: not from here, but only from where the last one was given. */
  | { type: 'resumption'; handle: string | undefined }
  /** The provider will close soon. */
  | { type: 'go_away'; timeLeftMs: number }
  /** Whether it is worth a new connection is told by `error.retry`. */
  | { type: 'closed'; code: number; error: WireError };

/** The resumption handle is unknown or too old: the conversation must begin on a fresh connection. */
export class ResumptionRefused extends Error {
  override readonly name = 'ResumptionRefused';
}
