import type {
  AudioTranscription,
  ContextWindowCompression,
  RealtimeInputConfig,
  SpeechConfig,
} from '../models/realtime-model.ts';

/**
 * How one run talks: ADK's RunConfig, with the names it has in ADK for TypeScript. An agent has one of its own, and a connection may ask for
 * some of it (voice, language, modality, proactivity, affective dialog). It is checked against what the model can before anything opens.
 */
export interface RunConfig {
  /** Exactly one. Default: TEXT, or AUDIO for a model that only speaks. */
  readonly responseModalities?: readonly ['TEXT' | 'AUDIO'];
  readonly speechConfig?: SpeechConfig;
  /** Transcripts of what the user says. Default: on; null: off. */
  readonly inputAudioTranscription?: AudioTranscription | null;
  /** Transcripts of what the agent says. Default: on; null: off. */
  readonly outputAudioTranscription?: AudioTranscription | null;
  readonly realtimeInputConfig?: RealtimeInputConfig;
  /** The model says where it heard the user begin and end (Vertex AI). Default: off. */
  readonly explicitVadSignal?: boolean;
  /** The model may keep silent where it is not spoken to. Default: as the model does. */
  readonly proactivity?: { readonly proactiveAudio?: boolean };
  /** The model minds how something is said. Default: off. */
  readonly enableAffectiveDialog?: boolean;
  /** Resumption is always on. `handle`: continues a conversation that the provider remembers, in the place of ours. */
  readonly sessionResumption?: { readonly handle?: string; readonly transparent?: boolean };
  /** Old turns leave the model's context when it is full, and a session has no end. Default: on, at the model's own limits; null: off. */
  readonly contextWindowCompression?: ContextWindowCompression | null;
  /** Keeps what was said as audio files beside the conversation. Default: off. */
  readonly saveLiveBlob?: boolean;
  /** Stands on every event of the run. */
  readonly customMetadata?: Readonly<Record<string, unknown>>;
  /** How much of the conversation a fresh connection is told: so many of its last events. Default: all that is kept. */
  readonly getSessionConfig?: { readonly numRecentEvents?: number };
  /** The longest that a live session may last, ms: then it ends (`max_duration`), its last reply finished. Default: no limit. */
  readonly maxDurationMs?: number;
  /** How long a live session may be without anything said or heard, ms: then it ends (`idle`). Default: no limit. */
  readonly idleTimeoutMs?: number;
}
