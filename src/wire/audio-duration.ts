import type { AgentEvent, InlineData } from './agent-event.ts';
import { base64ByteLength } from './base64.ts';

/** Hz, where a mime type names none: what live models speak at. */
const DEFAULT_OUTPUT_RATE = 24_000;

/** How long the audio in an event lasts, ms. */
export function audioMs(event: AgentEvent | undefined): number {
  let ms = 0;
  for (const { inlineData } of event?.content?.parts ?? []) if (inlineData) ms += soundMs(inlineData);
  return ms;
}

/** How long a piece of it lasts, ms; 0 of a picture. */
export function soundMs({ mimeType, data }: InlineData): number {
  if (!mimeType.startsWith('audio/')) return 0;
  const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? DEFAULT_OUTPUT_RATE);
  return (base64ByteLength(data) / 2 / rate) * 1000;
}
