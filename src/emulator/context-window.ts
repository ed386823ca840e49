import type { ConversationHistory } from './conversation-history.ts';
import { invalid } from './gemini-refusal.ts';
import { readMessage, readNumber } from './json-object.ts';
import { promptTokens } from './token-usage.ts';

/** The context window of the Live models, tokens by the emulator's count. */
export const CONTEXT_WINDOW = 128_000;

/** When turns are forgotten, and how many, in tokens. */
export interface Compression {
  readonly triggerTokens: number;
  readonly targetTokens: number;
}

/** The defaults are Gemini's: 80 % of the window, and half of that. */
export function readCompression(value: unknown): Compression | undefined {
  if (value === undefined) return undefined;
  const path = 'setup.context_window_compression';
  const compression = readMessage(value, path, new Set(['triggerTokens', 'slidingWindow']));
  const window = readMessage(compression.slidingWindow ?? {}, `${path}.sliding_window`, new Set(['targetTokens']));
  const triggerTokens = readNumber(compression.triggerTokens, `${path}.trigger_tokens`) ?? CONTEXT_WINDOW * 0.8;
  const targetTokens =
    readNumber(window.targetTokens, `${path}.sliding_window.target_tokens`) ?? Math.floor(triggerTokens / 2);
  return { triggerTokens, targetTokens };
}

/**
 * Before a turn: forgets the oldest turns if there is too much, so that what is left begins with the user. The instruction stays.
 * @throws {GeminiRefusal} 1007 where nothing may be forgotten and the window is full
 */
export function fitWindow(
  history: ConversationHistory,
  instruction: string,
  compression: Compression | undefined,
): void {
  const tokens = () => promptTokens(instruction, history.turns);
  if (!compression) {
    if (tokens() > CONTEXT_WINDOW) throw invalid('Request contains an invalid argument.');
    return;
  }
  if (tokens() <= compression.triggerTokens) return;
  while (history.turns.length > 0 && (tokens() > compression.targetTokens || history.turns[0]?.role === 'model'))
    history.forgetOldest();
}
