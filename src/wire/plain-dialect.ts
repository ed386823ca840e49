import type { AgentEvent, Part } from './agent-event.ts';
import { groundingOf } from './grounding.ts';
import type { LogEntry } from './log-entry.ts';
import type { LogEvents } from './named-events.ts';
import { replyFailure } from './reply-failure.ts';

/** One message on its way to a reader: an SSE event, or a WebSocket frame. */
export interface Frame {
  /** Absent: an unnamed message. */
  readonly event?: string;
  /** JSON. Empty: what was here is gone (audio that is not to be heard any more); it is counted, and not written. */
  readonly data: string;
}

/**
 * The plain dialect: the messages of ADK's SSE and WebSocket samples, unnamed, so that their pages work unmodified; everything
 * else named. Only increments travel: merged text and finished output transcripts would be shown twice. Left out is what only a client
 * in ADK's own words can use: thoughts, code and its outcome (the answer tells it), files that are kept on the server (`fileData`: the
 * address leads nowhere from outside), voice activity, ids of the provider. A pure function of one entry, so that a replay gives
 * the same frames with the same ids.
 */
export function encodePlain({ message, turn }: LogEntry): Frame[] {
  const frames: Frame[] = [];
  if (message.event) encodeEvent(message.event, turn, frames);
  if (message.failure) frames.push(named('failure', message.failure));
  if (message.end) frames.push(named('end', message.end));
  return frames;
}

/** The order of one event's parts is that of the WebSocket sample: transcript, content, then the flags. */
function encodeEvent(event: AgentEvent, turn: number, frames: Frame[]): void {
  const { inputTranscription, outputTranscription, content } = event;
  if (inputTranscription) {
    const { text, finished } = inputTranscription;
    frames.push(named('input_transcript', { text, finished, turn }));
  }
  if (outputTranscription && !outputTranscription.finished && outputTranscription.text !== '') {
    frames.push({
      data: JSON.stringify({ mime_type: 'text/plain', data: outputTranscription.text, is_transcript: true }),
    });
  }
  if (content?.parts) {
    for (const part of content.parts) encodePart(part, event.partial === true, frames);
  }
  for (const id of event.toolCancellation ?? []) frames.push(named('tool_cancel', { id }));
  if (event.usageMetadata) frames.push(named('usage', usage(event.usageMetadata)));
  const grounding = event.groundingMetadata && groundingOf(event.groundingMetadata);
  if (grounding) frames.push(named('grounding', { turn, ...grounding }));
  if (event.status) frames.push(named('status', event.status));
  // Before the end of the turn: who waits for the answer learns why there is none.
  if (event.errorCode) frames.push(named('failure', replyFailure(event.errorCode)));
  // Two messages where an event carries both: the samples' pages would take one with both for an interruption only.
  if (event.interrupted) frames.push({ data: '{"turn_complete":null,"interrupted":true}' });
  if (event.turnComplete) frames.push({ data: '{"turn_complete":true,"interrupted":null}' });
}

function encodePart(part: Part, partial: boolean, frames: Frame[]): void {
  if (part.inlineData) {
    const { mimeType, data } = part.inlineData;
    const mime_type = mimeType.startsWith('audio/pcm') ? 'audio/pcm' : mimeType;
    frames.push({ data: data && `{"mime_type":${JSON.stringify(mime_type)},"data":${quoteBase64(data)}}` });
  } else if (part.functionCall) {
    const { id, name, args } = part.functionCall;
    frames.push(named('tool_call', { id, name, args, where: 'server' }));
  } else if (part.functionResponse) {
    frames.push(named('tool_result', toolResult(part.functionResponse)));
  } else if (part.text && partial && !part.thought) {
    frames.push({ data: JSON.stringify({ mime_type: 'text/plain', data: part.text }) });
  }
}

/**
 * A base64 text as JSON. Base64 needs no escaping, and to look for what would need it is thirty times faster than JSON.stringify,
 * which was the largest cost of an audio message.
 */
function quoteBase64(data: string): string {
  const foreign = data.includes('"') || data.includes('\\') || data.includes('\n') || data.includes('\r');
  return foreign ? JSON.stringify(data) : `"${data}"`;
}

function toolResult({ id, name, response }: NonNullable<Part['functionResponse']>): LogEvents['tool_result'] {
  return typeof response.error === 'string' ? { id, name, error: response.error } : { id, name, result: response };
}

function usage(tokens: NonNullable<AgentEvent['usageMetadata']>): LogEvents['usage'] {
  const { promptTokenCount = 0, candidatesTokenCount = 0, totalTokenCount = 0 } = tokens;
  const { promptTokensDetails: prompt, candidatesTokensDetails: response } = tokens;
  return {
    prompt_tokens: promptTokenCount,
    response_tokens: candidatesTokenCount,
    total_tokens: totalTokenCount,
    ...(prompt || response ? { details: { prompt, response } } : {}),
  };
}

function named<Name extends keyof LogEvents>(event: Name, data: LogEvents[Name]): Frame {
  return { event, data: JSON.stringify(data) };
}
