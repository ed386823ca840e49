import type {
  AudioTranscription,
  ContextWindowCompression,
  RealtimeInputConfig,
  SpeechConfig,
} from '../models/realtime-model.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';

/**
 * Config of a run, with the field names of ADK for TypeScript. An agent has a config of its own. A connection may set some fields (voice, language,
 * modality, proactivity, affective dialog, reports of voice activity), which take precedence over the agent's. The config is checked before anything
 * opens: a field that is unknown, or that the model does not support, is refused with `invalid_run_config`.
 */
export interface RunConfig {
  /** Modality of replies, exactly one. Default: TEXT, or AUDIO for a model that only speaks. */
  readonly responseModalities?: readonly ['TEXT' | 'AUDIO'];
  /** Voice, and language if the model supports the setting. Used for AUDIO only. Default: the model's own. */
  readonly speechConfig?: SpeechConfig;
  /** Transcripts of the user's speech. Default: on. null: off. */
  readonly inputAudioTranscription?: AudioTranscription | null;
  /** Transcripts of the agent's speech. Default: on. null: off. */
  readonly outputAudioTranscription?: AudioTranscription | null;
  /** Speech detection, and its effect on a reply. Default: the model's own. */
  readonly realtimeInputConfig?: RealtimeInputConfig;
  /** Whether the model reports where it heard the user start and stop (Vertex AI). Default: off. */
  readonly explicitVadSignal?: boolean;
  /** Whether the model may stay silent when nobody speaks to it. Default: the model's own. */
  readonly proactivity?: { readonly proactiveAudio?: boolean };
  /** Whether the model reacts to the tone of the user's voice. Default: off. */
  readonly enableAffectiveDialog?: boolean;
  /**
   * Depth of the model's reasoning: more takes longer. The levels of a model are in docs/models.md; a model without levels refuses the field.
   * Default: the model's own, or the level that the model must be told (`LOW`).
   */
  readonly thinkingConfig?: { readonly thinkingLevel?: 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH' };
  /**
   * Resumption is always on. `handle` continues a conversation that the provider remembers, instead of the stored one. An agent's config may not
   * have a handle, because all users of the agent would share the conversation. `transparent` requires Vertex AI, where the default is true.
   * `reseed`: a lost connection is replaced by a fresh one that is told the conversation, and handles of the provider are not used. For models that
   * come back with a part of the conversation forgotten (agents-js#2507, cookbook#1197). Default: false.
   */
  readonly sessionResumption?: { readonly handle?: string; readonly transparent?: boolean; readonly reseed?: boolean };
  /** Removes old turns from the model's context when it is full, so that a session has no end. Default: on, at the model's own limits. null: off. */
  readonly contextWindowCompression?: ContextWindowCompression | null;
  /** Whether speech is stored as audio files beside the conversation. Requires an `ArtifactStore`. Default: off. */
  readonly saveLiveBlob?: boolean;
  /** JSON object that every event of the run carries; at most 8 KiB. The plain dialect does not send it to clients. */
  readonly customMetadata?: Readonly<Record<string, unknown>>;
  /**
   * Part of the conversation that a fresh connection receives: at most `numRecentEvents` events, none older than `afterTimestamp`, in seconds since
   * 1970. Default: all stored events.
   */
  readonly getSessionConfig?: { readonly numRecentEvents?: number; readonly afterTimestamp?: number };
  /**
   * Maximum duration of a tool's call, in ms, at most one day; 0: no limit. Then the signal of the call is aborted, and the model receives an
   * error instead of a result. A tool's own `timeoutMs` takes precedence. Default: 60 s.
   */
  readonly toolTimeoutMs?: number;
  /**
   * Maximum duration of a live session, in ms, at most one day. The session then ends with `max_duration`; a reply in progress has 10 s to finish.
   * Enforced by the server, not by `runLive`. Default: no limit.
   */
  readonly maxDurationMs?: number;
  /**
   * Limits of a model that falls silent. At a limit the model is nudged, where its family has a way for that, then the question is asked once more
   * on a fresh connection, then the turn ends with a `failure`. Each step is reported as a `status`. Default: on, with the values of
   * `WATCHDOG_LIMITS`. null: off.
   */
  readonly watchdog?: Partial<WatchdogLimits> | null;
  /**
   * Maximum idle time of a live session, in ms, at most one day. The session then ends with `idle`. Activity is what a client sends, except audio
   * and images, which an open microphone or camera sends all the time, and what the run yields: recognized speech, tool calls and replies.
   * Enforced by the server, not by `runLive`. Default: no limit.
   */
  readonly idleTimeoutMs?: number;
}

/** Limits of the watchdog. Names that end in Ms: in ms. */
export interface WatchdogLimits {
  /** Maximum wait for the first part of an answer, after a message was sent or speech was recognized. Time in which a tool runs does not count. */
  readonly firstOutputMs: number;
  /** The same for a model that thinks in the background (extended thinking), which may work long between two utterances. */
  readonly backgroundMs: number;
  /** Maximum wait for the rest of a reply, or for the end of its turn, beyond the time that the speech takes to play. */
  readonly turnEndMs: number;
  /** Duration of speech without a sound that counts as a failed answer. */
  readonly silentSpeechMs: number;
  /** Number of turns in a row without any part of an answer of which the last counts as a failed answer; at most 100. The others pass. */
  readonly emptyTurns: number;
  /**
   * Number of turns in a row that fail for the same reason (RESPONSE_REJECTED, for example), of which the last is asked again; at most 100. The others
   * are reported as they are.
   */
  readonly sameFailures: number;
}

/** Default limits of the watchdog. */
export const WATCHDOG_LIMITS: WatchdogLimits = {
  firstOutputMs: 20_000,
  backgroundMs: 120_000,
  turnEndMs: 15_000,
  silentSpeechMs: 2_000,
  emptyTurns: 1,
  sameFailures: 3,
};

/** Merges two configs. Fields of `overrides` take precedence; voice and language are merged separately. */
export function mergeRunConfig(base: RunConfig, overrides: RunConfig): RunConfig {
  const speechConfig = { ...base.speechConfig, ...omitUndefined(overrides.speechConfig ?? {}) };
  return {
    ...base,
    ...omitUndefined(overrides),
    ...(base.speechConfig && overrides.speechConfig ? { speechConfig } : {}),
  };
}
