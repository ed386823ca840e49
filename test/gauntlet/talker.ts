import type { Profile, Way } from './profile.ts';

/** Receives what a client reports of the messages down. */
export interface Ear {
  /** PCM16 at 24 kHz. `at`: time of arrival as performance.now() of this process. Default: now. */
  audio(pcm: Uint8Array, at?: number): void;
  words(text: string): void;
  turnComplete(): void;
  /** Duration of the audio that the client reports as dropped, in ms. */
  dropped(direction: 'up' | 'down', ms: number): void;
}

/** A client of any kind. It sends what it is given, and reports what it receives to its ear. */
export interface Talker {
  /** Start of the client's time, as performance.now(). Default: the time of the request. */
  readonly openedAt?: number;
  text(text: string): void;
  /** Sends PCM16 at 16 kHz. */
  audio(pcm: Uint8Array): void;
  /** Rung of the down connection. */
  readonly rung: string;
  close(): unknown;
}

/** Opens a client. Its time starts at the call unless the client says otherwise. */
export type OpenTalker = (way: Way, profile: Profile, userId: string, ear: Ear) => Promise<Talker>;
