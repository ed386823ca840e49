import type { Kysely, Sql, Transaction } from 'kysely';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { EVENT_PAGE_LIMITS, type EventPage, type LoadOptions, type StoredSession } from '../session-store.ts';
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

/** Reads the newest events of a conversation. The sizes are read first, so that no event is read that is not returned. */
export async function readEvents(
  db: Kysely<Tables>,
  pk: number,
  { recentEvents, recentCharacters: maxBytes = Number.POSITIVE_INFINITY }: LoadOptions,
): Promise<Pick<StoredSession, 'events' | 'truncated'>> {
  let query = selectSizes(db, pk).orderBy('position', 'desc');
  if (recentEvents !== undefined) query = query.limit(recentEvents + 1);
  const sizes = await query.execute();
  const count = countFitting(sizes.slice(0, recentEvents), maxBytes);
  const first = sizes[count - 1]?.position;
  if (first === undefined) return { events: [], truncated: sizes.length > 0 };
  const events = await selectBodies(db, pk).where('position', '>=', first).execute();
  return { events: events.map(parseBody), truncated: sizes.length > count };
}

function selectSizes(db: Kysely<Tables>, pk: number) {
  return db
    .selectFrom('bidi_events')
    .select(({ fn, ref }) => ['position', fn<number>('octet_length', [ref('body')]).as('bytes')])
    .where('session_pk', '=', pk);
}

function selectBodies(db: Kysely<Tables>, pk: number) {
  return db.selectFrom('bidi_events').select('body').where('session_pk', '=', pk).orderBy('position');
}

/** Counts the first events that fit into a number of bytes. The first one fits in any case. */
function countFitting(sizes: readonly { readonly bytes: number }[], maxBytes: number): number {
  let total = 0;
  const beyond = sizes.findIndex(({ bytes }, index) => {
    total += bytes;
    return total > maxBytes && index > 0;
  });
  return beyond === -1 ? sizes.length : beyond;
}

function parseBody({ body }: { readonly body: string }): AgentEvent {
  return JSON.parse(body);
}

/**
 * Reads one page of the events of a conversation. The sizes are read first, so that a page of large events is no larger than others.
 * @throws {RangeError} if the cursor belongs to another conversation, or is none
 */
export async function readEventPage(db: Kysely<Tables>, pk: number, cursor: string | undefined): Promise<EventPage> {
  const after = cursor === undefined ? 0 : parseEventCursor(cursor, pk);
  const { events: maxEvents, characters: maxBytes } = EVENT_PAGE_LIMITS;
  const sizes = await selectSizes(db, pk)
    .where('position', '>', after)
    .orderBy('position')
    .limit(maxEvents + 1)
    .execute();
  const count = countFitting(sizes.slice(0, maxEvents), maxBytes);
  const last = sizes[count - 1]?.position;
  if (last === undefined) return { events: [] };
  const rows = await selectBodies(db, pk).where('position', '>', after).where('position', '<=', last).execute();
  const events = rows.map(parseBody);
  return count < sizes.length ? { events, next: `${pk}:${last}` } : { events };
}

function parseEventCursor(cursor: string, pk: number): number {
  const [conversation, position] = cursor.split(':').map(Number);
  if (conversation === pk && Number.isSafeInteger(position)) return Number(position);
  throw new RangeError('The cursor does not lead into this conversation');
}
