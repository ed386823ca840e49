import type { Content, Part } from './agent-event.ts';
import { base64ByteLength, isBase64 } from './base64.ts';
import { WireError } from './error-catalogue.ts';
import { checkImage, isImage } from './image.ts';
import type { Blob, LiveRequest } from './live-request.ts';
import { DEFAULT_INPUT_RATE, parseMimeType } from './mime-type.ts';
import { isRecord } from './record.ts';

/** How many items one body may hold. */
const MAX_ITEMS = 1000;
/** How many parts one message may have: each costs more than its text. */
const MAX_PARTS = 100;

/**
 * Decodes the JSON body of a POST: one item or an array of items, each told by its shape. The whole is checked before any of it
 * is used: a body is applied whole or refused whole.
 * @throws {WireError} for the first item that is wrong, naming its place in an array
 */
export function decodeSend(body: unknown): LiveRequest[] {
  if (!Array.isArray(body)) return [decodeItem(body)];
  if (body.length > MAX_ITEMS) throw new WireError('malformed_item', `A body holds at most ${MAX_ITEMS} items`);
  return body.map((item, index) => {
    try {
      return decodeItem(item);
    } catch (error) {
      throw error instanceof WireError
        ? new WireError(error.code, `Item ${index}: ${error.message}`, error.hint)
        : error;
    }
  });
}

/**
 * A LiveRequest for one message of the user.
 * @throws {WireError} empty_body: the model would refuse it, and take the session down with it
 */
export function textRequest(text: string): LiveRequest {
  if (text.trim() === '') throw new WireError('empty_body', 'The text is empty');
  return { content: { role: 'user', parts: [{ text }] } };
}

/**
 * A LiveRequest for a realtime chunk whose bytes are already base64.
 * @throws {WireError} unsupported_mime_type, invalid_sample_rate, odd_pcm_length, body_too_large
 */
export function blobRequest(mimeType: string, data: string): LiveRequest {
  const { essence, rate } = parseMimeType(mimeType);
  if (!isImage(essence) && essence !== 'audio/pcm') throw unsupported(mimeType);
  if (data === '') throw new WireError('empty_body', 'The data is empty');
  if (essence !== 'audio/pcm') {
    checkImage(essence, data);
    return { blob: { mime_type: essence, data } };
  }
  if (base64ByteLength(data) % 2 !== 0) throw new WireError('odd_pcm_length');
  return { blob: { mime_type: `audio/pcm;rate=${rate ?? DEFAULT_INPUT_RATE}`, data } };
}

function decodeItem(item: unknown): LiveRequest {
  if (!isRecord(item)) throw new WireError('malformed_item', 'An item must be a JSON object');
  if ('mime_type' in item) return decodeMimeItem(item.mime_type, item.data);
  if ('interrupt' in item) return { interrupt: decodeInterrupt(item.interrupt) };
  const request = decodeLiveRequest(item);
  if (Object.keys(request).length > 0) return request;
  if ('data' in item) throw new WireError('missing_mime_type');
  throw new WireError('malformed_item');
}

function decodeMimeItem(mimeType: unknown, data: unknown): LiveRequest {
  if (typeof mimeType !== 'string') throw new WireError('missing_mime_type', 'mime_type must be a string');
  if (typeof data !== 'string') throw new WireError('malformed_item', 'data must be a string');
  // The samples send exactly this; everything else takes the longer way.
  if (mimeType === 'text/plain') return textRequest(data);
  if (mimeType.trim().toLowerCase().startsWith('text/plain')) return textRequest(data);
  const { essence } = parseMimeType(mimeType);
  if (!isImage(essence) && essence !== 'audio/pcm') throw unsupported(mimeType);
  if (!isBase64(data)) throw new WireError('invalid_base64');
  return blobRequest(mimeType, data);
}

/** ADK's LiveRequest: only the fields that we know are taken over, each checked. */
function decodeLiveRequest(item: Record<string, unknown>): LiveRequest {
  const request: LiveRequest = {};
  if (item.content != null) request.content = decodeContent(item.content);
  if (flag(item, 'partial') && request.content) request.partial = true;
  if (item.blob != null) request.blob = decodeBlob(item.blob);
  if (signal(item, 'activity_start')) request.activity_start = {};
  if (signal(item, 'activity_end')) request.activity_end = {};
  if (flag(item, 'audio_stream_end')) request.audio_stream_end = true;
  if (flag(item, 'close')) request.close = true;
  return request;
}

function decodeContent(content: unknown): Content {
  if (!isRecord(content) || !Array.isArray(content.parts) || content.parts.length === 0) {
    throw new WireError('malformed_item', 'content must be {"role":"user","parts":[{"text":"…"}]}');
  }
  if (content.parts.length > MAX_PARTS) throw new WireError('malformed_item', `content has at most ${MAX_PARTS} parts`);
  const parts = content.parts.map(decodePart);
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
  if (typeof playedMs !== 'number' || !(playedMs >= 0)) {
    throw new WireError('malformed_item', 'interrupt.played_ms must be a number of milliseconds');
  }
  return { played_ms: playedMs };
}

function signal(item: Record<string, unknown>, name: 'activity_start' | 'activity_end'): boolean {
  const value = item[name];
  if (value == null || isRecord(value)) return value != null;
  throw new WireError('malformed_item', `${name} must be {}`);
}

function flag(item: Record<string, unknown>, name: 'audio_stream_end' | 'close' | 'partial'): boolean {
  const value = item[name];
  if (value == null || typeof value === 'boolean') return value === true;
  throw new WireError('malformed_item', `${name} must be true or false`);
}

function unsupported(mimeType: string): WireError {
  return new WireError('unsupported_mime_type', `Mime type not supported: ${mimeType.slice(0, 100)}`);
}
