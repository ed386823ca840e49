import type { Kysely, Transaction } from 'kysely';
import type { ConversationKey } from '../conversation-key.ts';
import type { SessionState, StateValues } from '../session-store.ts';
import { type KeyColumns, toKeyColumns } from './key-columns.ts';
import type { Tables } from './schema.ts';

/** Maximum number of keys in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535. */
const MAX_KEYS = 1_000;

/** Reads the state of the application, of a user, and of a conversation if a session is given. */
export async function readState(
  db: Kysely<Tables>,
  { appName, userId, sessionId }: Pick<ConversationKey, 'appName' | 'userId'> & { readonly sessionId?: string },
): Promise<SessionState> {
  const rows = await db
    .selectFrom('bidi_state')
    .select(['user_id', 'session_id', 'name', 'value'])
    .where('app_name', '=', appName)
    .where(({ and, eb, or }) =>
      or([
        and([eb('user_id', '=', ''), eb('session_id', '=', '')]),
        and([eb('user_id', '=', userId), eb('session_id', 'in', sessionId === undefined ? [''] : ['', sessionId])]),
      ]),
    )
    .execute();
  const pick = (fits: (row: (typeof rows)[number]) => boolean) =>
    Object.fromEntries(rows.filter(fits).map(({ name, value }) => [JSON.parse(name), JSON.parse(value)]));
  return {
    app: pick(({ user_id }) => user_id === ''),
    user: pick(({ user_id, session_id }) => user_id !== '' && session_id === ''),
    session: pick(({ session_id }) => session_id !== ''),
  };
}

/** Writes the changes of a turn: `null` removes a key. */
export async function writeState(
  db: Transaction<Tables>,
  key: ConversationKey,
  { app, user, session }: Partial<SessionState>,
): Promise<void> {
  await writeScope(db, toKeyColumns({ ...key, userId: '', sessionId: '' }), app);
  await writeScope(db, toKeyColumns({ ...key, sessionId: '' }), user);
  await writeScope(db, toKeyColumns(key), session);
}

async function writeScope(db: Transaction<Tables>, owner: KeyColumns, changes: StateValues = {}): Promise<void> {
  const entries = Object.entries(changes);
  for (let from = 0; from < entries.length; from += MAX_KEYS) {
    await writeEntries(db, owner, entries.slice(from, from + MAX_KEYS));
  }
}

async function writeEntries(
  db: Transaction<Tables>,
  owner: KeyColumns,
  entries: readonly (readonly [string, unknown])[],
): Promise<void> {
  const removed = entries.flatMap(([name, value]) => (value === null ? [JSON.stringify(name)] : []));
  if (removed.length > 0) {
    await db
      .deleteFrom('bidi_state')
      .where(({ and }) => and({ ...owner }))
      .where('name', 'in', removed)
      .execute();
  }
  const rows = entries.flatMap(([name, value]) =>
    value === null ? [] : [{ ...owner, name: JSON.stringify(name), value: JSON.stringify(value) }],
  );
  if (rows.length === 0) return;
  await db
    .insertInto('bidi_state')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['app_name', 'user_id', 'session_id', 'name'])
        .doUpdateSet({ value: ({ ref }) => ref('excluded.value') }),
    )
    .execute();
}
