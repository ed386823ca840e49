import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kysely, Sql, Transaction } from 'kysely';
import type { ConversationKey } from '../conversation-key.ts';
import { toKeyColumns } from './key-columns.ts';
import type { Database, Tables } from './schema.ts';

/** Name of the application whose conversations are deleted. No other has it: ids contain no slash. */
const DELETED_APP = '/';
/** Maximum number of events, and of bytes of their text, that are removed in one turn of the event loop. One larger event is removed alone. */
const MAX_EVENTS = 200;
const MAX_BYTES = 256 * 1024;

/**
 * Takes a conversation away from its key, which is free at once, and removes its state. The events follow later, in parts: removing 100 MB at once
 * would stop the event loop.
 * @returns false if there is no such conversation
 */
export async function moveToDeleted(
  transaction: Transaction<Tables>,
  sql: Sql,
  key: ConversationKey,
): Promise<boolean> {
  await transaction
    .deleteFrom('bidi_state')
    .where(({ and }) => and({ ...toKeyColumns(key) }))
    .execute();
  const { numUpdatedRows } = await transaction
    .updateTable('bidi_sessions')
    .set({
      app_name: DELETED_APP,
      session_id: sql<string>`CAST(pk AS text)`,
      ...{ user_id: '', title: '', summary: null, resumption_provider: null, resumption_handle: null },
    })
    .where(({ and }) => and({ ...toKeyColumns(key) }))
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Removes the events of deleted conversations in the background, those that a crash has left included. Several processes may do it at the same time. */
export class DeletedSessions {
  readonly #runWrite: (run: () => Promise<boolean>) => Promise<boolean>;
  #isDue = false;
  #isClosed = false;
  #removing: Promise<void> | undefined;

  /** @param runWrite runs a write, which it may repeat */
  constructor(runWrite: (run: () => Promise<boolean>) => Promise<boolean>) {
    this.#runWrite = runWrite;
  }

  /** Begins to remove what is there now, unless that is under way. A database that fails is tried again with the next call. */
  removeLater(database: Database): void {
    this.#isDue = true;
    this.#removing ??= this.#remove(database.db)
      .catch(() => {})
      .finally(() => {
        this.#removing = undefined;
        // A delete that came when the last part was removed.
        if (this.#isDue && !this.#isClosed) this.removeLater(database);
      });
  }

  /** Stops after the part that is being removed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#removing;
  }

  async #remove(db: Kysely<Tables>): Promise<void> {
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      await nextTurn();
      for (let pk = await findDeleted(db); pk !== undefined && !this.#isClosed; pk = await findDeleted(db)) {
        while (!this.#isClosed && (await this.#removePart(db, pk))) await nextTurn();
        await nextTurn();
      }
    }
  }

  #removePart(db: Kysely<Tables>, pk: number): Promise<boolean> {
    return this.#runWrite(() => removePart(db, pk));
  }
}

async function findDeleted(db: Kysely<Tables>): Promise<number | undefined> {
  const row = await db
    .selectFrom('bidi_sessions')
    .select('pk')
    .where('app_name', '=', DELETED_APP)
    .limit(1)
    .executeTakeFirst();
  return row?.pk;
}

/** Removes some events of a conversation, or its row if there are none. @returns whether there may be more */
async function removePart(db: Kysely<Tables>, pk: number): Promise<boolean> {
  const sizes = await db
    .selectFrom('bidi_events')
    .select(({ fn, ref }) => ['position', fn<number>('octet_length', [ref('body')]).as('bytes')])
    .where('session_pk', '=', pk)
    .orderBy('position')
    .limit(MAX_EVENTS)
    .execute();
  let bytes = 0;
  const beyond = sizes.findIndex((size, index) => {
    bytes += size.bytes;
    return bytes > MAX_BYTES && index > 0;
  });
  const last = sizes.at(beyond === -1 ? -1 : beyond - 1)?.position;
  if (last === undefined) {
    await db.deleteFrom('bidi_sessions').where('pk', '=', pk).execute();
    return false;
  }
  await db.deleteFrom('bidi_events').where('session_pk', '=', pk).where('position', '<=', last).execute();
  return true;
}
