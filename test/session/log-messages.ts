import type { AgentEvent } from '../../src/wire/agent-event.ts';
import type { LogMessage } from '../../src/wire/log-entry.ts';

let made = 0;

export function message(body: Partial<AgentEvent>): LogMessage {
  made += 1;
  return { event: { id: `event-${made}`, invocationId: 'e-1', author: 'agent', timestamp: made, ...body } };
}

/** Increments of an answer: one frame each in the plain dialect. */
export function text(...pieces: string[]): LogMessage {
  return message({ partial: true, content: { role: 'model', parts: pieces.map((piece) => ({ text: piece })) } });
}

/** Speech, `length` characters of base64. */
export function audio(length: number): LogMessage {
  const inlineData = { mimeType: 'audio/pcm;rate=24000', data: 'A'.repeat(length) };
  return message({ content: { role: 'model', parts: [{ inlineData }] } });
}

/** As an ADK Runner may yield it: speech between two increments of text. */
export function mixed(before: string, length: number, after: string): LogMessage {
  const inlineData = { mimeType: 'audio/pcm', data: 'A'.repeat(length) };
  return message({
    partial: true,
    content: { role: 'model', parts: [{ text: before }, { inlineData }, { text: after }] },
  });
}

export const interrupted = (): LogMessage => message({ interrupted: true });
export const turnComplete = (): LogMessage => message({ turnComplete: true });

export function audioLengthOf({ event }: LogMessage): number {
  return (event?.content?.parts ?? []).reduce((sum, part) => sum + (part.inlineData?.data.length ?? 0), 0);
}
