import type { GenerateContentResponse, GoogleGenAI } from '@google/genai';
import { isRecord } from '../../wire/record.ts';
import { WireError } from '../../wire/wire-error.ts';
import { createNoTextError } from '../text-error.ts';
import type { GeneratedText, TextModel, TextRequest } from '../text-model.ts';
import { isEnumName } from './enum-name.ts';
import { toTextError } from './http-error.ts';
import { limitedFetch } from './limited-fetch.ts';
import { isLiveName } from './model-names.ts';
import { createSdkClient, type SdkClientOptions } from './sdk-client.ts';
import { readUsage } from './usage.ts';

export interface GeminiTextOptions extends SdkClientOptions {
  /** Model name: `gemini-3.5-flash-lite`. */
  readonly model: string;
  readonly apiVersion: string;
}

/**
 * Creates a text model of Gemini on AI Studio or Vertex AI, which is asked through the SDK's `generateContent`.
 * @throws {WireError} model_not_found, if the name is that of a live model
 */
export function geminiTextModel(options: GeminiTextOptions): TextModel {
  if (isLiveName(options.model)) {
    throw new WireError(
      'model_not_found',
      `"${options.model}" is a live model of Gemini, which generates no text on request`,
      'name a text model, such as gemini-3.5-flash-lite',
    );
  }
  return new GeminiTextModel(options);
}

class GeminiTextModel implements TextModel {
  readonly name: string;
  readonly #models: GoogleGenAI['models'];

  constructor(options: GeminiTextOptions) {
    this.name = options.model;
    // Without `retryOptions` the SDK makes one attempt.
    this.#models = createSdkClient(options, options.apiVersion, { fetch: limitedFetch }).models;
  }

  async generate({ instruction, text, maxOutputTokens }: TextRequest, signal: AbortSignal): Promise<GeneratedText> {
    signal.throwIfAborted();
    try {
      const response = await this.#models.generateContent({
        model: this.name,
        contents: [{ role: 'user', parts: [{ text }] }],
        config: {
          systemInstruction: { parts: [{ text: instruction }] },
          maxOutputTokens,
          abortSignal: signal,
          // A continuation would be another request, beyond the limit of tokens.
          automaticContinuation: false,
        },
      });
      return readResponse(response);
    } catch (error) {
      signal.throwIfAborted();
      throw toTextError(error, this.name);
    }
  }
}

/** @throws {WireError} model_request_refused, if the text is withheld, cut or missing */
function readResponse({ candidates, promptFeedback, usageMetadata }: GenerateContentResponse): GeneratedText {
  const [candidate] = Array.isArray(candidates) ? candidates : [];
  const reason = candidate ? candidate.finishReason : promptFeedback?.blockReason;
  if (!candidate || reason !== 'STOP') throw createNoTextError(isEnumName(reason) ? reason : undefined);
  const parts = candidate.content?.parts;
  const texts = Array.isArray(parts) ? parts.filter((part) => typeof part?.text === 'string' && !part.thought) : [];
  const text = texts.map((part) => part.text).join('');
  if (text.trim() === '') throw createNoTextError(isEnumName(reason) ? reason : undefined);
  return { text, ...(isRecord(usageMetadata) ? { usage: readUsage(usageMetadata) } : {}) };
}
