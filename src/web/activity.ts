import type { ConnectionState } from './connection-state.ts';

export type Activity =
  | 'ended'
  | 'offline'
  | 'upstream'
  | 'reconnecting'
  | 'ready'
  | 'listening'
  | 'muted'
  | 'thinking'
  | 'speaking'
  | 'writing';

/** What the agent does, as the user should see it. */
export function activityOf(state: {
  phase: ConnectionState['phase'];
  upstream: string | undefined;
  answering: boolean;
  /** Something of the answer is there. */
  begun: boolean;
  playing: boolean;
  voice: boolean;
  muted: boolean;
}): Activity {
  // What is in the loudspeaker's buffer goes on sounding through a short cut of the connection.
  if (state.playing) return 'speaking';
  if (state.phase === 'ended') return 'ended';
  if (state.phase !== 'live') return 'offline';
  if (state.upstream === 'connecting') return 'upstream';
  if (state.upstream === 'reconnecting') return 'reconnecting';
  if (state.answering && !state.voice && state.begun) return 'writing';
  if (state.answering) return 'thinking';
  if (state.voice) return state.muted ? 'muted' : 'listening';
  return 'ready';
}

export const ACTIVITY_WORDS: Record<Activity, string> = {
  ended: 'Ended',
  offline: 'Waiting for the server',
  upstream: 'Connecting to the model…',
  reconnecting: 'Reconnecting to the model…',
  ready: 'Ready',
  listening: 'Listening',
  muted: 'Microphone off',
  thinking: 'Thinking',
  speaking: 'Speaking',
  writing: 'Writing',
};
