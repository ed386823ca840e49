/** Transcribes speech. The emulator understands no words, and says how long the user spoke. */
export function describeSpeech(seconds: number): string {
  return `${seconds.toFixed(1)} s of speech`;
}
