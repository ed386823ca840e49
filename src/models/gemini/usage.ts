import type { TokenDetail, UsageMetadata } from '../../wire/agent-event.ts';
import { isRecord } from '../../wire/record.ts';
import { isEnumName } from './enum-name.ts';

/** Counts that are passed on, by the name that each has in the frames of Gemini. The Developer API counts response tokens, Vertex AI candidates. */
const COUNTS = {
  promptTokenCount: 'promptTokenCount',
  candidatesTokenCount: 'candidatesTokenCount',
  responseTokenCount: 'candidatesTokenCount',
  totalTokenCount: 'totalTokenCount',
  cachedContentTokenCount: 'cachedContentTokenCount',
  thoughtsTokenCount: 'thoughtsTokenCount',
  toolUsePromptTokenCount: 'toolUsePromptTokenCount',
} as const;
const DETAILS = {
  promptTokensDetails: 'promptTokensDetails',
  candidatesTokensDetails: 'candidatesTokensDetails',
  responseTokensDetails: 'candidatesTokensDetails',
  cacheTokensDetails: 'cacheTokensDetails',
  toolUsePromptTokensDetails: 'toolUsePromptTokensDetails',
} as const;
/** Maximum number of entries of a list of details. There are five modalities. */
const MAX_DETAILS = 20;

/**
 * Reads the usage of a frame: the fields that this server knows, as far as they are numbers and names of modalities. Everything else is
 * omitted, because clients receive the usage.
 */
export function readUsage(sent: Readonly<Record<string, unknown>>): UsageMetadata {
  const usage: UsageMetadata = {};
  for (const [name, target] of Object.entries(COUNTS)) {
    const count = sent[name];
    if (typeof count === 'number') usage[target] = count;
  }
  for (const [name, target] of Object.entries(DETAILS)) {
    const details = sent[name];
    if (Array.isArray(details)) usage[target] = details.slice(0, MAX_DETAILS).map(readDetail);
  }
  if (isEnumName(sent.trafficType)) usage.trafficType = sent.trafficType;
  return usage;
}

function readDetail(detail: unknown): TokenDetail {
  const { modality, tokenCount } = isRecord(detail) ? detail : {};
  return {
    ...(isEnumName(modality) ? { modality } : {}),
    ...(typeof tokenCount === 'number' ? { tokenCount } : {}),
  };
}
