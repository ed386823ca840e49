import type { Content, Part } from '../agent-event.ts';
import { base64ByteLength, isBase64 } from '../base64.ts';
import { checkImage, isImage } from '../image.ts';
import type { Blob, LiveRequest } from '../live-request.ts';
import {
  checkMimeTypeLength,
  createMimeTypeError,
  DEFAULT_INPUT_RATE,
  formatPcmType,
  parseMimeType,
} from '../mime-type.ts';
import { isRecord } from '../record.ts';
import { decodeStateDelta } from '../state-delta.ts';
import { WireError } from '../wire-error.ts';
import { decodeToolConfirm } from './tool-confirm-items.ts';
import { decodeFunctionResponses, decodeToolResult, isFunctionResponse } from './tool-result-items.ts';

/** Maximum number of parts in one message: each part costs more than its text. */
const MAX_PARTS = 100;

/**
 * Creates the request for one text of the user.
 * @throws {WireError} empty_body: a model rejects an empty text by closing the whole session
 */
export function createTextRequest(text: string): LiveRequest {
  if (text.trim() === '') throw new WireError('empty_body', 'The text is empty');
  return { content: { role: 'user', parts: [{ text }] } };
}

/**
 * Creates the request for a realtime chunk: audio or an image.
 * @param data valid base64
 * @throws {WireError} unsupported_mime_type, invalid_sample_rate, odd_pcm_length, empty_body, body_too_large
 */
export function createBlobRequest(mimeType: string, data: string): LiveRequest {
  const { essence, rate } = parseMimeType(mimeType);
  if (!isImage(essence) && essence !== 'audio/pcm') throw createMimeTypeError(mimeType);
  if (data === '') throw new WireError('empty_body', 'The data is empty');
  if (essence !== 'audio/pcm') {
    checkImage(essence, data);
    return { blob: { mime_type: essence, data } };
  }
  if (base64ByteLength(data) % 2 !== 0) throw new WireError('odd_pcm_length');
  return { blob: { mime_type: formatPcmType(rate ?? DEFAULT_INPUT_RATE), data } };
}

/**
 * Decodes an item as the samples of ADK send it, a LiveRequest in ADK's JSON shape, an interruption, the result of a tool, the
 * confirmation of a call, or a request to respond.
 * The fields of an item show which of these it is.
 * @throws {WireError} malformed_item and the errors of the functions above
 */
export function decodePlainItem(item: unknown): LiveRequest {
  if (!isRecord(item)) throw new WireError('malformed_item', 'An item must be a JSON object');
  if ('mime_type' in item) return decodeMimeItem(item.mime_type, item.data);
  if ('interrupt' in item) return { interrupt: decodeInterrupt(item.interrupt) };
  if ('tool_result' in item) return decodeToolResult(item.tool_result);
  if ('tool_confirm' in item) return decodeToolConfirm(item.tool_confirm);
  const request = decodeLiveRequest(item);
  if (Object.keys(request).length > 0) return request;
  // Messages of the other dialects have a type.
  if (typeof item.type === 'string') throw createTypeError();
  if ('data' in item) throw new WireError('missing_mime_type');
  throw new WireError('malformed_item');
}

function createTypeError(): WireError {
  return new WireError(
    'malformed_item',
    'An item with a type is not of the plain dialect',
    'add dialect=adk or dialect=agentscope to the query, or send {"mime_type","data"} or a LiveRequest',
  );
}

function decodeMimeItem(mimeType: unknown, data: unknown): LiveRequest {
  if (typeof mimeType !== 'string') throw new WireError('missing_mime_type', 'mime_type must be a string');
  if (typeof data !== 'string') throw new WireError('malformed_item', 'data must be a string');
  // The samples send exactly this type. Compare it first: parsing a mime type costs more.
  if (mimeType === 'text/plain') return createTextRequest(data);
  checkMimeTypeLength(mimeType);
  if (!mimeType.startsWith('audio/pcm') && mimeType.trim().toLowerCase().startsWith('text/plain'))
    return createTextRequest(data);
  const { essence } = parseMimeType(mimeType);
  if (!isImage(essence) && essence !== 'audio/pcm') throw createMimeTypeError(mimeType);
  if (!isBase64(data)) throw new WireError('invalid_base64');
  return createBlobRequest(mimeType, data);
}

