import type { Turn } from './gemini-content.ts';
import type { ReceivedImage } from './gemini-media.ts';

type Modality = 'TEXT' | 'AUDIO' | 'IMAGE';

interface ModalityTokenCount {
  modality: Modality;
  tokenCount: number;
}

/** Vertex names the answer's tokens after candidates, AI Studio after the response. */
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

/** Gemini's published rates: 25 tokens for a second of audio on Live, 258 for an image, about 4 characters for one of text. */
const TOKENS_PER_SECOND = 25;
const TOKENS_PER_IMAGE = 258;
const CHARACTERS_PER_TOKEN = 4;

/** @param prompt everything the model was given: the conversation up to the answer */
export function countUsage(
  service: 'gemini' | 'vertex',
  instruction: string,
  prompt: readonly Turn[],
  answer: { text: string; speechSeconds: number; modality: 'TEXT' | 'AUDIO' },
): UsageMetadata {
  const promptDetails = countPrompt(instruction, prompt);
  const answerDetails = details(
    answer.modality === 'TEXT' ? { TEXT: textTokens(answer.text) } : { AUDIO: speechTokens(answer.speechSeconds) },
  );
  const promptTokenCount = total(promptDetails);
  const answerTokens = total(answerDetails);
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

/** Everything the model is given, tokens. */
export function promptTokens(instruction: string, prompt: readonly Turn[]): number {
  return total(countPrompt(instruction, prompt));
}

function countPrompt(instruction: string, prompt: readonly Turn[]): ModalityTokenCount[] {
  return details({
    TEXT:
      textTokens(instruction) + sum(prompt, (turn) => (turn.speechSeconds === undefined ? textTokens(turn.text) : 0)),
    AUDIO: sum(prompt, (turn) => speechTokens(turn.speechSeconds ?? 0)),
    IMAGE: sum(prompt, (turn) => imageTokens(turn.images ?? [])),
  });
}

function details(counts: Partial<Record<Modality, number>>): ModalityTokenCount[] {
  const modalities: readonly Modality[] = ['TEXT', 'AUDIO', 'IMAGE'];
  return modalities
    .map((modality) => ({ modality, tokenCount: counts[modality] ?? 0 }))
    .filter(({ tokenCount }) => tokenCount > 0);
}

function total(counts: readonly ModalityTokenCount[]): number {
  return counts.reduce((tokens, { tokenCount }) => tokens + tokenCount, 0);
}

function sum(turns: readonly Turn[], tokens: (turn: Turn) => number): number {
  return turns.reduce((counted, turn) => counted + tokens(turn), 0);
}

function textTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

function speechTokens(seconds: number): number {
  return Math.ceil(seconds * TOKENS_PER_SECOND);
}

function imageTokens(images: readonly ReceivedImage[]): number {
  return images.length * TOKENS_PER_IMAGE;
}
