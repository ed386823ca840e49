import { soundMs } from '../../wire/audio-duration.ts';
import type { Blob } from '../../wire/live-request.ts';
import { cutProbes, LOUD, reachesAmplitude } from './sound.ts';

/** Duration of loud audio that counts as speech, in ms. A door or a cough is shorter. */
const SPOKEN_MS = 400;

/** Tells whether audio of the user contains speech, as far as its loudness tells: measured at samples of it, since the audio stays base64. */
export class SpokenInput {
  #loudMs = 0;

  get isSpoken(): boolean {
    return this.#loudMs >= SPOKEN_MS;
  }

  add({ data, mime_type: mimeType }: Blob): void {
    if (this.isSpoken) return;
    const probes = cutProbes(data);
    const loud = probes.filter((probe) => reachesAmplitude(probe, LOUD)).length;
    if (loud > 0) this.#loudMs += (soundMs({ mimeType, data }) * loud) / probes.length;
  }

  reset(): void {
    this.#loudMs = 0;
  }
}
