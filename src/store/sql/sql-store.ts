import { ChangesInOrder } from '../changes-in-order.ts';
import { type ConversationKey, formatKey } from '../conversation-key.ts';
import { formatListCursor } from '../list-cursor.ts';
import {
  DEFAULT_PAGE_LIMIT,
  type EventPage,
  type EventPageOptions,
  type LoadOptions,
  type OldestOptions,
  type PageOptions,
  type SessionPage,
  type SessionState,
  type SessionStore,
  type StoredResumption,
  type StoredSession,
  type StoredSize,
  type TurnCommit,
  type UserSize,
} from '../session-store.ts';
import { DeletedSessions, moveToDeleted } from './deleted-sessions.ts';
import { encodeEvents, insertEvents, readEventPage, readEvents } from './event-rows.ts';
import { HandleCipher } from './handle-cipher.ts';
import type { Database } from './schema.ts';
import {
  type EncryptedResumption,
  findSession,
  listNewest,
  listOldest,
  measureUser,
  setTitle,
  writeSession,
} from './session-rows.ts';
import { readState, writeState } from './state-rows.ts';
import { readSummary, writeSummary } from './summary-column.ts';

export interface SqlStoreOptions {
  /** Opens the database. Called once, before the first statement. */
  readonly connect: () => Promise<Database>;
  /** Runs a write, which it may repeat. Default: once. */
  readonly runWrite?: <T>(run: () => Promise<T>) => Promise<T>;
  /** Called between two statements of a commit: those of a database in this thread leave a turn of the event loop to everything else. Default: nothing. */
  readonly pause?: () => Promise<unknown>;
  /** Ends what uses the database besides. */
  readonly beforeClose?: () => Promise<void>;
  /** Releases what is left when the connections are closed. */
  readonly close?: () => void;
  /** Creates the tables. Called after that; a call that failed is repeated with the next statement. */
  readonly prepare: (database: Database) => Promise<void>;
  /** Encrypts resumption handles. Default: they are not stored, and each run tells the provider the conversation. */
  readonly handleSecret?: string | undefined;
}

/** Conversations in a database. */
export class SqlStore implements SessionStore {
  readonly #options: SqlStoreOptions;
  readonly #cipher: HandleCipher | undefined;
  readonly #deleted: DeletedSessions;
  readonly #runWrite: <T>(run: () => Promise<T>) => Promise<T>;
  #connected: Promise<Database> | undefined;
  #prepared: Promise<void> | undefined;
  /** Commits and deletes, by conversation. */
  readonly #writes = new ChangesInOrder();

  constructor(options: SqlStoreOptions) {
    this.#options = options;
    this.#runWrite = options.runWrite ?? ((run) => run());
    this.#deleted = new DeletedSessions(this.#runWrite);
    this.#cipher = options.handleSecret === undefined ? undefined : new HandleCipher(options.handleSecret);
  }

  async load(key: ConversationKey, options: LoadOptions = {}): Promise<StoredSession | undefined> {
    const { db } = await this.#open();
    const { appName, userId, sessionId } = key;
    return db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (snapshot) => {
        const session = await findSession(snapshot, key);
        if (!session) return undefined;
        const { events, truncated } = await readEvents(snapshot, session.pk, options);
        const state = await readState(snapshot, key);
        const resumption = this.#readResumption(key, session.resumption_provider, session.resumption_handle);
        const summary = readSummary(session.summary);
        return {
          ...{ appName, userId, sessionId, title: session.title },
          ...{ events, truncated, state },
          ...(resumption ? { resumption } : {}),
          ...(summary ? { summary } : {}),
          updatedAt: session.updated_at,
        };
      });
  }

  async readEvents(key: ConversationKey, { cursor }: EventPageOptions = {}): Promise<EventPage | undefined> {
    const { db } = await this.#open();
    const session = await findSession(db, key);
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
    const { limit = DEFAULT_PAGE_LIMIT } = page;
    const { db } = await this.#open();
    const found = await listNewest(db, appName, userId, page);
    const sessions = found.slice(0, limit);
    const last = sessions.at(-1);
    return last && found.length > limit ? { sessions, next: formatListCursor(last) } : { sessions };
  }

  async listOldest(appName: string, options: OldestOptions = {}): Promise<readonly StoredSize[]> {
    return listOldest((await this.#open()).db, appName, options);
  }

  async measureUser(appName: string, userId: string): Promise<UserSize> {
    const { db, sql } = await this.#open();
    return measureUser(db, sql, appName, userId);
  }

  rename(key: ConversationKey, title: string): Promise<boolean> {
    return this.#write(key, async () => setTitle((await this.#open()).db, key, title));
  }

  delete(key: ConversationKey): Promise<boolean> {
    return this.#write(key, () => this.#delete(key));
  }

  async close(): Promise<void> {
    await this.#writes.settle();
    await this.#deleted.close();
    await this.#options.beforeClose?.();
    await (await this.#connected)?.db.destroy();
    this.#options.close?.();
  }

  /** Runs a write after those of the same conversation that were called before. */
  #write<T>(key: ConversationKey, run: () => Promise<T>): Promise<T> {
    return this.#writes.run(formatKey(key), () => this.#runWrite(run));
  }

  async #delete(key: ConversationKey): Promise<boolean> {
    const database = await this.#open();
    const { db, sql } = database;
    const isDeleted = await db.transaction().execute((transaction) => moveToDeleted(transaction, sql, key));
    if (isDeleted) this.#deleted.removeLater(database);
    return isDeleted;
  }

  #connect(): Promise<Database> {
    this.#connected ??= this.#options.connect();
    return this.#connected;
  }

  async #open(): Promise<Database> {
    const database = await this.#connect();
    this.#prepared ??= this.#prepare(database).catch((error) => {
      this.#prepared = undefined;
      throw error;
    });
    await this.#prepared;
    return database;
  }

  async #prepare(database: Database): Promise<void> {
    await this.#runWrite(() => this.#options.prepare(database));
    // A process that crashed may have left some.
    this.#deleted.removeLater(database);
  }

  async #commitTurn(key: ConversationKey, { events, state, resumption, summary }: TurnCommit): Promise<void> {
    // A handle alone, without a secret for it, is not worth a write.
    if (resumption && !this.#cipher && events.length === 0 && !state && !summary) return;
    const { pause } = this.#options;
    const { db, sql } = await this.#open();
    const { bodies, characters } = encodeEvents(events);
    await pause?.();
    await db.transaction().execute(async (transaction) => {
      const encrypted = resumption && this.#encrypt(key, resumption);
      const pk = await writeSession(transaction, sql, key, { events, characters }, encrypted);
      await pause?.();
      await insertEvents(transaction, sql, pk, bodies);
      await pause?.();
      if (state) await writeState(transaction, key, state);
      if (summary) await writeSummary(transaction, pk, summary);
      await pause?.();
    });
  }

  #encrypt(key: ConversationKey, { provider, handle }: StoredResumption): EncryptedResumption | undefined {
    return this.#cipher && { provider, handle: this.#cipher.encrypt(handle, formatKey(key)) };
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
