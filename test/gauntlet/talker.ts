import type { Profile, Way } from './profile.ts';

/** What a client tells of what comes down. */
export interface Ear {
  /** PCM16 at 24 kHz. `at`: when it came, performance.now() of this process; default: now. */
  audio(pcm: Uint8Array, at?: number): void;
  words(text: string): void;
  turnComplete(): void;
  /** Audio that it says was dropped, ms. */
  dropped(direction: 'up' | 'down', ms: number): void;
}

/** A client, whichever: what is to be carried is given to it, and what it brings it tells its ear. */
export interface Talker {
  /** When its time began, performance.now(); default: when it was asked for. */
  readonly openedAt?: number;
  text(text: string): void;
  /** PCM16 at 16 kHz. */
  audio(pcm: Uint8Array): void;
  /** Which way down it uses. */
  readonly rung: string;
  close(): unknown;
}

/** Opens one: from here on its time counts, unless it says otherwise. */
export type OpenTalker = (way: Way, profile: Profile, userId: string, ear: Ear) => Promise<Talker>;
