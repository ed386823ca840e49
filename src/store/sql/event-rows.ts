import type { Kysely, Sql, Transaction } from 'kysely';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { EVENT_PAGE_LIMITS, type EventPage, type StoredSession } from '../session-store.ts';
import type { Tables } from './schema.ts';

/** Maximum number of events in one statement: SQLite takes 32,766 parameters, three for an event. */
const MAX_EVENTS = 1_000;

/** Events as JSON texts, by id. */
export interface EncodedEvents {
  readonly bodies: ReadonlyMap<string, string>;
  /** Size of the texts, in characters. */
  readonly characters: number;
}

/** Encodes events, of which the first one with an id counts. @throws {TypeError} if one of them is not JSON */
export function encodeEvents(events: readonly AgentEvent[]): EncodedEvents {
  const bodies = new Map<string, string>();
  let characters = 0;
  for (const event of events) {
    if (bodies.has(event.id)) continue;
    const body = JSON.stringify(event);
    bodies.set(event.id, body);
    characters += body.length;
  }
  return { bodies, characters };
}

/** Adds the events that a conversation does not have, and corrects its size by those that it has: a commit is repeated if its answer was lost. */
export async function insertEvents(
  transaction: Transaction<Tables>,
  sql: Sql,
  pk: number,
  bodies: EncodedEvents['bodies'],
): Promise<void> {
  const rows = Array.from(bodies, ([id, body]) => ({ session_pk: pk, id, body }));
  let repeated = 0;
  for (let from = 0; from < rows.length; from += MAX_EVENTS) {
    const part = rows.slice(from, from + MAX_EVENTS);
    const inserted = await transaction
      .insertInto('bidi_events')
      .values(part)
      .onConflict((conflict) => conflict.columns(['session_pk', 'id']).doNothing())
      .returning('id')
      .execute();
    if (inserted.length === part.length) continue;
    const ids = new Set(inserted.map(({ id }) => id));
    for (const { id, body } of part) if (!ids.has(id)) repeated += body.length;
  }
  if (repeated === 0) return;
  await transaction
    .updateTable('bidi_sessions')
    .set({ characters: sql<number>`characters - ${repeated}` })
    .where('pk', '=', pk)
    .execute();
}

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
