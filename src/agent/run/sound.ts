/** Minimum amplitude of a sample that counts as loud, of 32768: -30 dBFS, which the noise of a room rarely has. */
export const LOUD = 1_000;

/** Minimum amplitude of a sound, of 32768: -36 dBFS. Speech is louder, and the noise of a quiet room is not. */
const MIN_AMPLITUDE = 520;
/** Number of base64 characters of a probe: 12 samples. */
const PROBE = 32;
/** Distance of two probes, in characters: some 50 ms of 24 kHz audio. A multiple of 8, so that each probe starts with a whole sample. */
const STRIDE = 3_200;
/** Maximum number of probes of one piece. */
const MAX_PROBES = 20;

/** Whether audio contains a sound that may be speech. @param data PCM16 in base64 */
export function hasSound(data: string): boolean {
  return reachesAmplitude(data, MIN_AMPLITUDE);
}

/** Whether audio has a sample of at least this amplitude, of 32768. @param data PCM16 in base64 */
export function reachesAmplitude(data: string, amplitude: number): boolean {
  const bytes = Buffer.from(data, 'base64');
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (Math.abs(bytes.readInt16LE(at)) >= amplitude) return true;
  }
  return false;
}

/** Cuts short probes out of a piece of audio, which stays base64: a long piece costs no more than a short one. @param data PCM16 in base64 */
export function cutProbes(data: string): string[] {
  const probes: string[] = [];
  for (let at = 0; probes.length < MAX_PROBES && at + PROBE <= data.length; at += STRIDE) {
    probes.push(data.slice(at, at + PROBE));
  }
  return probes;
}
