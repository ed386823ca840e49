import type { ModelCapabilities, ModelConnection } from '../../models/realtime-model.ts';
import type { FunctionResponse } from '../../wire/agent-event.ts';
import { listResultImages, toResultParts } from '../../wire/result-images.ts';
import type { ToolResult } from '../tools/tool-calls.ts';

type ImageCapabilities = Pick<ModelCapabilities, 'input' | 'tools'>;

/**
 * Sends the result of a tool call: as text to a connection that does not know the call. A model that takes no pictures in results is told in words
 * what the user was shown.
 */
export function sendToolResult(
  connection: ModelConnection,
  { response: given, known }: ToolResult,
  capabilities: ImageCapabilities,
): void {
  if (known) {
    const seen = listResultImages(given).filter(({ mimeType }) => capabilities.tools.resultImages.includes(mimeType));
    connection.send({ type: 'tool_results', results: [describeUnseen(given, seen)] });
    return;
  }
  const response = toSeenResult(given, capabilities);
  const text = `(${response.name}, called before, returned ${JSON.stringify(response.response)})`;
  const images = listResultImages(response);
  connection.send({ type: 'text', text, ...(images.length > 0 ? { images } : {}) });
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
