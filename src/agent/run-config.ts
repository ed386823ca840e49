import type {
  AudioTranscription,
  ContextWindowCompression,
  RealtimeInputConfig,
  SpeechConfig,
} from '../models/realtime-model.ts';

/**
 * How one run talks: ADK's RunConfig, with the names it has in ADK for TypeScript. An agent has one of its own, and a connection may ask for
 * some of it (voice, language, modality, proactivity, affective dialog), which goes before the agent's. It is checked against what the model
 * can before anything opens: what is not here, or not of the model, is refused with invalid_run_config.
 */
export interface RunConfig {
  /** Exactly one. Default: TEXT, or AUDIO for a model that only speaks. */
  readonly responseModalities?: readonly ['TEXT' | 'AUDIO'];
  /** Which voice, and where the model can be told, which language. Default: the model's own. For AUDIO only. */
  readonly speechConfig?: SpeechConfig;
  /** Transcripts of what the user says. Default: on; null: off. */
  readonly inputAudioTranscription?: AudioTranscription | null;
  /** Transcripts of what the agent says. Default: on; null: off. */
  readonly outputAudioTranscription?: AudioTranscription | null;
  /** When the model takes the user to speak, and what it does then. Default: as the model does. */
  readonly realtimeInputConfig?: RealtimeInputConfig;
  /** The model says where it heard the user begin and end (Vertex AI). Default: off. */
  readonly explicitVadSignal?: boolean;
  /** The model may keep silent where it is not spoken to. Default: as the model does. On the Gemini API it needs API version v1alpha. */
  readonly proactivity?: { readonly proactiveAudio?: boolean };
  /** The model minds how something is said. Default: off. On the Gemini API it needs API version v1alpha. */
  readonly enableAffectiveDialog?: boolean;
  /**
   * Resumption is always on. `handle`: continues a conversation that the provider remembers, in the place of ours; of one run, not of an
   * agent, whose users it would all put into one conversation. `transparent`: as the provider has it, on Vertex AI; default there: true.
   */
  readonly sessionResumption?: { readonly handle?: string; readonly transparent?: boolean };
  /** Old turns leave the model's context when it is full, and a session has no end. Default: on, at the model's own limits; null: off. */
  readonly contextWindowCompression?: ContextWindowCompression | null;
  /** Keeps what was said as audio files beside the conversation. Default: off. */
  readonly saveLiveBlob?: boolean;
  /** An object of JSON, at most 8 KiB: stands on every event of the run. Not sent to clients in the plain dialect. */
  readonly customMetadata?: Readonly<Record<string, unknown>>;
  /**
   * How much of the conversation a fresh connection is told: so many of its last events, and what was said from that time on, in seconds since
   * 1970. Default: all that is kept.
   */
  readonly getSessionConfig?: { readonly numRecentEvents?: number; readonly afterTimestamp?: number };
  /**
   * The longest that a live session may last, ms, at most a day: then it ends (`max_duration`), after the reply that is being given, which
   * has 10 s for that. Kept by the server, not by `runLive` alone; as is the next. Default: no limit.
   */
  readonly maxDurationMs?: number;
  /**
   * How long a live session may be without anything said, ms, at most a day: then it ends (`idle`). Said is what a client sends other than
   * audio and images, which an open microphone or camera sends all the time, and what the run yields: speech that was recognised, tool
   * calls, replies for as long as they are being given. Default: no limit.
   */
  readonly idleTimeoutMs?: number;
}

/** Each field of `over` goes before that of `base`; of the speech, voice and language each for itself. */
export function mergeRunConfig(base: RunConfig, over: RunConfig): RunConfig {
  const speechConfig = { ...base.speechConfig, ...present(over.speechConfig ?? {}) };
  return { ...base, ...present(over), ...(base.speechConfig && over.speechConfig ? { speechConfig } : {}) };
}

/** Without the fields that have no value. */
export function present<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>;
  };
}
