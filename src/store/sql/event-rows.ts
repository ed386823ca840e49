import type { Kysely } from 'kysely';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { EVENT_PAGE_LIMITS, type EventPage, type StoredSession } from '../session-store.ts';
import type { Tables } from './schema.ts';

/** Reads the newest events of a conversation. @param limit maximum number of events. Default: all */
export async function readEvents(
  db: Kysely<Tables>,
  pk: number,
  limit: number | undefined,
): Promise<Pick<StoredSession, 'events' | 'truncated'>> {
  let query = db.selectFrom('bidi_events').select('body').where('session_pk', '=', pk).orderBy('position', 'desc');
  if (limit !== undefined) query = query.limit(limit + 1);
  const rows = await query.execute();
  const truncated = limit !== undefined && rows.length > limit;
  const newest = truncated ? rows.slice(0, limit) : rows;
  return { events: newest.reverse().map(({ body }): AgentEvent => JSON.parse(body)), truncated };
}

/**
 * Reads one page of the events of a conversation. The sizes are read first, so that a page of large events is no larger than others.
 * @throws {RangeError} if the cursor belongs to another conversation, or is none
 */
export async function readEventPage(db: Kysely<Tables>, pk: number, cursor: string | undefined): Promise<EventPage> {
  const after = cursor === undefined ? 0 : parseEventCursor(cursor, pk);
  const { events: maxEvents, characters: maxBytes } = EVENT_PAGE_LIMITS;
  const sizes = await db
    .selectFrom('bidi_events')
    .select(({ fn, ref }) => ['position', fn<number>('octet_length', [ref('body')]).as('bytes')])
    .where('session_pk', '=', pk)
    .where('position', '>', after)
    .orderBy('position')
    .limit(maxEvents + 1)
    .execute();
  let bytes = 0;
  const beyond = sizes.slice(0, maxEvents).findIndex((size, index) => {
    bytes += size.bytes;
    return bytes > maxBytes && index > 0;
  });
  const count = beyond === -1 ? Math.min(sizes.length, maxEvents) : beyond;
  const last = sizes[count - 1]?.position;
  if (last === undefined) return { events: [] };
  const rows = await db
    .selectFrom('bidi_events')
    .select('body')
    .where('session_pk', '=', pk)
    .where('position', '>', after)
    .where('position', '<=', last)
    .orderBy('position')
    .execute();
  const events = rows.map(({ body }): AgentEvent => JSON.parse(body));
  return count < sizes.length ? { events, next: `${pk}:${last}` } : { events };
}

function parseEventCursor(cursor: string, pk: number): number {
  const [conversation, position] = cursor.split(':').map(Number);
  if (conversation === pk && Number.isSafeInteger(position)) return Number(position);
  throw new RangeError('The cursor does not lead into this conversation');
}
