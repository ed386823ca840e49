import type { InlineData, ToolConfirmation } from '../agent-event.ts';
import { describeError } from '../error-text.ts';
import type { ClientToolResult, LiveRequest } from '../live-request.ts';
import { isRecord } from '../record.ts';
import { MAX_RESULT_IMAGES, readResultImages } from '../result-images.ts';
import {
  isWithinResultLimits,
  MAX_CALL_ID,
  MAX_TOOL_RESULT_BYTES,
  MAX_TOOL_RESULT_DEPTH,
  toResponse,
} from '../tool-result.ts';
import { WireError } from '../wire-error.ts';
import { ADK_CONFIRMATION, decodeAdkConfirmation } from './tool-confirm-items.ts';

const SHAPE = 'tool_result must be {"id":"…","result":…} or {"id":"…","error":"…"}';
const NO_IMAGES: readonly never[] = [];

/**
 * Creates the request for the result of a call that runs in the client.
 * @param result JSON value that the model receives: an object as it is, any other value as `{result}`
 * @param images pictures of the result: a list of `{mime_type, data}`
 * @throws {WireError} malformed_item
 */
export function createToolResultRequest(id: unknown, result: unknown, images: unknown = NO_IMAGES): LiveRequest {
  return { tool_results: [createToolResult(id, toResponse(result), images)] };
}

/**
 * Decodes `{"id","result"}`, also with `images`, or `{"id","error"}`.
 * @throws {WireError} malformed_item
 */
export function decodeToolResult(item: unknown): LiveRequest {
  if (!isRecord(item)) throw new WireError('malformed_item', SHAPE);
  const { id, result, error, images } = item;
  if (error == null) {
    if (result === undefined) throw new WireError('malformed_item', SHAPE);
    return createToolResultRequest(id, result, images ?? NO_IMAGES);
  }
  if (typeof error !== 'string' || error === '' || result != null || images != null)
    throw new WireError('malformed_item', SHAPE);
  return createToolResultRequest(id, { error });
}

/** Whether a part of ADK's content is the result of a function. */
export function isFunctionResponse(part: unknown): boolean {
  return isRecord(part) && readFunctionResponse(part) !== undefined;
}

/**
 * Decodes a content of ADK whose parts are results of functions, or answers to the function by which ADK asks for a confirmation.
 * @throws {WireError} malformed_item, also for a content that has other parts beside the results; not_supported, for a result that says when the
 *   model reacts to it, or that another one follows
 */
export function decodeFunctionResponses(parts: readonly unknown[]): LiveRequest {
  const results: ClientToolResult[] = [];
  const confirmations: ToolConfirmation[] = [];
  for (const part of parts) {
    const given = isRecord(part) ? readFunctionResponse(part) : undefined;
    if (isRecord(given) && given.name === ADK_CONFIRMATION) {
      confirmations.push(decodeAdkConfirmation(given.id, given.response));
    } else results.push(decodeFunctionResponse(given));
  }
  return {
    ...(confirmations.length > 0 ? { tool_confirmations: confirmations } : {}),
    ...(results.length > 0 ? { tool_results: results } : {}),
  };
}

function decodeFunctionResponse(given: unknown): ClientToolResult {
  if (given === undefined) {
    throw new WireError(
      'malformed_item',
      'A content with a function_response has no other parts',
      'send the message of the user as an item of its own',
    );
  }
  if (!isRecord(given) || !isRecord(given.response)) {
    throw new WireError('malformed_item', 'function_response must be {"id":"…","name":"…","response":{…}}');
  }
  checkPlainResult(given);
  return createToolResult(given.id, given.response, readParts(given.parts));
}

/** Reads the pictures of a response of ADK: `[{"inline_data":{"mime_type","data"}}]`. */
function readParts(parts: unknown): unknown {
  if (parts == null) return NO_IMAGES;
  if (!Array.isArray(parts)) return parts;
  return parts.map((part: unknown) => (isRecord(part) ? (part.inline_data ?? part.inlineData) : undefined));
}

/** Refuses what no model can be told through this server: Gemini closes the connection for some of it, and abandons the call for the rest. */
function checkPlainResult(given: Record<string, unknown>): void {
  const unsupported = [
    ['scheduling', given.scheduling],
    ['will_continue', given.will_continue ?? given.willContinue],
  ].find(([, value]) => value != null && value !== false);
  if (!unsupported) return;
  throw new WireError(
    'not_supported',
    `A function_response cannot have ${unsupported[0]}`,
    'send one result for each call; the model reacts to the result when it arrives',
  );
}

function readFunctionResponse(part: Record<string, unknown>): unknown {
  return part.function_response ?? part.functionResponse ?? undefined;
}

function createToolResult(id: unknown, response: ClientToolResult['response'], given: unknown): ClientToolResult {
  if (typeof id !== 'string' || id === '' || id.length > MAX_CALL_ID) {
    throw new WireError('malformed_item', 'The id of a tool result must be that of its tool_call');
  }
  const images = decodeImages(given);
  if (isWithinResultLimits(response)) return { id, response, ...(images.length > 0 ? { images } : {}) };
  throw new WireError(
    'malformed_item',
    `The result of a tool has at most ${MAX_TOOL_RESULT_BYTES} bytes of JSON, and ${MAX_TOOL_RESULT_DEPTH} levels`,
    'send less, or an error that says why there is no result',
  );
}

/** @throws {WireError} malformed_item, which names the limit or what is wrong with a picture */
function decodeImages(given: unknown): readonly InlineData[] {
  try {
    // The list is checked there.
    return readResultImages(given as readonly unknown[]);
  } catch (error) {
    throw new WireError(
      'malformed_item',
      describeError(error),
      `send at most ${MAX_RESULT_IMAGES} JPEG, PNG or WebP pictures, or an error that says why there is no result`,
    );
  }
}
