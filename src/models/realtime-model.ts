import type {
  Content,
  FunctionCall,
  FunctionResponse,
  InlineData,
  Part,
  UsageMetadata,
  VoiceActivity,
} from '../wire/agent-event.ts';
import type { ImageInput } from '../wire/named-events.ts';
import type { WireError } from '../wire/wire-error.ts';
import type { TextModel } from './text-model.ts';

/**
 * A live model of a provider. The runtime knows providers only through this contract: whatever is special about a provider stays in its own
 * folder. `test/models/realtime-model-contract.ts` checks every implementation against it.
 */
export interface RealtimeModel {
  /** Short name of the provider, in lower case: `gemini`. */
  readonly provider: string;
  /** Name of the model, as the provider spells it. */
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  /**
   * Checks that the model can be told of these tools, before anything opens.
   * @throws {WireError} invalid_run_config, if the parameters of a tool cannot be expressed; the error names the tool and the keyword
   */
  checkTools(tools: readonly ToolDeclaration[]): void;
  /**
   * Opens a connection that is ready for input.
   * @param signal aborts the attempt only. A connection that is open stays open.
   * @throws {ResumptionRefused} if the provider no longer knows `setup.handle`
   * @throws {WireError} with a `model_*` code; its `retry` says whether another attempt may succeed
   * @throws the reason of `signal`, if `signal` is aborted first
   */
  connect(setup: ModelSetup, signal: AbortSignal): Promise<ModelConnection>;
  /**
   * Creates a text model of the same provider, which is reached with the same credentials. Default: the provider has none here.
   * @throws {WireError} model_not_found, if the name cannot be that of a text model
   */
  createTextModel?(name: string): TextModel;
}

/** Capabilities of a model. Every value is known before a connection is opened. */
export interface ModelCapabilities {
  /** Reply modalities that a run may request. A model without `TEXT` only speaks; its words are available as a transcript. */
  readonly modalities: readonly Modality[];
  readonly input: InputCapabilities;
  readonly output: OutputCapabilities;
  readonly tools: ToolCapabilities;
  /** Whether `truncate` removes the unheard end of a reply from the model's memory. Without it the connection ignores `truncate`. */
  readonly truncation: boolean;
  /** Whether the provider stops generating on `cancel`, or the connection only discards the rest of the reply. */
  readonly cancel: 'provider' | 'discard';
  /** Whether a lost connection continues by a handle of the provider, or a fresh connection must be given the conversation as `history`. */
  readonly resumption: 'handle' | 'reseed';
  /** Whether an exchange is one turn (`single`), or several that end with `exchange_complete` (`background`). */
  readonly exchanges: 'single' | 'background';
  /** Maximum duration of one connection, in ms. Default: not known. */
  readonly maxSessionMs?: number;
  /** Levels of reasoning that can be requested. Default: the model has no such setting. */
  readonly thinking?: { readonly levels: readonly string[]; readonly defaultLevel?: string };
  /** Whether the model stays silent, without being asked to, when nobody speaks to it. */
  readonly proactive: boolean;
  /** Text that makes the model speak first, together with an instruction. An empty message does not on every model. */
  readonly opening: string;
  /** Whether a `nudge` may make a silent model continue. */
  readonly nudge: boolean;
  /** Options that a run may set. A run that sets another one is refused. */
  readonly runOptions: ReadonlySet<RunOption>;
  /** Where an option that `runOptions` lacks is available, as a phrase for the error text: "available on …". Default: nothing is added. */
  readonly optionNotes?: Readonly<Partial<Record<RunOption, string>>>;
}

export type Modality = 'TEXT' | 'AUDIO';

/**
 * - `language`: which language the model speaks. Models without it speak the language they hear.
 * - `proactivity`: whether the model may stay silent when nobody speaks to it. Both values may be requested.
 * - `affective_dialog`: whether the model reacts to the tone of the user's voice.
 * - `vad_signal`: whether the model reports where it heard the user start and stop (`voice_activity`).
 * - `transparent_resumption`: whether a resumed connection reports how much of the earlier input the provider has processed.
 */
export type RunOption = 'language' | 'proactivity' | 'affective_dialog' | 'vad_signal' | 'transparent_resumption';

