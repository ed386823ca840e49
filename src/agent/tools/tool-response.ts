import { copyJson, JsonLimitError, type JsonLimits } from '../../isolation/bounded-json.ts';
import type { InlineData } from '../../wire/agent-event.ts';
import { readResultImages } from '../../wire/result-images.ts';
import { isToolOutput } from '../../wire/tool-output.ts';
import { MAX_TOOL_RESULT_BYTES, MAX_TOOL_RESULT_DEPTH, toResponse } from '../../wire/tool-result.ts';

const LIMITS: JsonLimits = {
  subject: 'The result',
  bytes: MAX_TOOL_RESULT_BYTES,
  depth: MAX_TOOL_RESULT_DEPTH,
  values: 100_000,
  ms: 2_000,
};

/** Answer of a tool: its JSON, and the pictures beside it. */
export interface ToolAnswer {
  readonly response: Readonly<Record<string, unknown>>;
  readonly images?: readonly InlineData[];
}

/** Converts what a tool has returned. @throws as `toToolResponse` */
export function toToolAnswer(result: unknown): ToolAnswer {
  if (!isToolOutput(result)) return { response: toToolResponse(result) };
  return { response: toToolResponse(result.result), images: readResultImages(result.images) };
}

/**
 * Converts the result of a tool to the response that the model receives: an object as JSON has it, any other value as `{result}`.
 * @returns plain data that shares nothing with the result
 * @throws {JsonLimitError} if the result is over a limit, circular, or contains a bigint
 * @throws what getters and `toJSON` of the result throw
 */
export function toToolResponse(result: unknown): Readonly<Record<string, unknown>> {
  const copy = copyJson(result, LIMITS) ?? null;
  // The copy counts each character as one byte. Now it is small enough to be measured exactly.
  if (Buffer.byteLength(JSON.stringify(copy)) > MAX_TOOL_RESULT_BYTES) throw new JsonLimitError(LIMITS);
  return toResponse(copy);
}
