import type { AgentEvent, FunctionResponse, Part } from '../agent-event.ts';
import { extractGrounding } from '../grounding.ts';
import type { LogEntry } from '../log-entry.ts';
import type { ConnectionEvents, LogEvents } from '../named-events.ts';
import { listResultImages } from '../result-images.ts';
import type { ErrorBody } from '../wire-error.ts';
import { encodeAudioFrame } from './audio-frame.ts';
import type { Dialect, Frame } from './dialect.ts';
import { decodePlainItem } from './plain-items.ts';
import { describeReplyFailure } from './reply-failure.ts';
import { encodeNamed, encodeSessionChange } from './session-frames.ts';

/**
 * The plain dialect: the messages of ADK's SSE and WebSocket samples, unnamed, so that their pages work unmodified. Everything else is a named
 * event. Only increments are sent: pages would show merged text and finished output transcripts twice. Not sent is what only a client of ADK's
 * own events can use: thoughts, code and its result (the answer describes it), files kept on the server (`fileData`: their addresses lead
 * nowhere from outside), voice activity and ids of the provider.
 */
class PlainDialect implements Dialect {
  readonly name = 'plain';
  readonly hasAudio: boolean;
  readonly decodeItem = decodePlainItem;

  constructor(hasAudio: boolean) {
    this.hasAudio = hasAudio;
  }

  encodeEntry({ message, turn }: LogEntry): readonly Place[] {
    const frames: Place[] = [];
    if (message.event) encodeEvent(message.event, turn, frames, this.hasAudio);
    const change = encodeSessionChange(message);
    if (change) frames.push(change);
    if (message.failure) frames.push(encodeNamed('failure', message.failure));
    if (message.end) frames.push(encodeNamed('end', message.end));
    return frames;
  }

  encodeControl<Name extends keyof ConnectionEvents>(name: Name, data: ConnectionEvents[Name]): readonly Frame[] {
    // A reader without audio misses none.
    if (name === 'gap' && !this.hasAudio) return [];
    return [{ event: name, data: JSON.stringify(data) }];
  }

  encodeRefusal(error: ErrorBody): Frame {
    return { data: JSON.stringify(error) };
  }
}

export const plainDialect: Dialect = new PlainDialect(true);
/** The plain dialect for readers that leave speech out, such as a terminal: the transcript of a model that only speaks says the same. */
export const silentPlainDialect: Dialect = new PlainDialect(false);

/** A frame, or `undefined` in the place of audio that is not sent. */
type Place = Frame | undefined;

/** Encodes an event in the order of the WebSocket sample: transcript, content, then the flags. */
function encodeEvent(event: AgentEvent, turn: number, frames: Place[], hasAudio: boolean): void {
  const { inputTranscription, interimInputTranscription, outputTranscription, content } = event;
  if (interimInputTranscription)
    frames.push(encodeNamed('interim_transcript', { text: interimInputTranscription.text, turn }));
  if (inputTranscription) {
    const { text, finished } = inputTranscription;
    frames.push(encodeNamed('input_transcript', { text, finished, turn }));
  }
  if (outputTranscription && !outputTranscription.finished && outputTranscription.text !== '') {
    frames.push({
      data: JSON.stringify({ mime_type: 'text/plain', data: outputTranscription.text, is_transcript: true }),
    });
  }
  if (content?.parts) {
    for (const part of content.parts) encodePart(part, event, frames, hasAudio);
  }
  const next = event.actions?.transferToAgent;
  if (typeof next === 'string') frames.push(encodeNamed('agent', { name: next }));
  if (event.toolConfirmation) frames.push(encodeNamed('tool_confirmed', event.toolConfirmation));
  for (const id of event.toolCancellation ?? []) frames.push(encodeNamed('tool_cancel', { id }));
  const usage = event.usageMetadata && toUsage(event.usageMetadata);
  const isSummary = event.actions?.compaction !== undefined;
  if (usage) frames.push(encodeNamed('usage', isSummary ? { ...usage, summary: true } : usage));
  const grounding = event.groundingMetadata && extractGrounding(event.groundingMetadata);
  if (grounding) frames.push(encodeNamed('grounding', { turn, ...grounding }));
  if (event.status) frames.push(encodeNamed('status', event.status));
  // The failure precedes the end of the turn, so that a client that waits for the answer learns why there is none.
  if (event.errorCode) frames.push(encodeNamed('failure', describeReplyFailure(event.errorCode)));
  // Send two messages for an event that has both flags: the samples' pages read a message with both as an interruption only.
  if (event.interrupted) frames.push({ data: '{"turn_complete":null,"interrupted":true}' });
  if (event.turnComplete) frames.push({ data: '{"turn_complete":true,"interrupted":null}' });
}

