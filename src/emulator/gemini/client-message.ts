import type { PcmChunk } from '../hearing.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { ReceivedImage } from '../turn.ts';
import { type ReceivedContent, readContent, readInstruction } from './content.ts';
import { type ReceivedMedia, readAudioBlob, readImageBlob, readMediaBlob } from './media.ts';
import { readBoolean, readList, readMessage, readString } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';

/** A message of the client, parsed and validated. */
export type ClientMessage =
  | { readonly type: 'setup'; readonly setup: unknown }
  | { readonly type: 'clientContent'; readonly turns: readonly ReceivedContent[]; readonly turnComplete: boolean }
  | RealtimeInput
  | { readonly type: 'toolResponse'; readonly responses: readonly FunctionResponse[] }
  | { readonly type: 'contextUpdate'; readonly instruction?: string; readonly tools?: unknown }
  | { readonly type: 'empty' };

export interface RealtimeInput {
  readonly type: 'realtimeInput';
  readonly audio?: PcmChunk;
  readonly image?: ReceivedImage;
  readonly text?: string;
  readonly activityStart: boolean;
  readonly activityEnd: boolean;
  readonly audioStreamEnd: boolean;
}

export interface FunctionResponse {
  readonly id: string;
  readonly name: string;
  readonly response: JsonObject;
  /** Placement of the agent's reaction. Applies to functions declared NON_BLOCKING only. */
  readonly scheduling: 'SILENT' | 'WHEN_IDLE' | 'INTERRUPT';
  /** Whether the response names its scheduling. */
  readonly isScheduled: boolean;
  readonly willContinue: boolean;
  /** Media that the response carries. */
  readonly media: readonly ReceivedMedia[];
}

const MESSAGE_FIELDS = new Set(['setup', 'clientContent', 'realtimeInput', 'toolResponse', 'contextUpdate']);
const CLIENT_CONTENT_FIELDS = new Set(['turns', 'turnComplete']);
const REALTIME_FIELDS = new Set([
  'mediaChunks',
  'audio',
  'audioStreamEnd',
  'video',
  'text',
  'activityStart',
  'activityEnd',
]);
const TOOL_RESPONSE_FIELDS = new Set(['functionResponses']);
const CONTEXT_UPDATE_FIELDS = new Set(['systemInstruction', 'tools']);

/**
 * Parses and validates a frame of the client.
 * @throws {GeminiRefusal} 1007 unless the frame holds exactly one valid message
 */
export function readClientMessage(frame: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw invalidArgument('Invalid JSON payload received. Unexpected token.');
  }
  if (!isJsonObject(value)) throw invalidArgument('Invalid JSON payload received. Root element must be a message.');
  const message = readMessage(value, '', MESSAGE_FIELDS);
  const [kind, second] = Object.keys(message);
  if (second !== undefined) {
    throw invalidArgument(
      `Invalid value at '' (oneof), oneof field 'message_type' is already set. Cannot set '${second}'`,
    );
  }
  switch (kind) {
    case 'setup':
      return { type: 'setup', setup: message.setup };
    case 'clientContent':
      return readClientContent(message.clientContent);
    case 'realtimeInput':
      return readRealtimeInput(message.realtimeInput);
    case 'toolResponse':
      return readToolResponse(message.toolResponse);
    case 'contextUpdate':
      return readContextUpdate(message.contextUpdate);
    default:
      return { type: 'empty' };
  }
}

function readClientContent(value: unknown): ClientMessage {
  const content = readMessage(value, 'client_content', CLIENT_CONTENT_FIELDS);
  return {
    type: 'clientContent',
    turns: readList(content.turns, 'client_content.turns').map((turn, index) =>
      readContent(turn, `client_content.turns[${index}]`),
    ),
    turnComplete: readBoolean(content.turnComplete, 'client_content.turn_complete'),
  };
}

function readRealtimeInput(value: unknown): RealtimeInput {
  const input = readMessage(value, 'realtime_input', REALTIME_FIELDS);
  if (input.mediaChunks !== undefined) {
    throw invalidArgument('realtime_input.media_chunks is deprecated. Use audio, video, or text instead.');
  }
  const text = readString(input.text, 'realtime_input.text');
  return {
    type: 'realtimeInput',
    ...(input.audio === undefined ? {} : { audio: readAudioBlob(input.audio, 'realtime_input.audio') }),
    ...(input.video === undefined ? {} : { image: readImageBlob(input.video, 'realtime_input.video') }),
    ...(text === undefined ? {} : { text }),
    activityStart: input.activityStart !== undefined,
    activityEnd: input.activityEnd !== undefined,
    audioStreamEnd: readBoolean(input.audioStreamEnd, 'realtime_input.audio_stream_end'),
  };
}

function readToolResponse(value: unknown): ClientMessage {
  const message = readMessage(value, 'tool_response', TOOL_RESPONSE_FIELDS);
  const list = readList(message.functionResponses, 'tool_response.function_responses');
  return {
    type: 'toolResponse',
    responses: list.map((entry, index): FunctionResponse => {
      const path = `tool_response.function_responses[${index}]`;
      if (!isJsonObject(entry))
        throw invalidArgument(`Invalid value at '${path}' (type.googleapis.com/FunctionResponse)`);
      const { response = {}, scheduling } = entry;
      if (!isJsonObject(response))
        throw invalidArgument(`Invalid value at '${path}.response' (type.googleapis.com/google.protobuf.Struct)`);
      return {
        id: readString(entry.id, `${path}.id`) ?? '',
        name: readString(entry.name, `${path}.name`) ?? '',
        response,
        scheduling: scheduling === 'SILENT' || scheduling === 'INTERRUPT' ? scheduling : 'WHEN_IDLE',
        isScheduled: scheduling !== undefined,
        willContinue: readBoolean(entry.willContinue ?? entry.will_continue, `${path}.will_continue`),
        media: readList(entry.parts, `${path}.parts`).map((part, at) => readResponsePart(part, `${path}.parts[${at}]`)),
      };
    }),
  };
}

/** Reads a part of a response, which carries its media as `inlineData` or `fileData`. A file has no bytes here. */
function readResponsePart(part: unknown, path: string): ReceivedMedia {
  if (!isJsonObject(part))
    throw invalidArgument(`Invalid value at '${path}' (type.googleapis.com/FunctionResponsePart)`);
  const inline = part.inlineData ?? part.inline_data;
  if (inline !== undefined) return readMediaBlob(inline, `${path}.inline_data`);
  const file = part.fileData ?? part.file_data;
  const { mimeType, mime_type: mimeTypeSnake } = isJsonObject(file) ? file : {};
  return { mimeType: readString(mimeType ?? mimeTypeSnake, `${path}.mime_type`) ?? '', bytes: 0 };
}

function readContextUpdate(value: unknown): ClientMessage {
  const update = readMessage(value, 'context_update', CONTEXT_UPDATE_FIELDS);
  const { systemInstruction, tools } = update;
  return {
    type: 'contextUpdate',
    ...(systemInstruction === undefined
      ? {}
      : { instruction: readInstruction(systemInstruction, 'context_update.system_instruction') }),
    // The SDK wraps the list: `{"tools":{"tools":[…]}}`.
    ...(tools === undefined ? {} : { tools: isJsonObject(tools) ? tools.tools : tools }),
  };
}
