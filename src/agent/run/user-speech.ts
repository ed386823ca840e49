import type { Blob, LiveRequest } from '../../wire/live-request.ts';
import { isFrame } from './send-request.ts';
import { cutProbes, LOUD, reachesAmplitude } from './sound.ts';

/** How long the user counts as speaking after a loud sound, in ms: pauses between words are shorter. */
const PAUSE_MS = 600;
/** Maximum number of pieces of audio in that time: 20 ms is the shortest that clients send. */
const MAX_PIECES = 32;

/** Tells whether the user is speaking now, as far as loudness tells: no model says so before the speech has ended. Audio is decoded only when asked. */
export class UserSpeech {
  #pieces: { readonly audio: Blob; readonly at: number }[] = [];

  /** Follows what the user sends. */
  addInput({ blob }: LiveRequest): void {
    if (!blob || isFrame(blob)) return;
    this.#pieces.push({ audio: blob, at: performance.now() });
    if (this.#pieces.length > MAX_PIECES) this.#pieces.shift();
  }

  get isSpeaking(): boolean {
    const since = performance.now() - PAUSE_MS;
    this.#pieces = this.#pieces.filter(({ at }) => at > since);
    return this.#pieces.some(({ audio }) => cutProbes(audio.data).some((probe) => reachesAmplitude(probe, LOUD)));
  }
}
