import type { IncomingMessage, ServerResponse } from 'node:http';
import { RepeatedJson } from '../../json/repeated-json.ts';
import type { ClientPost, SessionOpener } from '../../session/session-handle.ts';
import { isOnlyAcknowledgement, readEnvelope, readEnvelopeQuery } from '../../wire/envelope.ts';
import { parseMimeType } from '../../wire/mime-type.ts';
import { WireError } from '../../wire/wire-error.ts';
import { answerJson } from '../answer.ts';
import type { BodyBudget } from '../body-budget.ts';
import { copyText } from '../copy-text.ts';
import { decodeItems, decodeRaw, type ItemDecoding, isJson, parseJson } from '../decode-body.ts';
import type { RequestContext } from '../gate.ts';
import { readSenderDialect } from '../reader-query.ts';
import { isBodyConsumed, ParsedJson, readBody } from '../request-body.ts';
import { AudioUpload } from './audio-upload.ts';

export interface SendRouteOptions {
  readonly sessions: SessionOpener;
  readonly bodies: BodyBudget;
  /** Whether the server is shutting down: it finishes the replies in progress and refuses new requests. */
  readonly draining: () => boolean;
}

/** Answer to a POST without an envelope, as in ADK's sample. */
const SENT = { status: 'sent' };
/** Parser of all JSON bodies: each page of a kind sends its speech in the same form. */
const json = new RepeatedJson(parseJson);

/**
 * `POST /send/:userId[/:sessionId]`: input of the user, in one of several body formats. Answers when the input is in the request queue.
 * @throws {WireError} invalid_query; or any part of the body is invalid or cannot be accepted, and no part of it was used
 */
export async function serveSend(
  req: IncomingMessage,
  res: ServerResponse,
  context: RequestContext,
  { sessions, bodies, draining }: SendRouteOptions,
): Promise<void> {
  const { userId, sessionId, corsHeaders, principal } = context;
  const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = req.headers;
  const { essence } = parseMimeType(contentType);
  // A JSON body may be an acknowledgement, which is accepted while the server drains.
  if (draining() && !isJson(essence)) throw new WireError('draining');
  const decoding: ItemDecoding = { dialect: readSenderDialect(req.url), sessionId };
  // Look the session up before the body is read, so that no client uploads a body in vain.
  const session = await sessions.get(userId, sessionId);
  if (encoding !== 'identity') throw new WireError('unsupported_encoding');

  if (essence === 'audio/pcm' && req.headers['content-length'] === undefined && !isBodyConsumed(req)) {
    const { expiresAt } = principal;
    const upload = new AudioUpload(req, session, contentType, { sender: context, expiresAt, bodies });
    const bytes = await upload.receive();
    answerJson(res, 200, { status: 'sent', bytes }, corsHeaders);
    return;
  }
  const body = await readBody(req, context, bodies);
  const post = decodePost(req, body, essence, decoding, draining());
  // The session may have ended while the body was read, and another one may have the same ids.
  const current = session.over ? await sessions.get(userId, sessionId) : session;
  const answer = await current.post(post);
  if ('refusal' in answer) throw WireError.fromBody(answer.refusal);
  answerJson(res, 200, post.envelope ? answer : SENT, corsHeaders);
}

/**
 * Decodes a body and its envelope, which a JSON body contains and other bodies have in their query.
 * @throws {WireError} empty_body, malformed_json, invalid_utf8, malformed_envelope, draining
 */
function decodePost(
  req: IncomingMessage,
  body: Buffer | ParsedJson,
  essence: string,
  decoding: ItemDecoding,
  draining: boolean,
): ClientPost {
  if (body instanceof ParsedJson) return decodeJsonPost(body.value, decoding, draining);
  if (isJson(essence)) return decodeJsonPost(json.parse(body), decoding, draining);
  const { 'content-type': contentType = '' } = req.headers;
  const read = readEnvelopeQuery(new URLSearchParams(req.url?.split('?')[1]));
  const envelope = read && { ...read, client: copyText(read.client) };
  return { envelope, body: decodeRaw(body, essence, contentType) };
}

/**
 * Decodes a JSON body, or a text frame of a WebSocket.
 * @param draining whether anything but an acknowledgement is refused. Acknowledgements are accepted to the end, because a reply in progress
 * may wait for them
 * @throws {WireError} malformed_envelope, draining
 */
export function decodeJsonPost(body: unknown, decoding: ItemDecoding, draining: boolean): ClientPost {
  const enveloped = readEnvelope(body);
  if (draining && !(enveloped && isOnlyAcknowledgement(enveloped))) throw new WireError('draining');
  if (!enveloped) return { body: decodeItems(body, decoding) };
  return { envelope: enveloped.envelope, body: decodeItems(enveloped.items, decoding) };
}
