import { LiveLog, type LiveLogOptions } from '../../../src/session/log/live-log.ts';
import { createEpoch, LogWriter } from '../../../src/session/log/log-writer.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';

let made = 0;

/** Limits that no test reaches. */
export const WIDE_LIMITS = { bytes: 1024 * 1024, ageMs: 60_000 };

/** An empty log, and the side that appends to it. */
export function createLog(options: Partial<LiveLogOptions> = {}): { log: LiveLog; writer: LogWriter } {
  const log = new LiveLog({ epoch: createEpoch(), limits: WIDE_LIMITS, ...options });
  return { log, writer: new LogWriter(log) };
}

/** A log that holds these messages. */
export function logOf(...messages: LogMessage[]): LiveLog {
  const { log, writer } = createLog();
  for (const each of messages) writer.append(each);
  return log;
}

export function message(body: Partial<AgentEvent>): LogMessage {
  made += 1;
  return { event: { id: `event-${made}`, invocationId: 'e-1', author: 'agent', timestamp: made, ...body } };
}

/** Increments of an answer: one frame each in the plain dialect. */
export function text(...pieces: string[]): LogMessage {
  return textBy('agent', ...pieces);
}

export function textBy(author: string, ...pieces: string[]): LogMessage {
  return message({
    author,
    partial: true,
    content: { role: 'model', parts: pieces.map((piece) => ({ text: piece })) },
  });
}

/** Speech of `length` characters of base64. */
export function audio(length: number): LogMessage {
  return audioBy('agent', length);
}

/** @param lengths characters of base64 in each part of the event */
export function audioBy(author: string, ...lengths: number[]): LogMessage {
  const parts = lengths.map((length) => ({
    inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'A'.repeat(length) },
  }));
  return message({ author, content: { role: 'model', parts } });
}

/** Speech between two increments of text, as a third-party runner may yield it. */
export function mixedBy(author: string, before: string, length: number, after: string): LogMessage {
  const inlineData = { mimeType: 'audio/pcm', data: 'A'.repeat(length) };
  const parts = [{ text: before }, { inlineData }, { text: after }];
  return message({ author, partial: true, content: { role: 'model', parts } });
}

export const interrupted = (author = 'agent'): LogMessage => message({ author, interrupted: true });
export const turnComplete = (author = 'agent'): LogMessage => message({ author, turnComplete: true });

/** Characters of base64 in an entry or message. */
export function audioLength({ event }: LogMessage): number {
  return (event?.content?.parts ?? []).reduce((sum, part) => sum + (part.inlineData?.data.length ?? 0), 0);
}
