import type { LiveRequest } from '../../wire/live-request.ts';
import { isFrame } from './send-request.ts';
import { cutProbes, LOUD, reachesAmplitude } from './sound.ts';

/** How long the user counts as speaking after a loud sound, in ms: pauses between words are shorter. */
const PAUSE_MS = 600;
/** How long the user counts as speaking after audio that was not measured, in ms: until then, more audio comes that tells. */
const UNMEASURED_MS = 250;

/**
 * Tells whether the user is speaking now, as far as loudness tells: no model says so before the speech has ended. Samples of each piece are measured
 * when it comes, because audio that is kept costs more than that.
 */
export class UserSpeech {
  /** Time until which the user counts as speaking, on the monotonic clock, in ms. */
  #speaksUntil = Number.NEGATIVE_INFINITY;

  /** Measures what the user sends. */
  addInput({ blob }: LiveRequest): void {
    if (!blob || isFrame(blob)) return;
    if (cutProbes(blob.data).some((probe) => reachesAmplitude(probe, LOUD))) this.#extend(PAUSE_MS);
  }

  /** Follows what the user sends, without measuring it: nothing is waiting to be told. */
  skipInput({ blob }: LiveRequest): void {
    if (blob && !isFrame(blob)) this.#extend(UNMEASURED_MS);
  }

  get isSpeaking(): boolean {
    return performance.now() < this.#speaksUntil;
  }

  #extend(ms: number): void {
    this.#speaksUntil = Math.max(this.#speaksUntil, performance.now() + ms);
  }
}
