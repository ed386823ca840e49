import { createToolOutput, type ToolResultOptions } from '../wire/result-images.ts';
import type { ToolOutput } from '../wire/tool-output.ts';
import { encodeBase64 } from './base64.ts';

/**
 * Creates a result with pictures beside its JSON, for the function of a tool: `return toolResult({ images: [{ mimeType, data }] })`.
 * @throws {TypeError} if a picture is not a JPEG, PNG or WebP, or a limit is exceeded. Thrown in a tool, the model receives the message as an error
 */
export function toolResult(options: ToolResultOptions): ToolOutput {
  return createToolOutput(options, encodeBase64);
}
