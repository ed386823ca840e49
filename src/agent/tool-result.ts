import { createToolOutput, type ToolResultOptions } from '../wire/result-images.ts';
import type { ToolOutput } from '../wire/tool-output.ts';

/**
 * Creates a result of a tool that has pictures beside its JSON: `return toolResult({ response: { city }, images: [{ mimeType, data }] })`. Clients get
 * the pictures. So does the model if it takes pictures in results (Gemini 3 and later); another model is told in words that the user was shown
 * them. The conversation keeps their number.
 * @throws {TypeError} if a picture is not a JPEG, PNG or WebP, or a limit is exceeded. Thrown in a tool, the model receives the message as an error
 * @see https://ai.google.dev/gemini-api/docs/live-api/tools
 */
export function toolResult(options: ToolResultOptions): ToolOutput {
  return createToolOutput(options, (bytes) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
  );
}
