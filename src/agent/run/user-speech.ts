import type { LiveRequest } from '../../wire/live-request.ts';
import { isFrame } from './send-request.ts';
import { cutProbes, LOUD, reachesAmplitude } from './sound.ts';

/** How long the user counts as speaking after a loud sound, in ms: pauses between words are shorter. */
const PAUSE_MS = 600;

/**
 * Tells whether the user is speaking now, as far as loudness tells: no model says so before the speech has ended. Samples of each piece are measured
 * when it comes, because audio that is kept costs more than that.
 */
export class UserSpeech {
  /** Time of the latest loud piece on the monotonic clock, in ms. */
  #loudAt = Number.NEGATIVE_INFINITY;

  /** Follows what the user sends. */
  addInput({ blob }: LiveRequest): void {
    if (!blob || isFrame(blob)) return;
    if (cutProbes(blob.data).some((probe) => reachesAmplitude(probe, LOUD))) this.#loudAt = performance.now();
  }

  get isSpeaking(): boolean {
    return performance.now() - this.#loudAt < PAUSE_MS;
  }
}
