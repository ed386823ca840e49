import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import type { SessionStore } from '../session-store.ts';
import { FilePlace } from './file-place.ts';
import { migrate } from './migrations.ts';
import { isBusy, retryWhileBusy } from './retry-while-busy.ts';
import type { Database, Tables } from './schema.ts';
import { SqlStore } from './sql-store.ts';
import { WalCheckpoints } from './wal-checkpoints.ts';

export interface SqliteStoreOptions {
  /** Path of the database file. It is created, with two files beside it whose names end in `-wal` and `-shm`; its folder must exist. */
  readonly file: string;
  /**
   * Secret that encrypts the resumption handles of providers. Default: they are not stored, and the provider is told the conversation after a restart.
   */
  readonly handleSecret?: string;
}

/** Size of the write-ahead log at which a commit copies it into the database, in pages of 4 KiB. Below it `WalCheckpoints` does that. */
const MAX_WAL_PAGES = 16_384;
/** Maximum number of statements that are kept prepared, and of characters of each. At the limit the oldest is prepared again when it is used. */
const MAX_STATEMENTS = 100;
const MAX_STATEMENT_CHARACTERS = 4_000;
/** Wait for another process when the file is opened, in ms. The event loop waits, too. */
const OPEN_BUSY_MS = 1_000;
/** Wait of one statement for another process that writes to the file, in ms. The event loop waits, too. */
const BUSY_MS = 5;

/**
 * Creates a store in one SQLite file, with write-ahead log: a crash of the process loses nothing that was committed, a crash of the machine at most the
 * last moments. Several processes may use the file, one of which writes at a time; the others wait up to 5 s, and then a commit is rejected. So is each
 * commit after the file was moved, deleted or replaced, until it is back or opened again: what SQLite writes to it then is lost.
 * @throws {Error} if the file cannot be opened
 * @see https://www.sqlite.org/wal.html
 */
export function createSqliteStore({ file, handleSecret }: SqliteStoreOptions): SessionStore {
  // Node 20 has no such module. A program that starts there is to learn which Node it needs, and not that a module is missing.
  const sqlite = process.getBuiltinModule('node:sqlite');
  const database = new sqlite.DatabaseSync(file);
  try {
    prepareFile(database);
  } catch (error) {
    database.close();
    throw error;
  }
  const place = new FilePlace(file);
  const checkpoints = new WalCheckpoints(file);
  return new SqlStore({
    connect: () => connect(database),
    runWrite: async (run) => {
      const result = await retryWhileBusy(() => place.check(), run);
      if (place.isFile) checkpoints.onWrite();
      return result;
    },
    pause: () => nextTurn(),
    beforeClose: () => checkpoints.stop(),
    // Kysely closes only a database that it has used.
    close: () => {
      if (database.isOpen) database.close();
    },
    prepare: (opened) =>
      migrate(
        opened,
        { serialKey: 'integer PRIMARY KEY AUTOINCREMENT', double: 'real', binaryOrder: '' },
        // The first write takes the lock of the file.
        async () => undefined,
      ),
    handleSecret,
  });
}

/** @throws {Error} if the file is not a database, or cannot be written */
function prepareFile(database: DatabaseSync): void {
  database.exec(`PRAGMA busy_timeout = ${OPEN_BUSY_MS}`);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec('PRAGMA foreign_keys = ON');
  database.exec(`PRAGMA wal_autocheckpoint = ${MAX_WAL_PAGES}`);
  try {
    // SQLite opens a file that it cannot write, and says so with the first write.
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
}

async function connect(database: DatabaseSync): Promise<Database> {
  const { Kysely, SqliteDialect, sql } = await import('kysely');
  return { db: new Kysely<Tables>({ dialect: new SqliteDialect({ database: new SqliteAdapter(database) }) }), sql };
}

/** Database of `node:sqlite`, in the shape that Kysely knows. */
class SqliteAdapter implements SqliteDatabase {
  readonly #database: DatabaseSync;
  /** Prepared statements by their text, oldest first. Preparing one takes about as long as running it. */
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(text: string): SqliteStatement {
    if (text === 'rollback' && !this.#database.isTransaction) return NO_STATEMENT;
    const kept = this.#statements.get(text);
    if (kept) return kept;
    const statement = new SqliteStatementAdapter(this.#database.prepare(text));
    if (text.length <= MAX_STATEMENT_CHARACTERS) this.#keep(text, statement);
    return statement;
  }

  #keep(text: string, statement: SqliteStatement): void {
    const [oldest] = this.#statements.keys();
    if (oldest !== undefined && this.#statements.size >= MAX_STATEMENTS) this.#statements.delete(oldest);
    this.#statements.set(text, statement);
  }

  close(): void {
    this.#database.close();
  }
}

/**
 * In place of a rollback: SQLite itself ends a transaction when the disk is full, and the error of the rollback would hide that.
 * @see https://www.sqlite.org/lang_transaction.html section 2.4
 */
const NO_STATEMENT: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

class SqliteStatementAdapter implements SqliteStatement {
  readonly #statement: StatementSync;
  /** Whether the statement returns rows. */
  readonly reader: boolean;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...(parameters as SQLInputValue[])); // Kysely passes what the store has given: texts and numbers
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...(parameters as SQLInputValue[]));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...(parameters as SQLInputValue[]));
  }
}
