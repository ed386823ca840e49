import type { Sql, Transaction } from 'kysely';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { findTitle } from '../conversation-title.ts';
import type { Database, Tables } from './schema.ts';

/** Database that has tables of a newer version of this program. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';

  constructor(version: number) {
    super(
      `The database has tables of version ${version}, and this program knows version ${MIGRATIONS.length}: install the newer program`,
    );
  }
}

/** What differs between the databases. */
export interface ColumnTypes {
  /** Type of a number that the database counts up by itself, with the clause for a primary key. */
  readonly serialKey: string;
  /** Type of a number of 64 bits with a fraction. */
  readonly double: string;
  /** Clause after a text column that makes its order that of the bytes. */
  readonly binaryOrder: string;
}

type Migration = (db: Transaction<Tables>, sql: Sql, types: ColumnTypes) => Promise<void>;

/** Changes of the tables, in order. A released one never changes: databases have been through it. */
const MIGRATIONS: readonly Migration[] = [createTables, addTitles, addSummaries, addSizes];

/**
 * Brings the tables of a database to the version of this program, in one transaction.
 * @param lock keeps other processes from the same at the same time, until the end of the transaction
 * @throws {NewerSchemaError}
 */
export async function migrate(
  { db, sql }: Database,
  types: ColumnTypes,
  lock: (transaction: Transaction<Tables>) => Promise<unknown>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await lock(transaction);
    await sql`CREATE TABLE IF NOT EXISTS bidi_schema (version integer NOT NULL)`.execute(transaction);
    const row = await transaction.selectFrom('bidi_schema').select('version').executeTakeFirst();
    const version = row?.version ?? 0;
    if (version > MIGRATIONS.length) throw new NewerSchemaError(version);
    if (version === MIGRATIONS.length) return;
    for (const change of MIGRATIONS.slice(version)) await change(transaction, sql, types);
    await transaction.deleteFrom('bidi_schema').execute();
    await transaction.insertInto('bidi_schema').values({ version: MIGRATIONS.length }).execute();
  });
}

async function createTables(db: Transaction<Tables>, sql: Sql, types: ColumnTypes): Promise<void> {
  const [serialKey, double, binary] = [types.serialKey, types.double, types.binaryOrder].map((text) => sql.raw(text));
  await sql`CREATE TABLE bidi_sessions (
    pk ${serialKey},
    app_name text ${binary} NOT NULL,
    user_id text ${binary} NOT NULL,
    session_id text ${binary} NOT NULL,
    updated_at ${double} NOT NULL,
    has_events integer NOT NULL,
    resumption_provider text,
    resumption_handle text,
    UNIQUE (app_name, user_id, session_id)
  )`.execute(db);
  await sql`CREATE INDEX bidi_sessions_newest ON bidi_sessions (app_name, user_id, updated_at DESC, session_id DESC)`.execute(
    db,
  );
  await sql`CREATE TABLE bidi_events (
    position ${serialKey},
    session_pk bigint NOT NULL REFERENCES bidi_sessions (pk) ON DELETE CASCADE,
    id text NOT NULL,
    body text NOT NULL,
    UNIQUE (session_pk, id)
  )`.execute(db);
  await sql`CREATE INDEX bidi_events_order ON bidi_events (session_pk, position)`.execute(db);
  await sql`CREATE TABLE bidi_state (
    app_name text NOT NULL,
    user_id text NOT NULL,
    session_id text NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (app_name, user_id, session_id, name)
  )`.execute(db);
}

/** Number of conversations of one statement, and of events of the user in which a title is looked for. */
const TITLE_SESSIONS = 500;
const TITLE_EVENTS = 20;

async function addTitles(db: Transaction<Tables>, sql: Sql): Promise<void> {
  await sql`ALTER TABLE bidi_sessions ADD COLUMN title text NOT NULL DEFAULT ''`.execute(db);
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom('bidi_sessions')
      .select('pk')
      .where('pk', '>', after)
      .orderBy('pk')
      .limit(TITLE_SESSIONS)
      .execute();
    for (const { pk } of rows) await addTitle(db, pk);
    const last = rows.at(-1);
    if (!last) return;
    after = last.pk;
  }
}

async function addTitle(db: Transaction<Tables>, pk: number): Promise<void> {
  const rows = await db
    .selectFrom('bidi_events')
    .select('body')
    .where('session_pk', '=', pk)
    .where('body', 'like', '%"author":"user"%')
    .orderBy('position')
    .limit(TITLE_EVENTS)
    .execute();
  const title = findTitle(rows.map(({ body }): AgentEvent => JSON.parse(body)));
  if (title !== '') await db.updateTable('bidi_sessions').set({ title }).where('pk', '=', pk).execute();
}

async function addSummaries(db: Transaction<Tables>, sql: Sql): Promise<void> {
  await sql`ALTER TABLE bidi_sessions ADD COLUMN summary text`.execute(db);
}

async function addSizes(db: Transaction<Tables>, sql: Sql): Promise<void> {
  await sql`ALTER TABLE bidi_sessions ADD COLUMN characters bigint NOT NULL DEFAULT 0`.execute(db);
  await sql`UPDATE bidi_sessions SET characters =
    (SELECT COALESCE(SUM(LENGTH(body)), 0) FROM bidi_events WHERE session_pk = bidi_sessions.pk)`.execute(db);
  // With the size, this index has all that measures a user.
  await sql`DROP INDEX bidi_sessions_newest`.execute(db);
  await sql`CREATE INDEX bidi_sessions_newest ON bidi_sessions (app_name, user_id, updated_at DESC, session_id DESC, characters)`.execute(
    db,
  );
  await sql`CREATE INDEX bidi_sessions_oldest ON bidi_sessions (app_name, updated_at, session_id)`.execute(db);
}
