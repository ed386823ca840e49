import { isId } from '../wire/identifiers.ts';

/** Position in a list of sessions: the last session of the page before. */
export interface ListPosition {
  readonly updatedAt: number;
  readonly sessionId: string;
}

/** Formats the cursor of the page that follows this session: its time and id, which also order the list. */
export function formatListCursor({ updatedAt, sessionId }: ListPosition): string {
  return `${updatedAt}:${sessionId}`;
}

/** @throws {RangeError} if the text is not a cursor of `formatListCursor` */
export function parseListCursor(cursor: string): ListPosition {
  const colon = cursor.indexOf(':');
  const updatedAt = Number(cursor.slice(0, Math.max(0, colon)));
  const sessionId = cursor.slice(colon + 1);
  if (colon < 1 || !Number.isFinite(updatedAt) || !isId(sessionId)) {
    throw new RangeError(`"${cursor.slice(0, 100)}" is not a cursor of a session list`);
  }
  return { updatedAt, sessionId };
}

/** Orders sessions for a list: newest first, then descending by id. */
export function compareForList(one: ListPosition, other: ListPosition): number {
  if (one.updatedAt !== other.updatedAt) return other.updatedAt - one.updatedAt;
  if (one.sessionId === other.sessionId) return 0;
  return one.sessionId < other.sessionId ? 1 : -1;
}
