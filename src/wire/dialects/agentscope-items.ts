import { isBase64 } from '../base64.ts';
import type { LiveRequest } from '../live-request.ts';
import { DEFAULT_INPUT_RATE } from '../mime-type.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { isRecord } from '../record.ts';
import { MAX_INSTRUCTION, MAX_NAME, type SessionConfig } from '../session-config.ts';
import { WireError } from '../wire-error.ts';
import { createBlobRequest, createTextRequest } from './plain-items.ts';
import { createToolResultRequest } from './tool-result-items.ts';

/** Providers by the names of AgentScope. */
export const AGENTSCOPE_PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['dashscope', 'qwen'],
  ['gemini', 'gemini'],
  ['openai', 'openai'],
]);

const HINT = 'send {"type":"client_text_append","session_id":"…","text":"…"} or another ClientEvent of AgentScope';
const CONFIG_HINT =
  'send {"type":"client_session_create","config":{"instructions":"…","agent_name":"…","user_name":"…"}}';

type Item = Readonly<Record<string, unknown>>;

/** Whether a message of a client creates a session: the first message of AgentScope's page. */
export function isSessionCreate(message: unknown): boolean {
  return isRecord(message) && message.type === 'client_session_create';
}

/**
 * Decodes a ClientEvent of AgentScope 1.0. Two forms that its own page and tutorial send, and its server refuses, are accepted: an image in `data`, and
 * an audio format of `encoding` and `sample_rate`.
 * @param sessionId session of the connection, which `session_id` must name if it is present
 * @throws {WireError} malformed_item, invalid_run_config and the errors of `createTextRequest` and `createBlobRequest`
 */
export function decodeAgentScopeItem(item: unknown, sessionId: string): LiveRequest {
  if (!isRecord(item)) throw new WireError('malformed_item', 'An item must be a JSON object', HINT);
  const { type } = item;
  if (item.session_id != null && item.session_id !== sessionId) {
    throw new WireError(
      'malformed_item',
      'session_id names another session than the connection',
      `send the session_id ${sessionId}, or none`,
    );
  }
  switch (type) {
    // Audio first: ten of them a second.
    case 'client_audio_append':
      return decodeAudio(item);
    case 'client_text_append':
      return createTextRequest(readText(item, 'text'));
    case 'client_image_append':
      return decodeImage(item);
    case 'client_audio_commit':
      return { audio_stream_end: true };
    case 'client_response_create':
      return { respond: {} };
    case 'client_response_cancel':
      return { interrupt: {} };
    case 'client_tool_result':
      return decodeToolOutput(item);
    case 'client_session_create':
      return { configure: decodeConfig(item.config) };
    case 'client_session_end':
      return { close: true };
    default:
      throw createTypeError(type);
  }
}

function createTypeError(type: unknown): WireError {
  if (typeof type !== 'string') {
    return new WireError('malformed_item', 'The item has no type: it is not a ClientEvent of AgentScope', HINT);
  }
  return new WireError('malformed_item', `AgentScope has no ClientEvent of the type ${type.slice(0, 100)}`, HINT);
}

function readText(item: Item, name: string): string {
  const value = item[name];
  if (typeof value === 'string') return value;
  throw new WireError('malformed_item', `${name} must be a string`, HINT);
}

function readFormat({ format }: Item): Item {
  if (format == null) return {};
  if (isRecord(format)) return format;
  throw new WireError('malformed_item', 'format must be an object', 'send {"type":"audio/pcm","rate":16000}');
}

function decodeAudio(item: Item): LiveRequest {
  const { type, rate, encoding, sample_rate: sampleRate } = readFormat(item);
  const kind = type ?? encoding ?? 'audio/pcm';
  if (kind !== 'audio/pcm' && kind !== 'pcm16' && kind !== 'pcm') {
    throw new WireError('unsupported_mime_type', `Audio format not supported: ${describe(kind)}`);
  }
  const data = readText(item, 'audio');
  if (!isBase64(data)) throw new WireError('invalid_base64');
  const hertz = rate ?? sampleRate ?? DEFAULT_INPUT_RATE;
  // A number in a string is a number, too.
  return createBlobRequest(`audio/pcm;rate=${typeof hertz === 'object' ? 'none' : String(hertz).slice(0, 20)}`, data);
}

function decodeImage(item: Item): LiveRequest {
  const { type, mime_type: mimeType } = readFormat(item);
  const kind = type ?? mimeType ?? 'image/jpeg';
  const data = readText(item, item.image === undefined && item.data !== undefined ? 'data' : 'image');
  if (typeof kind !== 'string' || !kind.startsWith('image/')) {
    throw new WireError('unsupported_mime_type', `Image format not supported: ${describe(kind)}`);
  }
  if (!isBase64(data)) throw new WireError('invalid_base64');
  return createBlobRequest(kind, data);
}

/** Quotes a value of a client in an error. Only texts and numbers are converted: an object may have a `toString` that is no function. */
function describe(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 100) : 'it is no text';
}

/** Decodes the output of a tool: a text, or blocks of text, which become one text, and of pictures. */
function decodeToolOutput({ id, output }: Item): LiveRequest {
  if (typeof output === 'string') return createToolResultRequest(id, output);
  const shape =
    'send a string, or a list of {"type":"text","text":"…"} and {"type":"image","source":{"type":"base64","media_type","data"}}';
  if (!Array.isArray(output))
    throw new WireError('malformed_item', 'output must be a string or a list of blocks', shape);
  const texts: string[] = [];
  const images: object[] = [];
  for (const block of output) {
    const { type, text, source } = isRecord(block) ? block : {};
    if (type === 'text' && typeof text === 'string') texts.push(text);
    else if (type === 'image' && isRecord(source) && source.type === 'base64')
      images.push({ mimeType: source.media_type, data: source.data });
    else throw new WireError('malformed_item', 'output has a block that is neither a text nor a picture', shape);
  }
  return createToolResultRequest(id, texts.join('\n'), images);
}

function decodeConfig(config: unknown): SessionConfig {
  if (config == null) return {};
  if (!isRecord(config)) throw new WireError('malformed_item', 'config must be an object', CONFIG_HINT);
  return omitUndefined({
    instruction: readSetting(config, 'instructions', MAX_INSTRUCTION),
    agentName: readName(config, 'agent_name'),
    userName: readName(config, 'user_name'),
    provider: decodeProvider(readSetting(config, 'model_provider', MAX_NAME)),
  });
}

/** @returns `undefined` for a setting that is absent or blank */
function readSetting(config: Item, name: string, maxLength: number): string | undefined {
  const value = config[name];
  if (value == null) return undefined;
  if (typeof value !== 'string') {
    throw new WireError('malformed_item', `config.${name} must be a string`, CONFIG_HINT);
  }
  if (value.length > maxLength) {
    throw new WireError('malformed_item', `config.${name} has at most ${maxLength} characters`, 'send a shorter one');
  }
  return value.trim() === '' ? undefined : value;
}

/** Reads a name and puts it on one line: it stands between other words. */
function readName(config: Item, name: string): string | undefined {
  const line = readSetting(config, name, MAX_NAME)?.replace(/[\s\p{C}]+/gu, ' ');
  return line?.trim() || undefined;
}

function decodeProvider(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const provider = AGENTSCOPE_PROVIDERS.get(name);
  if (provider !== undefined) return provider;
  throw new WireError(
    'invalid_run_config',
    `model_provider ${JSON.stringify(name)} is not known`,
    `set model_provider to ${[...AGENTSCOPE_PROVIDERS.keys()].join(', ')}, or leave it out`,
  );
}
