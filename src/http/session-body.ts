import type { IncomingMessage } from 'node:http';
import type { NewConversation } from '../session/stored-sessions.ts';
import { parseTitle } from '../store/conversation-title.ts';
import { isId } from '../wire/identifiers.ts';
import { parseMimeType } from '../wire/mime-type.ts';
import { isRecord } from '../wire/record.ts';
import { decodeStateDelta } from '../wire/state-delta.ts';
import { WireError } from '../wire/wire-error.ts';
import type { BodyBudget, BodySender } from './body-budget.ts';
import { isJson, parseJson } from './decode-body.ts';
import { hasBody, ParsedJson, readBody } from './request-body.ts';

const CREATE_HINT = 'send {"session_id":"…","state":{…}}; both fields are optional';
const RENAME_HINT = 'send {"title":"…"}';

/**
 * Reads the body of a request that creates a conversation. It may be absent.
 * @throws {WireError} of the body, invalid_id, malformed_item, state_not_allowed, state_too_large
 */
export async function readNewConversation(
  req: IncomingMessage,
  sender: BodySender,
  bodies: BodyBudget,
): Promise<NewConversation> {
  if (!hasBody(req)) return {};
  const { session_id: sessionId, state, ...others } = checkRecord(await readJson(req, sender, bodies), CREATE_HINT);
  checkNoOthers(others, CREATE_HINT);
  if (sessionId !== undefined && !(typeof sessionId === 'string' && isId(sessionId))) {
    throw new WireError('invalid_id', 'session_id is not valid');
  }
  // An empty state is none.
  if (state === undefined || (isRecord(state) && Object.keys(state).length === 0)) return { sessionId };
  return { sessionId, state: decodeStateDelta(state) };
}

/**
 * Reads the body of a request that renames a conversation.
 * @returns the title, as `parseTitle` returns it
 * @throws {WireError} of the body, malformed_item, invalid_title
 */
export async function readNewTitle(req: IncomingMessage, sender: BodySender, bodies: BodyBudget): Promise<string> {
  if (!hasBody(req)) throw new WireError('empty_body', undefined, RENAME_HINT);
  const { title: text, ...others } = checkRecord(await readJson(req, sender, bodies), RENAME_HINT);
  checkNoOthers(others, RENAME_HINT);
  const title = typeof text === 'string' ? parseTitle(text) : undefined;
  if (title === undefined) throw new WireError('invalid_title');
  return title;
}

async function readJson(req: IncomingMessage, sender: BodySender, bodies: BodyBudget): Promise<unknown> {
  const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = req.headers;
  if (encoding !== 'identity') throw new WireError('unsupported_encoding');
  if (!isJson(parseMimeType(contentType).essence)) {
    throw new WireError('unsupported_mime_type', undefined, 'send a JSON object with Content-Type: application/json');
  }
  const body = await readBody(req, sender, bodies);
  return body instanceof ParsedJson ? body.value : parseJson(body);
}

function checkRecord(body: unknown, hint: string): Record<string, unknown> {
  if (!isRecord(body)) throw new WireError('malformed_item', 'The body must be an object', hint);
  return body;
}

function checkNoOthers(others: Record<string, unknown>, hint: string): void {
  const [other] = Object.keys(others);
  if (other === undefined) return;
  throw new WireError('malformed_item', `The body has an unknown field: ${other.slice(0, 40)}`, hint);
}
