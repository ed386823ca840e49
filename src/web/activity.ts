import type { ReadonlySignal } from '@preact/signals';
import type { ConnectionState } from './connection-state.ts';
import { findPendingCall, hasOpenAnswer, isAnswering } from './transcript/transcript.ts';
import type { Transcript } from './transcript/transcript-state.ts';
import type { VoiceControl } from './voice/voice-control.ts';

export type Activity =
  | 'ended'
  | 'offline'
  | 'starting'
  | 'upstream'
  | 'reconnecting'
  | 'stalled'
  | 'ready'
  | 'listening'
  | 'hearing'
  | 'muted'
  | 'system-muted'
  | 'push-to-talk'
  | 'confirming'
  | 'thinking'
  | 'speaking'
  | 'writing';

/** State that decides the activity. */
export interface ActivityState {
  readonly phase: ConnectionState['phase'];
  readonly upstream: string | undefined;
  readonly answering: boolean;
  /** Whether a part of the answer has arrived. */
  readonly hasAnswer: boolean;
  /** What the answer waits for: the user, who may let a call run, or the result of a call. */
  readonly pendingCall: 'confirming' | 'running' | undefined;
  readonly playing: boolean;
  readonly voice: 'off' | 'starting' | 'on';
  /** Why the agent does not hear the user at the moment; `undefined`: the agent does. */
  readonly silence: 'muted' | 'system-muted' | 'push-to-talk' | undefined;
  /** Whether the user seems to speak. */
  readonly hearing: boolean;
}

/** Chooses the activity of the agent that the page shows. */
export function chooseActivity(state: ActivityState): Activity {
  // Check playback first: buffered speech keeps playing through a short interruption of the connection.
  if (state.playing) return 'speaking';
  if (state.phase === 'ended') return 'ended';
  if (state.voice === 'starting' && state.phase !== 'offline') return 'starting';
  if (state.phase !== 'live') return 'offline';
  if (state.upstream === 'connecting') return 'upstream';
  if (state.upstream === 'reconnecting') return 'reconnecting';
  // A model that was reminded and answers now is not reported again.
  if (state.upstream === 'stalled' && state.answering && !state.hasAnswer) return 'stalled';
  const hears = state.voice !== 'off' && state.silence === undefined;
  if (hears && state.hearing) return 'hearing';
  if (state.pendingCall === 'confirming') return 'confirming';
  if (state.upstream === 'working' || state.pendingCall === 'running') return 'thinking';
  if (state.answering && state.voice === 'off' && state.hasAnswer) return 'writing';
  if (state.answering) return 'thinking';
  if (state.voice === 'off') return 'ready';
  return state.silence ?? 'listening';
}

/** Signals of a conversation that its activity depends on. */
export interface ActivitySources {
  readonly connection: ReadonlySignal<ConnectionState>;
  readonly upstream: ReadonlySignal<string | undefined>;
  readonly transcript: ReadonlySignal<Transcript>;
  readonly voice: VoiceControl;
}

/** Returns the activity of a conversation. A component that calls the function is rendered again when the activity changes. */
export function readActivity({ connection, upstream, transcript, voice }: ActivitySources): Activity {
  const { state, muted, systemMuted, pushToTalk, talking, hearing, playback } = voice;
  const isWaiting = pushToTalk.value && !talking.value;
  return chooseActivity({
    phase: connection.value.phase,
    upstream: upstream.value,
    answering: isAnswering(transcript.value),
    hasAnswer: hasOpenAnswer(transcript.value),
    pendingCall: findPendingCall(transcript.value),
    playing: playback.value.playing,
    voice: state.value,
    silence: muted.value ? 'muted' : systemMuted.value ? 'system-muted' : isWaiting ? 'push-to-talk' : undefined,
    // With push-to-talk the user decides, not the level.
    hearing: pushToTalk.value || hearing.value,
  });
}
