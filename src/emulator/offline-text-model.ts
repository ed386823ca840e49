import { isJsonObject } from './json-object.ts';

/** Maximum length of an answer, in characters. The end of a longer one counts, because the newest is there. */
const MAX_ANSWER = 1_500;
const ELLIPSIS = '…';

/**
 * Answers a text without a model: repeats the texts of a JSON value, such as the turns of a conversation that is to be summarized, and any other text as it
 * is.
 */
export function answerText(text: string): string {
  const said = readTexts(text).join(' / ');
  return `I was given: ${said.length > MAX_ANSWER ? ELLIPSIS + said.slice(1 - MAX_ANSWER).toWellFormed() : said}`;
}

function readTexts(text: string): string[] {
  try {
    return collectTexts(JSON.parse(text));
  } catch {
    return [text];
  }
}

function collectTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(collectTexts);
  return isJsonObject(value) ? Object.values(value).flatMap(collectTexts) : [];
}
