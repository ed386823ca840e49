import type { Content } from './agent-event.ts';
import type { LiveRequest } from './live-request.ts';
import { textBytes } from './text-bytes.ts';
import { valueBytes } from './value-size.ts';

/** A request with its size, which is computed once, where the request enters a live session. */
export interface SizedRequest {
  readonly request: LiveRequest;
  /** Result of `byteSize(request)`. */
  readonly bytes: number;
}

/** Memory of a request beside its data, in bytes, so that many small requests are not free. Measured on Node 26: 130 to 200. */
export const REQUEST_BYTES = 160;
/** Memory of a part of a message beside its data, in bytes. Measured on Node 26: 42 to 66. */
const PART_BYTES = 64;

export function toSizedRequest(request: LiveRequest): SizedRequest {
  return { request, bytes: byteSize(request) };
}

/** Approximate size of a request in memory, in bytes. Every limit on waiting requests uses this measure. */
export function byteSize({
  blob,
  content,
  state_delta,
  tool_confirmations,
  tool_results,
  configure,
}: LiveRequest): number {
  let size = REQUEST_BYTES + (blob?.data.length ?? 0);
  if (state_delta) size += valueBytes(state_delta);
  if (tool_confirmations) size += valueBytes(tool_confirmations);
  if (tool_results) size += valueBytes(tool_results);
  if (configure) size += valueBytes(configure);
  if (!content) return size;
  for (const { text, inlineData } of content.parts ?? []) {
    size += PART_BYTES + (inlineData?.data.length ?? 0) + (text === undefined ? 0 : textBytes(text));
  }
  return size;
}

/** Sum of the sizes of several requests, in bytes. */
export function sumBytes(requests: readonly SizedRequest[]): number {
  let sum = 0;
  for (const { bytes } of requests) sum += bytes;
  return sum;
}

/** Length of the audio and the images of a request, in characters of base64. */
export function mediaLength({ blob, content }: LiveRequest): number {
  let length = blob?.data.length ?? 0;
  for (const { inlineData } of content?.parts ?? []) length += inlineData?.data.length ?? 0;
  return length;
}

/** Length of the text of a message, in characters. */
export function textLength(content: Content | undefined): number {
  let length = 0;
  for (const { text } of content?.parts ?? []) length += text?.length ?? 0;
  return length;
}
