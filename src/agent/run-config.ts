import type { RealtimeInputConfig, SpeechConfig } from '../models/realtime-model.ts';

/** How one run talks (ADK: RunConfig). */
export interface RunConfig {
  /** Exactly one. Default: TEXT, or AUDIO for a model that only speaks; such a model makes AUDIO of TEXT, with transcripts. */
  readonly responseModalities?: readonly ['TEXT' | 'AUDIO'];
  /** Transcripts of what the user says. Default: on; null: off. */
  readonly inputAudioTranscription?: object | null;
  /** Transcripts of what the agent says. Default: on; null: off. */
  readonly outputAudioTranscription?: object | null;
  readonly speechConfig?: SpeechConfig;
  readonly realtimeInputConfig?: RealtimeInputConfig;
}
