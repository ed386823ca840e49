import { countTextTokens } from '../text-tokens.ts';
import type { ReceivedImage, Turn } from '../turn.ts';

type Modality = 'TEXT' | 'AUDIO' | 'IMAGE';

interface ModalityTokenCount {
  modality: Modality;
  tokenCount: number;
}

/** Token counts of a turn. AI Studio names the answer's counts `response…`, Vertex names them `candidates…`. */
export interface UsageMetadata {
  promptTokenCount: number;
  responseTokenCount?: number;
  candidatesTokenCount?: number;
  totalTokenCount: number;
  promptTokensDetails: ModalityTokenCount[];
  responseTokensDetails?: ModalityTokenCount[];
  candidatesTokensDetails?: ModalityTokenCount[];
  trafficType?: 'ON_DEMAND';
}

/** Tokens for a second of audio. This rate and the next two are published by Google. */
const TOKENS_PER_SECOND = 25;
const TOKENS_PER_IMAGE = 258;

/**
 * Counts the tokens of a turn.
 * @param prompt the conversation up to the answer
 */
export function countUsage(
  service: 'gemini' | 'vertex',
  instruction: string,
  prompt: readonly Turn[],
  answer: { text: string; speechSeconds: number; modality: 'TEXT' | 'AUDIO' },
): UsageMetadata {
  const promptDetails = countPrompt(instruction, prompt);
  const answerDetails = toDetails(
    answer.modality === 'TEXT'
      ? { TEXT: countTextTokens(answer.text) }
      : { AUDIO: countSpeechTokens(answer.speechSeconds) },
  );
  const promptTokenCount = sumDetails(promptDetails);
  const answerTokens = sumDetails(answerDetails);
  const common = {
    promptTokenCount,
    totalTokenCount: promptTokenCount + answerTokens,
    promptTokensDetails: promptDetails,
  };
  if (service === 'gemini')
    return { ...common, responseTokenCount: answerTokens, responseTokensDetails: answerDetails };
  return {
    ...common,
    candidatesTokenCount: answerTokens,
    candidatesTokensDetails: answerDetails,
    trafficType: 'ON_DEMAND',
  };
}

/** Counts the tokens of the model's input. */
export function countPromptTokens(instruction: string, prompt: readonly Turn[]): number {
  return sumDetails(countPrompt(instruction, prompt));
}

function countPrompt(instruction: string, prompt: readonly Turn[]): ModalityTokenCount[] {
  return toDetails({
    TEXT:
      countTextTokens(instruction) +
      sumTurns(prompt, (turn) => (turn.speechSeconds === undefined ? countTextTokens(turn.text) : 0)),
    AUDIO: sumTurns(prompt, (turn) => countSpeechTokens(turn.speechSeconds ?? 0)),
    IMAGE: sumTurns(prompt, (turn) => countImageTokens(turn.images ?? [])),
  });
}

function toDetails(counts: Partial<Record<Modality, number>>): ModalityTokenCount[] {
  const modalities: readonly Modality[] = ['TEXT', 'AUDIO', 'IMAGE'];
  return modalities
    .map((modality) => ({ modality, tokenCount: counts[modality] ?? 0 }))
    .filter(({ tokenCount }) => tokenCount > 0);
}

function sumDetails(counts: readonly ModalityTokenCount[]): number {
  return counts.reduce((tokens, { tokenCount }) => tokens + tokenCount, 0);
}

function sumTurns(turns: readonly Turn[], countTokens: (turn: Turn) => number): number {
  return turns.reduce((sum, turn) => sum + countTokens(turn), 0);
}

function countSpeechTokens(seconds: number): number {
  return Math.ceil(seconds * TOKENS_PER_SECOND);
}

function countImageTokens(images: readonly ReceivedImage[]): number {
  return images.length * TOKENS_PER_IMAGE;
}
