import fc from 'fast-check';

const TOKEN = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'];
const LOWER = [...'abcdefghijklmnopqrstuvwxyz0123456789'];

function characters(alphabet: readonly string[], minLength: number, maxLength = minLength) {
  return fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
}

/** Texts in the form of secrets that a provider may quote: API keys, access tokens, resumption handles and names of projects. */
export const secret = fc.oneof(
  characters(TOKEN, 35).map((key) => `AIza${key}`),
  characters(TOKEN, 40, 120).map((token) => `ya29.${token}`),
  fc.uuid().map((handle) => `handle-${handle}`),
  characters(LOWER, 6, 20).map((name) => `project-${name}`),
);