/**
 * Decodes ADK's LiveRequest: checks and copies the known fields, and ignores all others.
 * @returns an empty request if the item has none of the fields
 * @throws {WireError} as `decodePlainItem`
 */
export function decodeLiveRequest(item: Record<string, unknown>): LiveRequest {
  const request: LiveRequest = {};
  if (item.state_delta != null) request.state_delta = decodeStateDelta(item.state_delta);
  if (item.content != null) Object.assign(request, decodeContent(item.content));
  if (readFlag(item, 'partial') && request.content) request.partial = true;
  if (item.blob != null) request.blob = decodeBlob(item.blob);
  if (readSignal(item, 'activity_start')) request.activity_start = {};
  if (readSignal(item, 'activity_end')) request.activity_end = {};
  if (readFlag(item, 'audio_stream_end')) request.audio_stream_end = true;
  if (readSignal(item, 'respond')) request.respond = {};
  if (readFlag(item, 'close')) request.close = true;
  return request;
}

function decodeContent(content: unknown): LiveRequest {
  if (!isRecord(content) || !Array.isArray(content.parts) || content.parts.length === 0) {
    throw new WireError('malformed_item', 'content must be {"role":"user","parts":[{"text":"…"}]}');
  }
  if (content.parts.length > MAX_PARTS) throw new WireError('malformed_item', `content has at most ${MAX_PARTS} parts`);
  if (content.parts.some(isFunctionResponse)) return decodeFunctionResponses(content.parts);
  return { content: decodeMessage(content.parts) };
}

function decodeMessage(given: readonly unknown[]): Content {
  const parts = given.map(decodePart);
  if (parts.every(({ text = '' }) => text.trim() === '')) {
    const isPicture = parts.some(({ inlineData }) => inlineData);
    throw isPicture
      ? new WireError(
          'empty_body',
          'The message has a picture and no words',
          'say something about it, or send it as blob',
        )
      : new WireError('empty_body', 'The text is empty');
  }
  return { role: 'user', parts };
}

function decodePart(part: unknown): Part {
  if (isRecord(part) && typeof part.text === 'string') return { text: part.text };
  const inline = isRecord(part) ? (part.inline_data ?? part.inlineData) : undefined;
  if (inline === undefined) {
    throw new WireError(
      'malformed_item',
      'A part of content must be {"text":"…"} or {"inline_data":{"mime_type","data"}}',
      'send audio as blob',
    );
  }
  const { mime_type: mimeType, data } = decodeBlob(inline);
  if (!isImage(mimeType)) throw new WireError('malformed_item', 'inline_data takes an image; send audio as blob');
  return { inlineData: { mimeType, data } };
}

function decodeBlob(blob: unknown): Blob {
  const data = isRecord(blob) ? blob.data : undefined;
  const mimeType = isRecord(blob) ? (blob.mime_type ?? blob.mimeType) : undefined;
  const request = decodeMimeItem(mimeType, data);
  if (!request.blob) throw new WireError('malformed_item', 'A blob takes audio or an image; send text as content');
  return request.blob;
}

function decodeInterrupt(interrupt: unknown): { played_ms?: number } {
  const playedMs = isRecord(interrupt) ? interrupt.played_ms : undefined;
  if (playedMs === undefined) return {};
  // JSON.parse reads 1e999 as infinity.
  if (typeof playedMs !== 'number' || !(playedMs >= 0 && Number.isFinite(playedMs))) {
    throw new WireError('malformed_item', 'interrupt.played_ms must be a number of milliseconds');
  }
  return { played_ms: playedMs };
}

function readSignal(item: Record<string, unknown>, name: 'activity_start' | 'activity_end' | 'respond'): boolean {
  const value = item[name];
  if (value == null || isRecord(value)) return value != null;
  throw new WireError('malformed_item', `${name} must be {}`);
}

function readFlag(item: Record<string, unknown>, name: 'audio_stream_end' | 'close' | 'partial'): boolean {
  const value = item[name];
  if (value == null || typeof value === 'boolean') return value === true;
  throw new WireError('malformed_item', `${name} must be true or false`);
}
