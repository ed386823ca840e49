import type { SessionStore } from '../session-store.ts';
import { migrate } from './migrations.ts';
import type { Database, Tables } from './schema.ts';
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
  if (!URL.canParse(options.url)) {
    throw new TypeError('createPostgresStore: url must be postgres://user:password@host:5432/name');
  }
  return new SqlStore({
    connect: () => connect(options),
    prepare: (database) =>
      migrate(
        database,
        {
          serialKey: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
          double: 'double precision',
          binaryOrder: 'COLLATE "C"',
        },
        (transaction) => database.sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction),
      ),
    handleSecret: options.handleSecret,
  });
}

/** Creates the pool of connections. The first statement opens one. */
async function connect({
  url,
  connections = 10,
  onConnectionError = () => {},
}: PostgresStoreOptions): Promise<Database> {
  const [{ Kysely, PostgresDialect, sql }, { default: pg }] = await Promise.all([import('kysely'), import('pg')]);
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
  // A connection that breaks while a statement or a transaction uses it fails them, and emits the error as well, which would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', onConnectionError);
  return { db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), sql };
}
