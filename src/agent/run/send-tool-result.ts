import type { ModelCapabilities, ModelConnection, ScheduledResult } from '../../models/realtime-model.ts';
import type { FunctionResponse, InlineData } from '../../wire/agent-event.ts';
import { listResultImages, toResultParts } from '../../wire/result-images.ts';
import { PENDING_RESPONSE } from '../tool.ts';
import type { ToolUpdate } from '../tools/background-calls.ts';
import type { ToolResult } from '../tools/tool-calls.ts';

type ImageCapabilities = Pick<ModelCapabilities, 'input' | 'tools'>;

/**
 * Sends the result of a tool call: as text to a connection that does not know the call. A model that takes no pictures in results is told in words
 * what the user was shown.
 */
export function sendToolResult(
  connection: ModelConnection,
  { response: given, known, nonBlocking }: ToolResult,
  capabilities: ImageCapabilities,
): void {
  if (known) {
    const { willContinue, ...result } = toKnownResult(given, capabilities);
    // Without `willContinue` the model takes the response for the whole result: results that follow are told as text.
    const isContinued = willContinue === true && nonBlocking && capabilities.tools.scheduling;
    connection.send({ type: 'tool_results', results: [isContinued ? markFirst({ ...result, willContinue }) : result] });
    return;
  }
  const { text, images } = describeLateResult(given, capabilities);
  connection.send({ type: 'text', text, ...(images.length > 0 ? { images } : {}) });
}

/** Sends a result for which the model does not wait, on the connection on which the model made the call. */
export function sendToolUpdate(
  connection: ModelConnection,
  { response, scheduling, isNews }: ToolUpdate,
  capabilities: ImageCapabilities,
): void {
  const { id, name } = response;
  const result: ScheduledResult = isNews
    ? { ...toKnownResult(response, capabilities), scheduling }
    : { id, name, response: {}, scheduling: 'SILENT' };
  connection.send({ type: 'tool_results', results: [result] });
}

/** Reduces a result to the pictures that the model takes in results. */
function toKnownResult(given: FunctionResponse, { tools }: Pick<ModelCapabilities, 'tools'>): FunctionResponse {
  return describeUnseen(
    given,
    listResultImages(given).filter(({ mimeType }) => tools.resultImages.includes(mimeType)),
  );
}

/** Marks the first response of a call. That a result is pending is nothing to speak about. */
function markFirst(result: FunctionResponse): ScheduledResult {
  return { ...result, scheduling: result.response === PENDING_RESPONSE ? 'SILENT' : 'WHEN_IDLE' };
}

/** Describes the result of a call for which the model does not wait, or that another connection has made. */
export function describeLateResult(
  given: FunctionResponse,
  capabilities: Pick<ModelCapabilities, 'input'>,
): { readonly text: string; readonly images: readonly InlineData[] } {
  const seen = toSeenResult(given, capabilities);
  const text = `(${seen.name}, called before, returned ${JSON.stringify(seen.response)})`;
  return { text, images: listResultImages(seen) };
}

/** Reduces a result that is told in a message of the user to the pictures that the model sees in one, and says which ones it does not see. */
export function toSeenResult(
  response: FunctionResponse,
  { input }: Pick<ModelCapabilities, 'input'>,
): FunctionResponse {
  return describeUnseen(response, input.images.length > 0 ? listResultImages(response) : []);
}

/** Says in the response of a result how many of its pictures the model does not see. @returns the result with the pictures that it sees */
function describeUnseen(given: FunctionResponse, seen: ReturnType<typeof listResultImages>): FunctionResponse {
  const { parts = [], pictures = 0, ...rest } = given;
  const unseen = parts.length + pictures - seen.length;
  if (unseen === 0) return { ...rest, ...toResultParts(seen) };
  const was = unseen === 1 ? '1 picture was' : `${unseen} pictures were`;
  const words = `${was} shown to the user. You cannot see ${unseen === 1 ? 'it' : 'them'}.`;
  const { response } = rest;
  const told = 'pictures' in response ? { result: response, pictures: words } : { ...response, pictures: words };
  return { ...rest, response: told, ...toResultParts(seen) };
}
