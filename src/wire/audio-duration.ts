import type { AgentEvent } from './agent-event.ts';
import { base64ByteLength } from './base64.ts';

/** Hz, where a mime type names none: what live models speak at. */
const DEFAULT_OUTPUT_RATE = 24_000;

/** How long the audio in an event lasts, ms. */
export function audioMs(event: AgentEvent | undefined): number {
  let ms = 0;
  for (const { inlineData } of event?.content?.parts ?? []) {
    if (!inlineData?.mimeType.startsWith('audio/')) continue;
    const rate = Number(/rate=(\d+)/.exec(inlineData.mimeType)?.[1] ?? DEFAULT_OUTPUT_RATE);
    ms += (base64ByteLength(inlineData.data) / 2 / rate) * 1000;
  }
  return ms;
}
