import type { Kysely, Sql, Transaction } from 'kysely';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { type ConversationKey, formatKey } from '../conversation-key.ts';
import { findTitle } from '../conversation-title.ts';
import { formatListCursor, parseListCursor } from '../list-cursor.ts';
import {
  DEFAULT_PAGE_LIMIT,
  type EventPage,
  type EventPageOptions,
  type LoadOptions,
  type PageOptions,
  type SessionPage,
  type SessionState,
  type SessionStore,
  type StoredResumption,
  type StoredSession,
  type TurnCommit,
} from '../session-store.ts';
import { readEventPage, readEvents } from './event-rows.ts';
import { HandleCipher } from './handle-cipher.ts';
import type { Database, Tables } from './schema.ts';
import { readState, writeState } from './state-rows.ts';
import { readSummary, writeSummary } from './summary-column.ts';

export interface SqlStoreOptions {
  /** Opens the database. Called once, before the first statement. */
  readonly connect: () => Promise<Database>;
  /** Creates the tables. Called after that; a call that failed is repeated with the next statement. */
  readonly prepare: (database: Database) => Promise<void>;
  /** Encrypts resumption handles. Default: they are not stored, and each run tells the provider the conversation. */
  readonly handleSecret?: string | undefined;
}

/** Maximum number of events in one statement: SQLite takes 32,766 parameters, three for an event. */
const MAX_EVENTS = 1_000;

/** Conversations in a database. */
export class SqlStore implements SessionStore {
  readonly #options: SqlStoreOptions;
  readonly #cipher: HandleCipher | undefined;
  #connected: Promise<Database> | undefined;
  #prepared: Promise<void> | undefined;
  /** Commits and deletes that are running, by conversation: a later one of the same conversation waits for them. */
  readonly #writes = new Map<string, Promise<unknown>>();

  constructor(options: SqlStoreOptions) {
    this.#options = options;
    this.#cipher = options.handleSecret === undefined ? undefined : new HandleCipher(options.handleSecret);
  }

