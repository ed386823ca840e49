import type { Kysely, Sql, Transaction } from 'kysely';
import type { AgentEvent } from '../../wire/agent-event.ts';
import type { ConversationKey } from '../conversation-key.ts';
import { findTitle } from '../conversation-title.ts';
import { parseListCursor } from '../list-cursor.ts';
import {
  DEFAULT_PAGE_LIMIT,
  type OldestOptions,
  type PageOptions,
  type SessionSummary,
  type StoredSize,
  type UserSize,
} from '../session-store.ts';
import { toKeyColumns } from './key-columns.ts';
import type { Tables } from './schema.ts';

/** Handle of a provider, encrypted. */
export interface EncryptedResumption {
  readonly provider: string;
  readonly handle: string;
}

/** Finds the row of a conversation. */
export function findSession(db: Kysely<Tables>, key: ConversationKey) {
  return db
    .selectFrom('bidi_sessions')
    .select(['pk', 'title', 'updated_at', 'resumption_provider', 'resumption_handle', 'summary'])
    .where(({ and }) => and({ ...toKeyColumns(key) }))
    .executeTakeFirst();
}

/**
 * Creates the row of a conversation, or changes it.
 * @param characters size of the events, as if the conversation had none of them
 * @returns its number
 */
export async function writeSession(
  transaction: Transaction<Tables>,
  sql: Sql,
  key: ConversationKey,
  { events, characters }: { readonly events: readonly AgentEvent[]; readonly characters: number },
  resumption: EncryptedResumption | undefined,
): Promise<number> {
  const newest = events.reduce((latest, { timestamp }) => Math.max(latest, timestamp), Number.NEGATIVE_INFINITY);
  const { pk } = await transaction
    .insertInto('bidi_sessions')
    .values({
      ...toKeyColumns(key),
      updated_at: events.length > 0 ? newest : Date.now() / 1000,
      has_events: events.length > 0 ? 1 : 0,
      title: findTitle(events),
      characters,
      resumption_provider: resumption?.provider ?? null,
      resumption_handle: resumption?.handle ?? null,
    })
    .onConflict((conflict) =>
      conflict.columns(['app_name', 'user_id', 'session_id']).doUpdateSet({
        // The time of a commit without events counts only until there is one.
        updated_at: sql<number>`CASE
          WHEN excluded.has_events = 0 THEN bidi_sessions.updated_at
          WHEN bidi_sessions.has_events = 0 OR excluded.updated_at > bidi_sessions.updated_at THEN excluded.updated_at
          ELSE bidi_sessions.updated_at END`,
        has_events: sql<number>`CASE WHEN excluded.has_events = 1 THEN 1 ELSE bidi_sessions.has_events END`,
        title: sql<string>`CASE WHEN bidi_sessions.title = '' THEN excluded.title ELSE bidi_sessions.title END`,
        characters: sql<number>`bidi_sessions.characters + excluded.characters`,
        resumption_provider: sql<string>`COALESCE(excluded.resumption_provider, bidi_sessions.resumption_provider)`,
        resumption_handle: sql<string>`COALESCE(excluded.resumption_handle, bidi_sessions.resumption_handle)`,
      }),
    )
    .returning('pk')
    .executeTakeFirstOrThrow();
  return pk;
}

/** Sets the title of a conversation. @returns false if there is none */
export async function setTitle(db: Kysely<Tables>, key: ConversationKey, title: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('bidi_sessions')
    .set({ title })
    .where(({ and }) => and({ ...toKeyColumns(key) }))
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Reads one row more than a page of the conversations of a user has, newest first. */
export async function listNewest(
  db: Kysely<Tables>,
  appName: string,
  userId: string,
  { limit = DEFAULT_PAGE_LIMIT, cursor }: PageOptions,
): Promise<SessionSummary[]> {
  const after = cursor === undefined ? undefined : parseListCursor(cursor);
  let query = db
    .selectFrom('bidi_sessions')
    .select(['session_id', 'title', 'updated_at'])
    .where(({ and }) => and({ app_name: appName, user_id: userId }))
    .orderBy('updated_at', 'desc')
    .orderBy('session_id', 'desc')
    .limit(limit + 1);
  if (after) {
    // The first condition has the index begin at the page. It does not for the second one alone.
    query = query
      .where('updated_at', '<=', after.updatedAt)
      .where(({ eb, or, and }) =>
        or([
          eb('updated_at', '<', after.updatedAt),
          and([eb('updated_at', '=', after.updatedAt), eb('session_id', '<', after.sessionId)]),
        ]),
      );
  }
  const rows = await query.execute();
  return rows.map(({ session_id: sessionId, title, updated_at: updatedAt }) => ({
    ...{ appName, userId, sessionId },
    ...{ title, updatedAt },
  }));
}

/** Lists the oldest conversations of an application, or of one of its users. */
export async function listOldest(
  db: Kysely<Tables>,
  appName: string,
  { userId, before, limit = DEFAULT_PAGE_LIMIT }: OldestOptions,
): Promise<StoredSize[]> {
  let query = db
    .selectFrom('bidi_sessions')
    .select(['user_id', 'session_id', 'updated_at', 'characters'])
    .where('app_name', '=', appName)
    .orderBy('updated_at')
    .orderBy('session_id')
    .limit(limit);
  if (userId !== undefined) query = query.where('user_id', '=', userId);
  if (before !== undefined) query = query.where('updated_at', '<', before);
  const rows = await query.execute();
  return rows.map(({ user_id, session_id, updated_at, characters }) => ({
    ...{ appName, userId: user_id, sessionId: session_id },
    ...{ updatedAt: updated_at, characters },
  }));
}

/** Counts the conversations of a user. One index has all that this reads. */
export async function measureUser(db: Kysely<Tables>, sql: Sql, appName: string, userId: string): Promise<UserSize> {
  return db
    .selectFrom('bidi_sessions')
    .select(({ fn }) => [
      fn.countAll<number>().as('conversations'),
      // PostgreSQL sums whole numbers as `numeric`, which its client returns as a text.
      sql<number>`CAST(COALESCE(SUM(characters), 0) AS bigint)`.as('characters'),
    ])
    .where(({ and }) => and({ app_name: appName, user_id: userId }))
    .executeTakeFirstOrThrow();
}