export interface InputCapabilities {
  /** Sample rate that the model expects of PCM16 audio, in Hz. */
  readonly rate: number;
  /** Ways in which the model accepts images: as single frames of what the user shows, or within a text message. Empty: none. */
  readonly images: readonly ImageInput[];
  /** Maximum rate of image frames, per second. Default: no limit. */
  readonly framesPerSecond?: number;
  /** Ways in which a turn of the user can end: by the provider's voice detection, by what the user says, or by `activity_end`. */
  readonly turnDetection: readonly ('server' | 'semantic' | 'manual')[];
}

export interface OutputCapabilities {
  /** Sample rate of the model's speech, in Hz. */
  readonly rate: number;
  /** Names of the voices. Default: not known, so that any name may be requested. */
  readonly voices?: readonly string[];
}

export interface ToolCapabilities {
  /** Whether functions can be declared. */
  readonly functions: boolean;
  /** Tools that the provider runs itself. */
  readonly builtIn: readonly BuiltInTool[];
  /**
   * Whether functions can be declared `nonBlocking`, so that a result says when the model reacts to it, and that more results of the call follow.
   * Without it the runtime sends what comes after the first response as text.
   */
  readonly scheduling: boolean;
  /** Whether the provider replies to results by itself, or the connection must request the reply. The runtime does nothing in either case. */
  readonly repliesToResults: 'auto' | 'on_request';
  /** Mime types of pictures that a result may carry in its `parts`. Empty: none; the runtime then sends no result with `parts`. */
  readonly resultImages: readonly string[];
}

/** Settings with which a connection is opened. */
export interface ModelSetup {
  readonly modality: Modality;
  /** System instruction. Empty: none. */
  readonly instruction: string;
  readonly tools: readonly ToolDeclaration[];
  /** The conversation so far, oldest entry first. Empty when `handle` is set. If the last entry is the user's, the model replies to it. */
  readonly history: readonly Content[];
  /** Whether the last entry of `history` needs no reply although it is the user's: its turn is already complete. Default: false. */
  readonly answered?: boolean;
  /** Handle of an earlier connection, which must be closed and which this one continues. Default: a new conversation. */
  readonly handle?: string;
  /** Transcripts of what the user says. `undefined`: off. */
  readonly inputAudioTranscription: AudioTranscription | undefined;
  /** Transcripts of what the model says. `undefined`: off. */
  readonly outputAudioTranscription: AudioTranscription | undefined;
  /** Default: the model's own voice and language. */
  readonly speechConfig?: SpeechConfig;
  /** Default: the model's own voice detection. */
  readonly realtimeInputConfig?: RealtimeInputConfig;
  /** Default: none, so that a conversation ends when the context is full. */
  readonly contextWindowCompression?: ContextWindowCompression;
  /** Requires the run option `proactivity`, or a model that is `proactive`. Default: the model's own. */
  readonly proactiveAudio?: boolean;
  /** Requires the run option `affective_dialog`. Default: off. */
  readonly affectiveDialog?: boolean;
  /** Requires the run option `vad_signal`. Default: off. */
  readonly voiceActivitySignal?: boolean;
  /** One of `capabilities.thinking.levels`. Default: the level that the model names, or its own. */
  readonly thinkingLevel?: string;
  /** Requires the run option `transparent_resumption`. Default: on where the model has it. */
  readonly transparentResumption?: boolean;
}

/** Voice and language. The shape is ADK's, as are the shapes of the three types below. */
export interface SpeechConfig {
  readonly voiceConfig?: { readonly prebuiltVoiceConfig?: { readonly voiceName?: string } };
  /** BCP-47 tag. */
  readonly languageCode?: string;
}

export interface AudioTranscription {
  /** BCP-47 tags of the languages to expect. Default: any. */
  readonly languageCodes?: readonly string[];
}

