import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import type { SessionStore } from '../session-store.ts';
import { migrate } from './migrations.ts';
import type { Database, Tables } from './schema.ts';
import { SqlStore } from './sql-store.ts';

export interface SqliteStoreOptions {
  /** Path of the database file. It is created, with two files beside it whose names end in `-wal` and `-shm`; its folder must exist. */
  readonly file: string;
  /**
   * Secret that encrypts the resumption handles of providers. Default: they are not stored, and the provider is told the conversation after a restart.
   */
  readonly handleSecret?: string;
}

/** Wait for another process that writes to the file, in ms. The event loop waits, too. */
const BUSY_MS = 1_000;

/**
 * Creates a store in one SQLite file, with write-ahead log: a crash of the process loses nothing that was committed, a crash of the machine at most the
 * last moments. One process at a time should use the file: another one waits up to 1 s for it, and then its commit is rejected and repeated.
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
  return new SqlStore({
    connect: () => connect(database),
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

/** SQLite's code of an error for a database that another process writes to. @see https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

/** @throws {Error} if the file is not a database, or cannot be written */
function prepareFile(database: DatabaseSync): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec('PRAGMA foreign_keys = ON');
  try {
    // SQLite opens a file that it cannot write, and says so with the first write.
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error; // node:sqlite adds this field
  }
}

async function connect(database: DatabaseSync): Promise<Database> {
  const { Kysely, SqliteDialect, sql } = await import('kysely');
  return { db: new Kysely<Tables>({ dialect: new SqliteDialect({ database: new SqliteAdapter(database) }) }), sql };
}

/** Database of `node:sqlite`, in the shape that Kysely knows. */
class SqliteAdapter implements SqliteDatabase {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(text: string): SqliteStatement {
    return new SqliteStatementAdapter(this.#database.prepare(text));
  }

  close(): void {
    this.#database.close();
  }
}

class SqliteStatementAdapter implements SqliteStatement {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  /** Whether the statement returns rows. */
  get reader(): boolean {
    return this.#statement.columns().length > 0;
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
