import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ActiveSessions } from '../session/active-sessions.ts';
import type { LiveSession } from '../session/live-session.ts';
import { blobRequest, decodeSend, textRequest } from '../wire/decode-send.ts';
import { onlyAcknowledges, readEnvelope, readEnvelopeQuery } from '../wire/envelope.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { isImage } from '../wire/image.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import { parseMimeType } from '../wire/mime-type.ts';
import { answerJson } from './answer.ts';
import { type BodyLimits, readBody, streamBody } from './request-body.ts';
import type { RouteIds } from './route-ids.ts';

export interface SendRouteOptions {
  readonly sessions: ActiveSessions;
  readonly bodyLimits: BodyLimits;
  /** The server finishes what it was asked before, and takes no more. */
  readonly draining: () => boolean;
}

/** What ADK's sample answers. */
const SENT = { status: 'sent' };
/** The most audio in one message to the model, bytes: one second at 16 kHz. */
const PIECE_BYTES = 32_000;
/** How often a source that waits asks whether the request queue has room again, ms. */
export const ROOM_CHECK_MS = 50;
/** Windows tools put it before UTF-8; it is no part of the text. */
const BYTE_ORDER_MARK = 0xfeff;

/**
 * `POST /send/:userId[/:sessionId]`: what the user says, in one of many shapes. Answers once it is in the request queue.
 * @throws {WireError} if any of it is wrong: then none of it was used
 */
export async function serveSend(
  req: IncomingMessage,
  res: ServerResponse,
  { userId, sessionId }: RouteIds,
  { sessions, bodyLimits, draining }: SendRouteOptions,
  corsHeaders: Record<string, string>,
): Promise<void> {
  const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = req.headers;
  const { essence } = parseMimeType(contentType);
  // An acknowledgement is JSON.
  if (draining() && !isJson(essence)) throw new WireError('draining');
  // First, so that nobody uploads a body for nothing.
  const session = sessions.get(userId, sessionId);
  if (encoding !== 'identity') throw new WireError('unsupported_encoding');

  if (essence === 'audio/pcm' && req.headers['content-length'] === undefined) {
    const bytes = await streamAudio(req, session, contentType, bodyLimits);
    answerJson(res, 200, { status: 'sent', bytes }, corsHeaders);
    return;
  }
  const body = await readBody(req, bodyLimits);
  // It may have ended while the body came.
  answerJson(res, 200, takeBody(sessions.get(userId, sessionId), req, body, essence, draining()), corsHeaders);
}

/** Hands a body to the session: in the order of its client if it stands in an envelope, or its query says so. */
function takeBody(
  session: LiveSession,
  req: IncomingMessage,
  body: Buffer,
  essence: string,
  draining: boolean,
): object {
  if (isJson(essence)) {
    if (body.length === 0) throw new WireError('empty_body');
    const json = parseJson(body);
    const enveloped = readEnvelope(json);
    // Acknowledgements are taken to the end: a reply that waits for them could not be finished.
    if (draining && !(enveloped && onlyAcknowledges(enveloped))) throw new WireError('draining');
    if (enveloped) return session.post(enveloped.envelope, () => decodeSend(enveloped.items));
    session.send(decodeSend(json));
    return SENT;
  }
  const { 'content-type': contentType = '' } = req.headers;
  const envelope = readEnvelopeQuery(new URLSearchParams(req.url?.split('?')[1]));
  if (envelope) return session.post(envelope, () => decodeRaw(body, essence, contentType));
  session.send(decodeRaw(body, essence, contentType));
  return SENT;
}

/** What `curl -d` says of a body, and nothing, are taken for JSON too. */
function isJson(essence: string): boolean {
  return essence === 'application/json' || essence === 'application/x-www-form-urlencoded' || essence === '';
}

/** An empty one is refused here, where its number is known: as any that is refused it uses it up. */
export function decodeRaw(body: Buffer, essence: string, contentType: string): LiveRequest[] {
  if (body.length === 0) throw new WireError('empty_body');
  if (essence === 'text/plain') return [textRequest(decodeUtf8(body))];
  if (essence === 'audio/pcm') return cutAudio(body, contentType);
  if (isImage(essence)) return [blobRequest(contentType, body.toString('base64'))];
  throw new WireError('unsupported_mime_type', `Mime type not supported: ${essence.slice(0, 100)}`);
}

/** A whole recording would be one message of megabytes to the model: it goes in pieces, as a microphone's would. */
function cutAudio(body: Buffer, contentType: string): LiveRequest[] {
  if (body.length % 2 !== 0) throw new WireError('odd_pcm_length');
  const requests: LiveRequest[] = [];
  for (let start = 0; start < body.length; start += PIECE_BYTES) {
    requests.push(blobRequest(contentType, body.toString('base64', start, start + PIECE_BYTES)));
  }
  return requests;
}

/** Each piece of audio goes on as it arrives; a sample that is split between two pieces waits for its second half. */
async function streamAudio(
  req: IncomingMessage,
  session: LiveSession,
  contentType: string,
  limits: BodyLimits,
): Promise<number> {
  let carried: Buffer = Buffer.alloc(0);
  let bytes = 0;
  await streamBody(req, limits, (chunk) => {
    bytes += chunk.length;
    const samples = carried.length > 0 ? Buffer.concat([carried, chunk]) : chunk;
    const whole = samples.length - (samples.length % 2);
    carried = samples.subarray(whole);
    if (whole > 0) session.send([blobRequest(contentType, samples.toString('base64', 0, whole))]);
    return session.congested ? untilRoom(session) : undefined;
  }).finally(() => {
    // Nothing follows, not even the silence by which the model would know it.
    if (bytes > 0 && !session.over) session.send([{ audio_stream_end: true }]);
  });
  if (bytes === 0) throw new WireError('empty_body');
  if (carried.length > 0) {
    throw new WireError('odd_pcm_length', 'The audio ended in the middle of a sample; all samples before it were used');
  }
  return bytes;
}

async function untilRoom(session: LiveSession): Promise<void> {
  while (session.congested && !session.over) await delay(ROOM_CHECK_MS);
}

export function parseJson(body: Buffer): unknown {
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

/** Decoding alone would quietly put other characters in the place of what it cannot read. */
function decodeUtf8(body: Buffer): string {
  if (!isUtf8(body)) throw new WireError('invalid_utf8');
  const text = body.toString();
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}
