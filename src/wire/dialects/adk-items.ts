import type { LiveRequest } from '../live-request.ts';
import { isRecord } from '../record.ts';
import { WireError } from '../wire-error.ts';
import { decodeLiveRequest, decodePlainItem } from './plain-items.ts';

const HINT =
  'send {"type":"text","text":"hello"}, {"type":"image" or "audio","data","mimeType"}, {"type":"activity_start"}, {"type":"activity_end"} or a LiveRequest';
/** For ClientEvents, which a page of AgentScope sends without the first of them. */
const AGENTSCOPE_HINT = 'send client_session_create first, or open the connection with dialect=agentscope';

/** Items of the plain dialect that ADK has no message for. */
const COMMON_ITEMS = ['interrupt', 'tool_result', 'tool_confirm', 'respond'];

/** Names of LiveRequest's fields in camelCase, with the names in snake_case. ADK reads both. */
const SNAKE_CASE: ReadonlyMap<string, string> = new Map([
  ['activityStart', 'activity_start'],
  ['activityEnd', 'activity_end'],
  ['audioStreamEnd', 'audio_stream_end'],
  ['stateDelta', 'state_delta'],
]);

/**
 * Decodes a message of bidi-demo, a LiveRequest in snake_case or camelCase, or one of the plain items that ADK lacks. Base64 may be in the URL-safe alphabet and without padding, as ADK
 * writes it.
 * @throws {WireError} malformed_item, also for a message of another dialect; empty_body, invalid_base64, unsupported_mime_type,
 * invalid_sample_rate, odd_pcm_length, body_too_large
 */
export function decodeAdkItem(item: unknown): LiveRequest {
  if (!isRecord(item)) throw createItemError('A message must be a JSON object');
  if ('type' in item) return decodeTypedMessage(item);
  if ('mime_type' in item) throw createItemError('A message with mime_type belongs to the plain dialect');
  if (COMMON_ITEMS.some((name) => name in item)) return decodePlainItem(item);
  const request = decodeLiveRequest(toStandardBlob(toSnakeCase(item)));
  if (Object.keys(request).length === 0) throw createItemError('The message has no field of a LiveRequest');
  return request;
}

function decodeTypedMessage({ type, text, data, ...item }: Record<string, unknown>): LiveRequest {
  switch (type) {
    case 'text':
      if (typeof text !== 'string') throw createItemError('text must be a string');
      return decodeLiveRequest({ content: { parts: [{ text }] } });
    case 'image':
    case 'audio':
      return decodeMedia(type, item.mimeType ?? item.mime_type, data);
    case 'activity_start':
    case 'activity_end':
      return { [type]: {} };
    default:
      throw createItemError(
        `The type ${describe(type)} is unknown: it must be text, image, audio, activity_start or activity_end`,
        typeof type === 'string' && type.startsWith('client_') ? AGENTSCOPE_HINT : HINT,
      );
  }
}

function decodeMedia(type: 'image' | 'audio', mimeType: unknown, data: unknown): LiveRequest {
  const blob = { mime_type: mimeType ?? (type === 'image' ? 'image/jpeg' : 'audio/pcm'), data };
  const request = decodeLiveRequest(toStandardBlob({ blob }));
  if (request.blob?.mime_type.startsWith(`${type}/`)) return request;
  throw createItemError(`The mimeType of a message with the type ${type} must be that of ${type}`);
}

function toSnakeCase(item: Record<string, unknown>): Record<string, unknown> {
  if (!Object.keys(item).some((name) => SNAKE_CASE.has(name))) return item;
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [SNAKE_CASE.get(name) ?? name, value]));
}

/** Replaces the URL-safe base64 of a blob. */
function toStandardBlob(item: Record<string, unknown>): Record<string, unknown> {
  const { blob } = item;
  if (!isRecord(blob) || typeof blob.data !== 'string' || !isUrlSafe(blob.data)) return item;
  return { ...item, blob: { ...blob, data: toStandardBase64(blob.data) } };
}

function isUrlSafe(data: string): boolean {
  return data.length % 4 !== 0 || data.includes('-') || data.includes('_');
}

function toStandardBase64(data: string): string {
  const standard = data.replaceAll('-', '+').replaceAll('_', '/');
  return standard.padEnd(Math.ceil(standard.length / 4) * 4, '=');
}

function describe(type: unknown): string {
  return typeof type === 'string' ? JSON.stringify(type.slice(0, 40)) : 'of the message';
}

function createItemError(error: string, hint = HINT): WireError {
  return new WireError('malformed_item', error, hint);
}
