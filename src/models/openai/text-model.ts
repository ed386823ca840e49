import type { UsageMetadata } from '../../wire/agent-event.ts';
import { isRecord } from '../../wire/record.ts';
import { WireError } from '../../wire/wire-error.ts';
import { createNoTextError, createTextError } from '../text-error.ts';
import type { GeneratedText, TextModel, TextRequest } from '../text-model.ts';

/** What is used of a client of the package `openai`, which the application brings: `new OpenAI()`. */
export interface OpenAIClient {
  readonly chat: {
    readonly completions: {
      create(body: ChatRequest, options: { signal: AbortSignal; maxRetries: number }): PromiseLike<unknown>;
    };
  };
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export interface ChatRequest {
  model: string;
  messages: { role: 'system' | 'user'; content: string }[];
  /** With the reasoning. `max_tokens` is refused by models that reason (openai-python#2046). */
  max_completion_tokens: number;
}

export interface OpenAITextOptions {
  readonly client: OpenAIClient;
  /** Name of the model, as the provider spells it. */
  readonly model: string;
}

/** Reasons for which a text is not complete, by `finish_reason`. Others are not shown. */
const KNOWN_REASONS: ReadonlySet<unknown> = new Set(['length', 'content_filter', 'tool_calls']);

/**
 * Creates a text model of OpenAI, or of a provider with the same chat completions: Qwen has them at
 * `https://dashscope-intl.aliyuncs.com/compatible-mode/v1`, the `baseURL` of the client.
 */
export function openaiTextModel(options: OpenAITextOptions): TextModel {
  return new OpenAITextModel(options);
}

class OpenAITextModel implements TextModel {
  readonly name: string;
  readonly #client: OpenAIClient;

  constructor({ client, model }: OpenAITextOptions) {
    this.name = model;
    this.#client = client;
  }

  async generate({ instruction, text, maxOutputTokens }: TextRequest, signal: AbortSignal): Promise<GeneratedText> {
    signal.throwIfAborted();
    const request: ChatRequest = {
      model: this.name,
      messages: [
        { role: 'system', content: instruction },
        { role: 'user', content: text },
      ],
      max_completion_tokens: maxOutputTokens,
    };
    let completion: unknown;
    try {
      completion = await this.#client.chat.completions.create(request, { signal, maxRetries: 0 });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#toError(error);
    }
    return readCompletion(completion);
  }

  /** The error of the SDK has the text of the provider, which is not passed on. */
  #toError(error: unknown): WireError {
    const { status, headers } = Object(error);
    if (typeof status !== 'number') return new WireError('model_unreachable');
    return createTextError({ status, model: this.name, retryAfterMs: readRetryAfter(headers) });
  }
}

/** @throws {WireError} model_request_refused, if the text is withheld, cut or missing */
function readCompletion(completion: unknown): GeneratedText {
  const { choices, usage } = isRecord(completion) ? completion : {};
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const { finish_reason: reason, message } = isRecord(choice) ? choice : {};
  const content = isRecord(message) ? message.content : undefined;
  if (reason !== 'stop' || typeof content !== 'string' || content.trim() === '') {
    throw createNoTextError(KNOWN_REASONS.has(reason) ? String(reason) : undefined);
  }
  const counts = readUsage(usage);
  return { text: content, ...(counts ? { usage: counts } : {}) };
}

/** Reads the counts in the words of ADK: the reasoning is no part of the candidates. */
function readUsage(usage: unknown): UsageMetadata | undefined {
  if (!isRecord(usage)) return undefined;
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  const details = isRecord(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  if (typeof prompt !== 'number' || typeof completion !== 'number' || typeof total !== 'number') return undefined;
  const thoughts = typeof details.reasoning_tokens === 'number' ? details.reasoning_tokens : 0;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: completion - thoughts,
    totalTokenCount: total,
    ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
  };
}

/** Reads how long the provider asks to wait, in ms. @see RFC 9110, section 10.2.3 */
function readRetryAfter(headers: unknown): number | undefined {
  const header = headers instanceof Headers ? headers.get('retry-after') : undefined;
  const seconds = header ? Number(header) : Number.NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1_000) : undefined;
}
