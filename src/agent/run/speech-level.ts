import { soundMs } from '../../wire/audio-duration.ts';
import { cutProbes, reachesAmplitude } from './sound.ts';

/** Minimum amplitude of a sample that is no silence, of 32768: above -60 dBFS. */
const AUDIBLE = 33;

/** Loudness of the speech of one turn, measured at samples of it: the audio stays base64. */
export class SpeechLevel {
  #ms = 0;
  #hasSound = false;

  /** Duration so far, in ms. */
  get ms(): number {
    return this.#ms;
  }

  /** Whether no probe had a sound. */
  get isSilent(): boolean {
    return !this.#hasSound;
  }

  /** @param data PCM16 in base64 */
  add(data: string, mimeType: string): void {
    this.#ms += soundMs({ mimeType, data });
    // Most speech is loud from its first piece on. Then only its duration is counted.
    this.#hasSound ||= cutProbes(data).some((probe) => reachesAmplitude(probe, AUDIBLE));
  }

  reset(): void {
    this.#ms = 0;
    this.#hasSound = false;
  }
}
