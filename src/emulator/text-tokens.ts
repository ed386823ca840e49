const CHARACTERS_PER_TOKEN = 4;

/** Estimates the number of tokens of a text, for all emulators alike. */
export function countTextTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
