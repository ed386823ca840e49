import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { SessionStore } from '../session-store.ts';
import { migrate } from './migrations.ts';
import type { Tables } from './schema.ts';
import { SqlStore } from './sql-store.ts';

export interface PostgresStoreOptions {
  /** Address of the database: `postgres://user:password@host:5432/name`. */
  readonly url: string;
  /** Maximum number of connections to the database. Default: 10. */
  readonly connections?: number;
  /**
   * Secret that encrypts the resumption handles of providers. Default: they are not stored, and the provider is told the conversation after a restart.
   */
  readonly handleSecret?: string;
  /** Called with errors of connections that nobody uses: the database was restarted, for example. The next use opens another one. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Maximum wait for a connection to the database, in ms. */
const CONNECT_MS = 5_000;
/** Maximum duration of one statement, in ms. */
const STATEMENT_MS = 10_000;
/** Number of PostgreSQL's advisory lock that keeps two processes from creating the tables at the same time. */
const MIGRATION_LOCK = 804_115_337;
/** Type of 64-bit whole numbers. Ours stay below 2^53. */
const INT8_OID = 20;

/**
 * Creates a store in a PostgreSQL database, for one process or several. The tables begin with `bidi_`, and are created with the first use.
 * @throws {TypeError} if the address is no URL
 */
export function createPostgresStore(options: PostgresStoreOptions): SessionStore {
  const { url, connections = 10, handleSecret, onConnectionError = () => {} } = options;
  if (!URL.canParse(url))
    throw new TypeError('createPostgresStore: url must be postgres://user:password@host:5432/name');
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8_OID, Number);
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
    types,
  });
  pool.on('error', onConnectionError);
  return new SqlStore({
    db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }),
    prepare: (db) =>
      migrate(
        db,
        {
          serialKey: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
          double: 'double precision',
          binaryOrder: 'COLLATE "C"',
        },
        (transaction) => sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction),
      ),
    handleSecret,
  });
}
