import { contentText, type ReceivedContent, readContent } from './gemini-content.ts';
import { type HeardPcm, type ReceivedImage, readAudioBlob, readImageBlob } from './gemini-media.ts';
import { invalid } from './gemini-refusal.ts';
import { type GeminiTools, readTools } from './gemini-tools.ts';
import { isJsonObject, type JsonObject, readBoolean, readList, readMessage, readString } from './json-object.ts';

/** One frame from the client, read and checked. */
export type ClientMessage =
  | { readonly type: 'setup'; readonly setup: unknown }
  | { readonly type: 'clientContent'; readonly turns: readonly ReceivedContent[]; readonly turnComplete: boolean }
  | RealtimeInput
  | { readonly type: 'toolResponse'; readonly responses: readonly FunctionResponse[] }
  | { readonly type: 'contextUpdate'; readonly instruction?: string; readonly tools?: GeminiTools }
  | { readonly type: 'empty' };

export interface RealtimeInput {
  readonly type: 'realtimeInput';
  readonly audio?: HeardPcm;
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
  /** For functions declared NON_BLOCKING; ignored for others. */
  readonly scheduling: 'SILENT' | 'WHEN_IDLE' | 'INTERRUPT';
  readonly willContinue: boolean;
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

/** @throws {GeminiRefusal} 1007 for what is not exactly one message that Gemini knows */
export function readClientMessage(frame: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw invalid('Invalid JSON payload received. Unexpected token.');
  }
  if (!isJsonObject(value)) throw invalid('Invalid JSON payload received. Root element must be a message.');
  const message = readMessage(value, '', MESSAGE_FIELDS);
  const [kind, second] = Object.keys(message);
  if (second !== undefined) {
    throw invalid(`Invalid value at '' (oneof), oneof field 'message_type' is already set. Cannot set '${second}'`);
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
    throw invalid('realtime_input.media_chunks is deprecated. Use audio, video, or text instead.');
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
      if (!isJsonObject(entry)) throw invalid(`Invalid value at '${path}' (type.googleapis.com/FunctionResponse)`);
      const { response = {}, scheduling } = entry;
      if (!isJsonObject(response))
        throw invalid(`Invalid value at '${path}.response' (type.googleapis.com/google.protobuf.Struct)`);
      return {
        id: readString(entry.id, `${path}.id`) ?? '',
        name: readString(entry.name, `${path}.name`) ?? '',
        response,
        scheduling: scheduling === 'SILENT' || scheduling === 'INTERRUPT' ? scheduling : 'WHEN_IDLE',
        willContinue: readBoolean(entry.willContinue ?? entry.will_continue, `${path}.will_continue`),
      };
    }),
  };
}

function readContextUpdate(value: unknown): ClientMessage {
  const update = readMessage(value, 'context_update', CONTEXT_UPDATE_FIELDS);
  const { systemInstruction, tools } = update;
  return {
    type: 'contextUpdate',
    ...(systemInstruction === undefined
      ? {}
      : { instruction: contentText(systemInstruction, 'context_update.system_instruction') }),
    ...(tools === undefined ? {} : { tools: readUpdatedTools(tools) }),
  };
}

/** The SDK wraps the list: `{"tools":{"tools":[…]}}`. */
function readUpdatedTools(value: unknown): GeminiTools {
  return readTools(isJsonObject(value) ? value.tools : value, 'context_update.tools');
}
