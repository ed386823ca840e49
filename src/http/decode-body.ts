import { isUtf8 } from 'node:buffer';
import type { DecodedBody } from '../session/session-handle.ts';
import { toSizedRequest } from '../wire/byte-size.ts';
import type { Dialect } from '../wire/dialects/dialect.ts';
import { decodeItemList } from '../wire/dialects/item-list.ts';
import { createBlobRequest, createTextRequest } from '../wire/dialects/plain-items.ts';
import { isImage } from '../wire/image.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import { createMimeTypeError } from '../wire/mime-type.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';
import { WireError } from '../wire/wire-error.ts';
import { hasTooManyValues, MAX_JSON_VALUES } from './json-complexity.ts';

/** Maximum audio in one request to the model, in bytes: 0.96 s at 16 kHz, which is whole frames of 20 ms and whole groups of base64. */
const PIECE_BYTES = 30_720;
/** The same in characters of base64. */
const PIECE_CHARACTERS = (PIECE_BYTES / 3) * 4;
/** Windows tools put a byte order mark before UTF-8. It is not part of the text. */
const BYTE_ORDER_MARK = 0xfeff;

/** The dialect of a client, and its session, which the messages of some dialects repeat. */
export interface ItemDecoding {
  readonly dialect: Dialect;
  readonly sessionId: string;
}

/** Decodes the items of a JSON body. An invalid item makes a refusal, not an exception, because a refusal has a place in the client's order. */
export function decodeItems(items: unknown, { dialect, sessionId }: ItemDecoding): DecodedBody {
  try {
    return accept(decodeItemList(dialect, sessionId, items));
  } catch (error) {
    return refuse(error);
  }
}

/**
 * Decodes a body that is not JSON: text, PCM or an image. An invalid body makes a refusal, as in `decodeItems`.
 * @param essence mime type without parameters
 * @param contentType mime type with parameters
 */
export function decodeRaw(body: Buffer, essence: string, contentType: string): DecodedBody {
  try {
    return accept(toRequests(body, essence, contentType));
  } catch (error) {
    return refuse(error);
  }
}

/** Whether a body is JSON. `curl -d` sends its bodies as a form, and some clients name no type. */
export function isJson(essence: string): boolean {
  return essence === 'application/json' || essence === 'application/x-www-form-urlencoded' || essence === '';
}

/** @throws {WireError} empty_body, malformed_json, invalid_utf8 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw new WireError('empty_body');
  if (hasTooManyValues(body)) {
    throw new WireError(
      'malformed_json',
      `The body has more than ${MAX_JSON_VALUES} values`,
      'send the items in several bodies',
    );
  }
  const text = decodeUtf8(body);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WireError(
      'malformed_json',
      `The body is not valid JSON: ${(error as SyntaxError).message.slice(0, 100)}`,
    );
  }
}

function accept(requests: readonly LiveRequest[]): DecodedBody {
  const hasLongAudio = requests.some(isLongAudio);
  return { requests: (hasLongAudio ? requests.flatMap(cutLongAudio) : requests).map(toSizedRequest) };
}

/** Whether a request has more audio than one piece. */
function isLongAudio({ blob }: LiveRequest): boolean {
  return blob !== undefined && blob.data.length > PIECE_CHARACTERS && blob.mime_type.startsWith('audio/');
}

/**
 * Cuts long audio into pieces of the size that a microphone sends: the conversion of minutes of it would block the process. The other fields
 * of the request keep their place: a message and a request for an answer follow the audio, and signs of activity precede it.
 */
function cutLongAudio(request: LiveRequest): readonly LiveRequest[] {
  const { blob, content, partial, respond, close, ...signs } = request;
  if (!blob || !isLongAudio(request)) return [request];
  // A piece of the text itself would keep all of the text in memory.
  const bytes = Buffer.from(blob.data, 'latin1');
  const pieces: LiveRequest[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_CHARACTERS) {
    const piece = { mime_type: blob.mime_type, data: bytes.toString('latin1', at, at + PIECE_CHARACTERS) };
    if (at === 0) pieces.push({ ...signs, blob: piece });
    else if (at + PIECE_CHARACTERS < bytes.length) pieces.push({ blob: piece });
    else pieces.push(omitUndefined({ blob: piece, content, partial, respond, close }));
  }
  return pieces;
}

/** @throws the error itself if it is a bug and not a refusal */
function refuse(error: unknown): DecodedBody {
  if (!(error instanceof WireError)) throw error;
  return { refusal: error.body() };
}

/** @throws {WireError} empty_body, invalid_utf8, unsupported_mime_type, and what `createBlobRequest` throws */
function toRequests(body: Buffer, essence: string, contentType: string): LiveRequest[] {
  if (body.length === 0) throw new WireError('empty_body');
  if (essence === 'text/plain') return [createTextRequest(decodeUtf8(body))];
  if (essence === 'audio/pcm') return cutAudio(body, contentType);
  if (isImage(essence)) return [createBlobRequest(contentType, body.toString('base64'))];
  throw createMimeTypeError(essence);
}

/** Cuts a recording into pieces of the size that a microphone sends. As one request it could be megabytes. */
function cutAudio(pcm: Buffer, contentType: string): LiveRequest[] {
  if (pcm.length % 2 !== 0) throw new WireError('odd_pcm_length');
  const requests: LiveRequest[] = [];
  for (let at = 0; at < pcm.length; at += PIECE_BYTES) {
    requests.push(createBlobRequest(contentType, pcm.toString('base64', at, at + PIECE_BYTES)));
  }
  return requests;
}

/** Decodes UTF-8. `toString` alone would silently replace invalid bytes. @throws {WireError} invalid_utf8 */
function decodeUtf8(body: Buffer): string {
  if (!isUtf8(body)) throw new WireError('invalid_utf8');
  const text = body.toString();
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}