export interface RealtimeInputConfig {
  readonly automaticActivityDetection?: {
    /** true: the client marks where the user speaks, with `activity_start` and `activity_end`. Default: false. */
    readonly disabled?: boolean;
    readonly startOfSpeechSensitivity?: 'START_SENSITIVITY_HIGH' | 'START_SENSITIVITY_LOW';
    readonly endOfSpeechSensitivity?: 'END_SENSITIVITY_HIGH' | 'END_SENSITIVITY_LOW';
    /** Minimum duration of a sound that counts as speech, in ms. */
    readonly prefixPaddingMs?: number;
    /** Duration of silence that ends a turn of the user, in ms. */
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
  /** Number of tokens in the context that starts the compression. Default: the model's own limit. */
  readonly triggerTokens?: number;
  /** `targetTokens`: number of tokens that remain after it. Default: half of `triggerTokens`. */
  readonly slidingWindow?: { readonly targetTokens?: number };
}

export type BuiltInTool = 'google_search';

/** A tool that the model may call: a declared function, or a tool that the provider runs. `parameters` is a JSON schema. */
export type ToolDeclaration =
  | {
      readonly type: 'function';
      readonly name: string;
      readonly description: string;
      readonly parameters?: unknown;
      /** The model does not wait for results. Only for models with `tools.scheduling`. */
      readonly nonBlocking?: true;
    }
  | { readonly type: BuiltInTool };

/** An open connection to a model. */
export interface ModelConnection {
  /** Everything that the provider sends, for one reader. Ends with exactly one `closed`, whoever closed the connection. */
  readonly events: AsyncIterable<ModelEvent>;
  /** Whether input is accepted. false as soon as either side starts to close the connection. */
  readonly open: boolean;
  /** Number of bytes that wait in the socket because the provider does not read them. */
  readonly bufferedBytes: number;
  /** Sends one input, in order. Never throws for a connection that is closed: the input is discarded, and `closed` says why. */
  send(input: ModelInput): void;
  /** Closes the connection. After 2 s without an answer from the provider the socket is destroyed. A second call does nothing. */
  close(): void;
}

/** Input that the runtime sends to a model. */
export type ModelInput =
  /** PCM16 in base64, at the rate of `capabilities.input`. `mimeType` names the rate: `audio/pcm;rate=16000`. */
  | { readonly type: 'audio'; readonly mimeType: string; readonly data: string }
  /** A frame of what the user shows, in base64. */
  | { readonly type: 'image'; readonly mimeType: string; readonly data: string }
  /** A complete message of the user, with the images it is about. The model replies at once. Without `in_message`, the images are sent as frames. */
  | { readonly type: 'text'; readonly text: string; readonly images?: readonly InlineData[] }
  /** The beginning of a message. The model does not reply before a `text` or `text_end` completes it, or the user speaks. */
  | { readonly type: 'partial_text'; readonly text: string; readonly images?: readonly InlineData[] }
  /** Nothing follows the `partial_text` before: the model replies to it. Ignored if no message is incomplete. */
  | { readonly type: 'text_end' }
  /** Results of calls. Those of calls that were taken back are discarded. */
  | { readonly type: 'tool_results'; readonly results: readonly ScheduledResult[] }
  /** The user starts to speak. Only where automatic activity detection is disabled. */
  | { readonly type: 'activity_start' }
  /** The user has stopped speaking. Only where automatic activity detection is disabled. */
  | { readonly type: 'activity_end' }
  /** The microphone is off: the audio so far is complete. */
  | { readonly type: 'audio_end' }
  /**
   * Ends the current reply, also one that has not started yet, and takes back its open calls: `tool_cancel` (if there are calls), `interrupted`
   * and `turn_complete` follow, and nothing more of that reply. Does nothing if no reply is expected.
   */
  | { readonly type: 'cancel' }
  /** Reminds a model that has fallen silent that it is to answer. Ignored by models without `capabilities.nudge`. */
  | { readonly type: 'nudge' }
  /**
   * Tells the model how much of a reply the user heard: `playedMs` of the speech of `itemId`. Default of `itemId`: the last item that had audio.
   * Ignored by models without `capabilities.truncation`. Does not stop a reply: `cancel` does.
   */
  | { readonly type: 'truncate'; readonly itemId?: string; readonly playedMs: number };

/** Result of a call. `scheduling` and `willContinue` are for functions that are declared `nonBlocking`. */
export interface ScheduledResult extends FunctionResponse {
  /** When the model reacts to the result. Default: the model's own, `WHEN_IDLE`. */
  readonly scheduling?: 'WHEN_IDLE' | 'INTERRUPT' | 'SILENT';
}

/** Either field is set. */
export type CodePart = Pick<Part, 'executableCode' | 'codeExecutionResult'>;

/** Where a piece of a reply belongs, in the provider's own ids. */
export interface ReplyPosition {
  /** Id of the reply. Default: the provider has no such ids. */
  readonly responseId?: string;
  /** Id of the item within the reply, for `truncate`. Default: the provider has no such ids. */
  readonly itemId?: string;
}

/** Output of a provider, in one vocabulary. The events of one reply come in the order of this list. */
export type ModelEvent =
  /** A piece of the transcript of the user's speech. `finished: true`: the transcript is complete. Some providers never set it. */
  | ({ type: 'input_transcript'; text: string; finished: boolean } & Pick<ReplyPosition, 'itemId'>)
  /** What the model has understood so far of speech that goes on. Each text is whole and replaces the one before. `input_transcript` has what counts. */
  | { type: 'interim_transcript'; text: string }
  /** A piece of text. `thought`: reasoning, not a part of the answer. */
  | ({ type: 'text'; text: string; thought: boolean } & ReplyPosition)
  /** PCM16 in base64. */
  | ({ type: 'audio'; mimeType: string; data: string } & ReplyPosition)
  /** A piece of the transcript of the model's speech. */
  | ({ type: 'output_transcript'; text: string; finished: boolean } & ReplyPosition)
  | { type: 'tool_call'; calls: FunctionCall[] }
  /** Results of these calls are no longer wanted. */
  | { type: 'tool_cancel'; ids: string[] }
  /** Sources of the answer, in the shape of ADK's GroundingMetadata. */
  | { type: 'grounding'; metadata: Record<string, unknown> }
  | { type: 'usage'; usage: UsageMetadata }
  /** Code that the model wrote and ran, or its result. */
  | { type: 'code'; part: CodePart }
  /** Where the model heard the user start or stop. Only if requested. */
  | { type: 'voice_activity'; activity: VoiceActivity }
  /** Id that the provider gave to the session. */
  | { type: 'session_id'; id: string }
  /** The reply ends here: the user spoke into it, or it was cancelled. */
  | { type: 'interrupted' }
  /** The reply is generated completely. It may still be played. */
  | { type: 'generation_complete' }
  /** The turn of the model is over. `endsExchange`: `exchange_complete` follows at once. */
  | ({ type: 'turn_complete'; endsExchange?: true } & TurnEnd)
  /** The exchange is over. Sent only by models whose `exchanges` are `background`; for others each `turn_complete` ends an exchange. */
  | { type: 'exchange_complete' }
  /** Handle from which another connection continues. `undefined`: the conversation cannot be continued from here, only from the last handle. */
  | { type: 'resumption'; handle: string | undefined }
  /** The provider closes the connection in so many ms. */
  | { type: 'go_away'; timeLeftMs: number }
  | ({ type: 'closed' } & CloseInfo);

/** Why a turn ended, if not as usual. */
export interface TurnEnd {
  /** Name in ADK's vocabulary (FinishReason or TurnCompleteReason). Default: the turn ended as usual. */
  readonly reason?: string;
  /** Sentence that says why there is no (complete) answer. Set only together with `reason`. Default: the turn did not fail. */
  readonly failure?: string;
}

/** Why a connection ended. */
export interface CloseInfo {
  /**
   * - `transient`: network or provider trouble, or our own `close()`. Another connection may work at once.
   * - `rejected`: the provider does not accept the request, the model or an input. The same would be rejected again.
   * - `auth`: the key or its permissions are not accepted.
   * - `quota`: a quota or rate limit is exhausted. Another connection may work later.
   */
  readonly cause: CloseCause;
  /**
   * Whether a `rejected` connection may have been closed because of an internal fault of the provider. If the connection has worked before, one
   * more attempt distinguishes the two. Default: false.
   */
  readonly mayBeTransient?: boolean;
  /** Close code of the transport. Default: there is none. */
  readonly code?: number;
  readonly error: WireError;
}

export type CloseCause = 'transient' | 'rejected' | 'auth' | 'quota';

/** The resumption handle is unknown or expired: the conversation must start again on a fresh connection. */
export class ResumptionRefused extends Error {
  override readonly name = 'ResumptionRefused';

  constructor() {
    super('The model provider does not know the resumption handle');
  }
}
