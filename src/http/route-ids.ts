import { DEFAULT_SESSION_ID, isId } from '../wire/identifiers.ts';
import { WireError } from '../wire/wire-error.ts';
import { copyText } from './copy-text.ts';

/** Names of a conversation within its app. */
export interface RouteIds {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * Reads the ids of a conversation from the segments of a path.
 * @param sessionId `undefined`: the default session
 * @param copies whether the segments are part of a long text, which the ids must not keep in memory. Default: false
 * @throws {WireError} invalid_id
 */
export function readIds(userId: string, sessionId: string | undefined, copies = false): RouteIds {
  const keep = copies ? copyText : keepText;
  return {
    userId: keep(readId(userId, 'user')),
    sessionId: sessionId === undefined ? DEFAULT_SESSION_ID : keep(readId(sessionId, 'session')),
  };
}

function keepText(text: string): string {
  return text;
}

function readId(segment: string, kind: 'user' | 'session'): string {
  // The id is in the query, and the client has left it out.
  if (segment === '') throw new WireError('invalid_id', `The ${kind} id is missing`);
  // Nearly every id needs no decoding.
  const id = isId(segment) ? segment : decode(segment);
  if (id === undefined || !isId(id)) throw new WireError('invalid_id', `The ${kind} id is not valid`);
  return id;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