  async load(key: ConversationKey, { recentEvents }: LoadOptions = {}): Promise<StoredSession | undefined> {
    const { db } = await this.#open();
    const { appName, userId, sessionId } = key;
    return db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (snapshot) => {
        const session = await this.#findSession(snapshot, key);
        if (!session) return undefined;
        const { events, truncated } = await readEvents(snapshot, session.pk, recentEvents);
        const state = await readState(snapshot, key);
        const resumption = this.#readResumption(key, session.resumption_provider, session.resumption_handle);
        const summary = readSummary(session.summary);
        return {
          ...{ appName, userId, sessionId },
          ...{ events, truncated, state },
          ...(resumption ? { resumption } : {}),
          ...(summary ? { summary } : {}),
          updatedAt: session.updated_at,
        };
      });
  }

  async readEvents(key: ConversationKey, { cursor }: EventPageOptions = {}): Promise<EventPage | undefined> {
    const { db } = await this.#open();
    const session = await this.#findSession(db, key);
    return session && readEventPage(db, session.pk, cursor);
  }

  async loadState(appName: string, userId: string): Promise<Pick<SessionState, 'app' | 'user'>> {
    const { app, user } = await readState((await this.#open()).db, { appName, userId });
    return { app, user };
  }

  commit(key: ConversationKey, turn: TurnCommit): Promise<void> {
    return this.#write(key, () => this.#commitTurn(key, turn));
  }

  async list(appName: string, userId: string, page: PageOptions = {}): Promise<SessionPage> {
    const { limit = DEFAULT_PAGE_LIMIT, cursor } = page;
    const after = cursor === undefined ? undefined : parseListCursor(cursor);
    const { db } = await this.#open();
    let query = db
      .selectFrom('bidi_sessions')
      .select(['session_id', 'title', 'updated_at'])
      .where('app_name', '=', appName)
      .where('user_id', '=', userId)
      .orderBy('updated_at', 'desc')
      .orderBy('session_id', 'desc')
      .limit(limit + 1);
    if (after) {
      query = query.where(({ eb, or, and }) =>
        or([
          eb('updated_at', '<', after.updatedAt),
          and([eb('updated_at', '=', after.updatedAt), eb('session_id', '<', after.sessionId)]),
        ]),
      );
    }
    const rows = await query.execute();
    const found = rows.map(({ session_id, title, updated_at }) => ({
      ...{ appName, userId, title },
      sessionId: session_id,
      updatedAt: updated_at,
    }));
    const sessions = found.slice(0, limit);
    const last = sessions.at(-1);
    return last && found.length > limit ? { sessions, next: formatListCursor(last) } : { sessions };
  }

  rename(key: ConversationKey, title: string): Promise<boolean> {
    return this.#write(key, () => this.#setTitle(key, title));
  }

  delete(key: ConversationKey): Promise<boolean> {
    return this.#write(key, () => this.#deleteRows(key));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writes.values());
    const { db } = await this.#connect();
    await db.destroy();
  }

  /** Runs a write after those of the same conversation that were called before. */
  #write<T>(key: ConversationKey, run: () => Promise<T>): Promise<T> {
    const name = formatKey(key);
    const previous = this.#writes.get(name) ?? Promise.resolve();
    // A write that failed does not keep the next one from its turn.
    const write = previous.catch(() => {}).then(run);
    this.#writes.set(name, write);
    const forget = () => {
      if (this.#writes.get(name) === write) this.#writes.delete(name);
    };
    write.then(forget, forget);
    return write;
  }

  async #setTitle({ appName, userId, sessionId }: ConversationKey, title: string): Promise<boolean> {
    const { db } = await this.#open();
    const { numUpdatedRows } = await db
      .updateTable('bidi_sessions')
      .set({ title })
      .where('app_name', '=', appName)
      .where('user_id', '=', userId)
      .where('session_id', '=', sessionId)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  async #deleteRows(key: ConversationKey): Promise<boolean> {
    const { db } = await this.#open();
    const { appName, userId, sessionId } = key;
    return db.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('bidi_state')
        .where('app_name', '=', appName)
        .where('user_id', '=', userId)
        .where('session_id', '=', sessionId)
        .execute();
      const { numDeletedRows } = await transaction
        .deleteFrom('bidi_sessions')
        .where('app_name', '=', appName)
        .where('user_id', '=', userId)
        .where('session_id', '=', sessionId)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    });
  }

  #connect(): Promise<Database> {
    this.#connected ??= this.#options.connect();
    return this.#connected;
  }

  async #open(): Promise<Database> {
    const database = await this.#connect();
    this.#prepared ??= this.#options.prepare(database).catch((error) => {
      this.#prepared = undefined;
      throw error;
    });
    await this.#prepared;
    return database;
  }

  async #commitTurn(key: ConversationKey, { events, state, resumption, summary }: TurnCommit): Promise<void> {
    const { db, sql } = await this.#open();
    await db.transaction().execute(async (transaction) => {
      const pk = await this.#writeSession(transaction, sql, key, events, resumption);
      for (let from = 0; from < events.length; from += MAX_EVENTS) {
        const rows = events
          .slice(from, from + MAX_EVENTS)
          .map((event) => ({ session_pk: pk, id: event.id, body: JSON.stringify(event) }));
        await transaction
          .insertInto('bidi_events')
          .values(rows)
          .onConflict((conflict) => conflict.columns(['session_pk', 'id']).doNothing())
          .execute();
      }
      if (state) await writeState(transaction, key, state);
      if (summary) await writeSummary(transaction, pk, summary);
    });
  }

  /** Creates the row of a conversation, or changes it. @returns its number */
  async #writeSession(
    transaction: Transaction<Tables>,
    sql: Sql,
    key: ConversationKey,
    events: readonly AgentEvent[],
    resumption: StoredResumption | undefined,
  ): Promise<number> {
    const { appName, userId, sessionId } = key;
    const newest = events.reduce((latest, { timestamp }) => Math.max(latest, timestamp), Number.NEGATIVE_INFINITY);
    const handle = resumption && this.#cipher?.encrypt(resumption.handle, formatKey(key));
    const { pk } = await transaction
      .insertInto('bidi_sessions')
      .values({
        app_name: appName,
        user_id: userId,
        session_id: sessionId,
        updated_at: events.length > 0 ? newest : Date.now() / 1000,
        has_events: events.length > 0 ? 1 : 0,
        title: findTitle(events),
        resumption_provider: handle === undefined ? null : (resumption?.provider ?? null),
        resumption_handle: handle ?? null,
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
          resumption_provider: sql<string>`COALESCE(excluded.resumption_provider, bidi_sessions.resumption_provider)`,
          resumption_handle: sql<string>`COALESCE(excluded.resumption_handle, bidi_sessions.resumption_handle)`,
        }),
      )
      .returning('pk')
      .executeTakeFirstOrThrow();
    return pk;
  }

  #findSession(db: Kysely<Tables>, { appName, userId, sessionId }: ConversationKey) {
    return db
      .selectFrom('bidi_sessions')
      .select(['pk', 'updated_at', 'resumption_provider', 'resumption_handle', 'summary'])
      .where('app_name', '=', appName)
      .where('user_id', '=', userId)
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
  }

  #readResumption(
    key: ConversationKey,
    provider: string | null,
    encrypted: string | null,
  ): StoredResumption | undefined {
    if (provider === null || encrypted === null) return undefined;
    const handle = this.#cipher?.decrypt(encrypted, formatKey(key));
    return handle === undefined ? undefined : { provider, handle };
  }
}
