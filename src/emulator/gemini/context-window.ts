import type { ConversationHistory } from '../conversation-history.ts';
import { readMessage, readNumber } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';
import { countPromptTokens } from './token-usage.ts';

/** Size of the Live models' context window, in tokens as the emulator counts them. */
export const CONTEXT_WINDOW = 128_000;

/** Compression of the context window: above `triggerTokens` the oldest turns are discarded down to `targetTokens`. */
export interface Compression {
  readonly triggerTokens: number;
  readonly targetTokens: number;
}

/** Reads the compression of a setup. Gemini's defaults are 80 % of the window for the trigger and half of that for the target. */
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
 * Discards the oldest turns of a history that is too long, so that the rest begins with the user. Call it before a turn. The
 * instruction stays.
 * @throws {GeminiRefusal} 1007 if the window is full and no compression is set
 */
export function fitHistory(
  history: ConversationHistory,
  instruction: string,
  compression: Compression | undefined,
): void {
  const countTokens = () => countPromptTokens(instruction, history.turns);
  if (!compression) {
    if (countTokens() > CONTEXT_WINDOW) throw invalidArgument('Request contains an invalid argument.');
    return;
  }
  if (countTokens() <= compression.triggerTokens) return;
  while (history.turns.length > 0 && (countTokens() > compression.targetTokens || history.turns[0]?.role === 'model'))
    history.forgetOldest();
}
