import type { UsageMetadata } from '../wire/agent-event.ts';

/** A model that answers one text with one text. Text models serve tasks beside the conversation, such as a summary. */
export interface TextModel {
  /** Name of the model, as the provider spells it. */
  readonly name: string;
  /**
   * Generates a complete text. There are no attempts beyond the first: the caller decides about them.
   * @param signal aborts the request
   * @throws {WireError} with a `model_*` code and none of the provider's text. `retry` says whether another attempt may succeed,
   * `details.retry_after_ms` how long the provider asks to wait, in ms. A text that is withheld or cut is an error, too
   * @throws the reason of `signal`, if `signal` is aborted first
   */
  generate(request: TextRequest, signal: AbortSignal): Promise<GeneratedText>;
}

export interface TextRequest {
  /** System instruction: the task. */
  readonly instruction: string;
  /** Text that the task is about. */
  readonly text: string;
  /** Maximum number of tokens of the answer, reasoning included. */
  readonly maxOutputTokens: number;
}

export interface GeneratedText {
  /** Never empty. */
  readonly text: string;
  /** Default: the provider does not count. */
  readonly usage?: UsageMetadata;
}
