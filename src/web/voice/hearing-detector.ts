import { signal } from '@preact/signals';

/** Level that counts as speech, as a root mean square. Browsers bring speech to about 0.1, and noise below 0.01. */
export const SPEECH_LEVEL = 0.02;
/** Number of quiet levels after which the user no longer speaks: 0.6 s. People pause between words. */
const PAUSE = 6;

/** Decides by the level of the microphone whether the user speaks. Only for show: the agent decides for itself. */
export class HearingDetector {
  readonly isHearing = signal(false);
  #quiet = PAUSE;

  /** Adds the level of the latest 100 ms. */
  addLevel(level: number): void {
    this.#quiet = level >= SPEECH_LEVEL ? 0 : this.#quiet + 1;
    this.isHearing.value = this.#quiet < PAUSE;
  }

  reset(): void {
    this.#quiet = PAUSE;
    this.isHearing.value = false;
  }
}
