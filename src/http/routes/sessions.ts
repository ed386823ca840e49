import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FileLoads } from '../../session/file-loads.ts';
import type { MemoryBudget } from '../../session/memory-budget.ts';
import type { StoredSessions } from '../../session/stored-sessions.ts';
import type { PageOptions } from '../../store/session-store.ts';
import { omitUndefined } from '../../wire/omit-undefined.ts';
import { WireError } from '../../wire/wire-error.ts';
import { answerJson } from '../answer.ts';
import type { BodyBudget } from '../body-budget.ts';
import type { RequestContext } from '../gate.ts';
import { readNewConversation, readNewTitle } from '../session-body.ts';
import { toSessionJson, toSessionRow } from '../session-json.ts';
import { sendExport } from './session-export.ts';

export interface SessionRouteOptions {
  readonly sessions: StoredSessions;
  readonly bodies: BodyBudget;
  /** Counts the parts of exports that wait for their readers. */
  readonly memory: MemoryBudget;
  /** Limits the files that wait for their readers. */
  readonly files: FileLoads;
  /** Whether the server is shutting down. */
  readonly draining: () => boolean;
}

/** What is known of a request before its route runs. */
interface SessionRequest extends SessionRouteOptions {
  readonly context: RequestContext;
  readonly method: string;
}

/** Maximum number of conversations of one page. */
const MAX_PAGE_LIMIT = 100;
/** Number of requests that a new conversation costs its address, besides its own: at a limit of the user, an older one is deleted for it. */
const REQUESTS_PER_CREATION = 19;

/**
 * `GET /sessions/:userId`: a page of the user's conversations. `POST /sessions/:userId`: creates one.
 * @throws {WireError} draining, invalid_query, store_unavailable, and what `StoredSessions.create` throws or a body that is not valid
 */
export async function serveSessions(req: IncomingMessage, res: ServerResponse, request: SessionRequest): Promise<void> {
  const { sessions, bodies, context, method, draining } = request;
  const { userId, corsHeaders } = context;
  if (draining()) throw new WireError('draining');
  if (method === 'POST') {
    const conversation = await readNewConversation(req, context, bodies);
    context.chargeRequests(REQUESTS_PER_CREATION);
    const created = await sessions.create(userId, conversation);
    answerJson(res, 201, { ...toSessionJson(created), events: [] }, corsHeaders);
    return;
  }
  const page = await sessions.list(userId, readPage(req.url));
  const isVolatile = page.isVolatile ? { volatile: true } : {};
  const rows = { sessions: page.sessions.map(toSessionRow), ...isVolatile, next: page.next };
  answerJson(res, 200, omitUndefined(rows), corsHeaders);
}

/**
 * `GET /sessions/:userId/:sessionId`: a whole conversation. `PATCH`: changes its title. `DELETE`: deletes it.
 * @throws {WireError} draining, session_not_found, store_unavailable, server_busy, invalid_query, no_recording, invalid_title, and those of a body that is not valid
 */
export async function serveSession(req: IncomingMessage, res: ServerResponse, request: SessionRequest): Promise<void> {
  const { sessions, bodies, memory, context, method, draining } = request;
  const { userId, sessionId, corsHeaders } = context;
  if (draining()) throw new WireError('draining');
  if (method === 'DELETE') {
    await sessions.delete(userId, sessionId);
    answerJson(res, 200, { status: 'deleted' }, corsHeaders);
    return;
  }
  if (method === 'PATCH') {
    const renamed = await sessions.rename(userId, sessionId, await readNewTitle(req, context, bodies));
    answerJson(res, 200, toSessionRow(renamed), corsHeaders);
    return;
  }
  await sendExport(req.url, res, context, { sessions, memory });
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