function encodePart(part: Part, event: AgentEvent, frames: Place[], hasAudio: boolean): void {
  if (part.inlineData) {
    const { mimeType, data } = part.inlineData;
    if (data === '') return;
    if (!hasAudio && mimeType.startsWith('audio/')) {
      frames.push(undefined);
      return;
    }
    const type = mimeType.startsWith('audio/pcm') ? '"audio/pcm"' : JSON.stringify(mimeType);
    frames.push(encodeAudioFrame(`{"mime_type":${type},"data":`, data, '}'));
  } else if (part.droppedAudio) {
    frames.push(undefined);
  } else if (part.functionCall) {
    const { id, name, args } = part.functionCall;
    const where = event.clientToolIds?.includes(id) ? 'client' : 'server';
    const marks = {
      ...(event.confirmToolIds?.includes(id) ? { confirm: true as const } : {}),
      ...(event.longRunningToolIds?.includes(id) ? { long_running: true as const } : {}),
    };
    frames.push(encodeNamed('tool_call', { id, name, args, where, ...marks }));
  } else if (part.functionResponse) {
    frames.push(encodeNamed('tool_result', toToolResult(part.functionResponse)));
  } else if (part.text && event.partial && !part.thought) {
    frames.push({ data: JSON.stringify({ mime_type: 'text/plain', data: part.text }) });
  }
}

function toToolResult(given: FunctionResponse): LogEvents['tool_result'] {
  const { id, name, response, pictures, willContinue } = given;
  const outcome = typeof response.error === 'string' ? { error: response.error } : { result: response };
  const images = listResultImages(given).map(({ mimeType, data }) => ({ mime_type: mimeType, data }));
  return {
    id,
    name,
    ...outcome,
    ...(images.length > 0 ? { images } : {}),
    ...(pictures ? { pictures } : {}),
    ...(willContinue ? { will_continue: true } : {}),
  };
}

/** @returns `undefined` for usage without any count, such as the traffic type alone */
function toUsage(tokens: NonNullable<AgentEvent['usageMetadata']>): LogEvents['usage'] | undefined {
  const { promptTokenCount, candidatesTokenCount, totalTokenCount, promptTokensDetails, candidatesTokensDetails } =
    tokens;
  const { thoughtsTokenCount: thoughts, cachedContentTokenCount: cached, toolUsePromptTokenCount: tool } = tokens;
  const { searchQueryCount: searches } = tokens;
  const counts = [promptTokenCount, candidatesTokenCount, totalTokenCount, thoughts, cached, tool, searches];
  if (counts.every((count) => count === undefined)) return undefined;
  const [prompt = 0, response = 0, total = 0] = counts;
  return {
    prompt_tokens: prompt,
    response_tokens: response,
    // Reasoning and the results of tools are billed, and some models leave them out of the total.
    total_tokens: Math.max(total, prompt + response + (thoughts ?? 0) + (tool ?? 0)),
    ...(thoughts === undefined ? {} : { thoughts_tokens: thoughts }),
    ...(cached === undefined ? {} : { cached_tokens: cached }),
    ...(tool === undefined ? {} : { tool_tokens: tool }),
    ...(searches === undefined ? {} : { search_queries: searches }),
    ...(promptTokensDetails || candidatesTokensDetails
      ? { details: { prompt: promptTokensDetails, response: candidatesTokensDetails } }
      : {}),
  };
}
