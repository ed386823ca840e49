import type { Content } from './agent-event.ts';
import type { LiveRequest } from './live-request.ts';

/** What a request weighs beside its data: many small ones must not be free. */
const REQUEST_WEIGHT = 100;

/** What a request weighs where it waits, about its bytes in memory: one measure for all limits, or what one forgets gets past it. */
export function weightOf(request: LiveRequest): number {
  return REQUEST_WEIGHT + mediaLength(request) + textLength(request.content);
}

/** Of its audio and its pictures, characters of base64. */
export function mediaLength({ blob, content }: LiveRequest): number {
  let length = blob?.data.length ?? 0;
  for (const { inlineData } of content?.parts ?? []) length += inlineData?.data.length ?? 0;
  return length;
}

/** Characters. */
export function textLength(content: Content | undefined): number {
  let length = 0;
  for (const { text } of content?.parts ?? []) length += text?.length ?? 0;
  return length;
}
