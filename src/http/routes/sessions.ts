import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServerBusyError, type MemoryBudget } from '../../session/memory-budget.ts';
import type { NewConversation, StoredSessions } from '../../session/stored-sessions.ts';
import type { PageOptions } from '../../store/session-store.ts';
import { isId } from '../../wire/identifiers.ts';
import { parseMimeType } from '../../wire/mime-type.ts';
import { omitUndefined } from '../../wire/omit-undefined.ts';
import { isRecord } from '../../wire/record.ts';
import { decodeStateDelta } from '../../wire/state-delta.ts';
import { WireError } from '../../wire/wire-error.ts';
import { answerJson } from '../answer.ts';
import type { BodyBudget, BodySender } from '../body-budget.ts';
import { isJson, parseJson } from '../decode-body.ts';
import type { RequestContext } from '../gate.ts';
import { hasBody, ParsedJson, readBody } from '../request-body.ts';
import { toSessionJson, toSessionRow } from '../session-json.ts';
import { SessionExport } from './session-export.ts';

export interface SessionRouteOptions {
  readonly sessions: StoredSessions;
  readonly bodies: BodyBudget;
  /** Counts the parts of exports that wait for their readers. */
  readonly memory: MemoryBudget;
  /** Whether the server is shutting down. */
  readonly draining: () => boolean;
}

/** Maximum number of conversations of one page. */
const MAX_PAGE_LIMIT = 100;

/**
 * `GET /sessions/:userId`: a page of the user's conversations. `POST /sessions/:userId`: creates one.
 * @throws {WireError} draining, invalid_query, store_unavailable, and what `StoredSessions.create` throws or a body that is not valid
 */
export async function serveSessions(
  req: IncomingMessage,
  res: ServerResponse,
  context: RequestContext,
  options: SessionRouteOptions,
): Promise<void> {
  const { userId, corsHeaders } = context;
  const { sessions } = options;
  if (options.draining()) throw new WireError('draining');
  if (req.method === 'POST') {
    const created = await sessions.create(userId, await readNewConversation(req, context, options));
    answerJson(res, 201, { ...toSessionJson(created), events: [] }, corsHeaders);
    return;
  }
  const page = await sessions.list(userId, readPage(req.url));
  answerJson(res, 200, omitUndefined({ sessions: page.sessions.map(toSessionRow), next: page.next }), corsHeaders);
}

/**
 * `GET /sessions/:userId/:sessionId`: a whole conversation. `DELETE`: deletes it.
 * @throws {WireError} draining, session_not_found, store_unavailable, server_busy
 */
export async function serveSession(
  req: IncomingMessage,
  res: ServerResponse,
  context: RequestContext,
  { sessions, memory, draining }: SessionRouteOptions,
): Promise<void> {
  const { userId, sessionId, corsHeaders } = context;
  if (draining()) throw new WireError('draining');
  if (req.method === 'DELETE') {
    await sessions.delete(userId, sessionId);
    answerJson(res, 200, { status: 'deleted' }, corsHeaders);
    return;
  }
  if (!memory.admitsWork) throw createServerBusyError();
  await new SessionExport(res, context, memory).send(await sessions.read(userId, sessionId));
}

/** @throws {WireError} invalid_query */
function readPage(url = ''): PageOptions {
  const query = new URLSearchParams(url.split('?')[1]);
  const limit = query.get('limit');
  if (limit !== null && !(/^\d{1,3}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MAX_PAGE_LIMIT)) {
    throw new WireError('invalid_query', `limit must be a number from 1 to ${MAX_PAGE_LIMIT}`);
  }
  return omitUndefined({ limit: limit === null ? undefined : Number(limit), cursor: query.get('cursor') ?? undefined });
}

/** @throws {WireError} of the body, invalid_id, malformed_item, state_not_allowed, state_too_large */
async function readNewConversation(
  req: IncomingMessage,
  sender: BodySender,
  { bodies }: SessionRouteOptions,
): Promise<NewConversation> {
  if (!hasBody(req)) return {};
  const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = req.headers;
  if (encoding !== 'identity') throw new WireError('unsupported_encoding');
  if (!isJson(parseMimeType(contentType).essence)) {
    throw new WireError('unsupported_mime_type', undefined, 'send a JSON object with Content-Type: application/json');
  }
  const body = await readBody(req, sender, bodies);
  return decodeNewConversation(body instanceof ParsedJson ? body.value : parseJson(body));
}

function decodeNewConversation(body: unknown): NewConversation {
  if (!isRecord(body)) throw createBodyError('The body must be an object');
  const { session_id: sessionId, state, ...others } = body;
  const [other] = Object.keys(others);
  if (other !== undefined) throw createBodyError(`The body has an unknown field: ${other.slice(0, 40)}`);
  if (sessionId !== undefined && !(typeof sessionId === 'string' && isId(sessionId))) {
    throw new WireError('invalid_id', 'session_id is not valid');
  }
  // An empty state is none.
  if (state === undefined || (isRecord(state) && Object.keys(state).length === 0)) return { sessionId };
  return { sessionId, state: decodeStateDelta(state) };
}

function createBodyError(error: string): WireError {
  return new WireError('malformed_item', error, 'send {"session_id":"…","state":{…}}; both fields are optional');
}
