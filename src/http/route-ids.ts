import { WireError } from '../wire/error-catalogue.ts';
import { DEFAULT_SESSION_ID, isId } from '../wire/identifiers.ts';

export interface RouteIds {
  readonly userId: string;
  readonly sessionId: string;
}

/** The ids of a route, from the segments of its path. @throws {WireError} invalid_id */
export function readIds(userId: string, sessionId: string | undefined): RouteIds {
  return {
    userId: readId(userId, 'user'),
    sessionId: sessionId === undefined ? DEFAULT_SESSION_ID : readId(sessionId, 'session'),
  };
}

function readId(segment: string, whose: string): string {
  // Nearly every id stands in a path as it is.
  const id = isId(segment) ? segment : decode(segment);
  if (id === undefined || !isId(id)) throw new WireError('invalid_id', `The ${whose} id is not valid`);
  return id;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
