import { countTextTokens } from '../text-tokens.ts';
/**
 * Answer of a text model that a test wants. By default the emulator repeats what it was given.
 * - `text`: this text.
 * - `finishReason`: a candidate without a text, for example SAFETY, RECITATION or MAX_TOKENS (adk-python#1357: thinking has used up all tokens).
 * - `blockReason`: the prompt is blocked: there is no candidate.
 * - `status`: an error with this HTTP status. `retryDelay`: time after which Google asks to try again, as `38s`.
 * - `send`: this body with the status 200, as it is.
 * - `"silence"`: no answer. `"drop"`: the connection breaks.
 */
export type TextAnswer =
  | { readonly text: string }
  | { readonly finishReason: string }
  | { readonly blockReason: string }
  | { readonly status: number; readonly retryDelay?: string; readonly message?: string }
  | { readonly send: string }
  | 'silence'
  | 'drop';

/** Names of Google's statuses, by HTTP status. @see https://ai.google.dev/gemini-api/docs/troubleshooting */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Creates the body of an error. @see google.rpc.Status, google.rpc.RetryInfo */
export function createErrorBody(status: number, message: string, retryDelay?: string): object {
  const details = retryDelay === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }];
  return {
    error: {
      code: status,
      message,
      status: STATUS_NAMES[status] ?? 'UNKNOWN',
      ...(details.length > 0 ? { details } : {}),
    },
  };
}

/** Creates the body of an answer with a text, or with the reason why there is none. */
export function createResponseBody(
  model: string,
  prompt: string,
  { text, finishReason }: { readonly text?: string; readonly finishReason: string },
): object {
  const promptTokenCount = countTextTokens(prompt);
  const candidatesTokenCount = countTextTokens(text ?? '');
  const content = { ...(text === undefined ? {} : { parts: [{ text }] }), role: 'model' };
  return {
    // A candidate that a filter has withheld has no content at all.
    candidates: [{ ...(finishReason === 'SAFETY' ? {} : { content }), finishReason, index: 0 }],
    usageMetadata: {
      promptTokenCount,
      ...(text === undefined ? {} : { candidatesTokenCount }),
      totalTokenCount: promptTokenCount + candidatesTokenCount,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }],
    },
    modelVersion: model,
    responseId: 'emulated',
  };
}
