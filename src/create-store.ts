import type { Config } from './config.ts';
import type { BasicLogger } from './isolation/guarded-logger.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { SessionStore } from './store/session-store.ts';
import { createPostgresStore } from './store/sql/postgres-store.ts';
import { createSqliteStore } from './store/sql/sqlite-store.ts';
import { toErrorDetails } from './wire/error-text.ts';

/** Characters above the limit of a user that the store in memory has room for, so that the limit deletes conversations with their files. */
const EVICTION_CHARACTERS = 4 * 1024 * 1024;

/**
 * Creates the store that the configuration names.
 * @throws {Error} if the file of SQLite cannot be opened
 */
export function createStore({ store, resumptionSecret, retention }: Config, logger: BasicLogger): SessionStore {
  const secret = resumptionSecret === undefined ? {} : { handleSecret: resumptionSecret };
  switch (store.kind) {
    case 'sqlite':
      return createSqliteStore({ file: store.file, ...secret });
    case 'postgres':
      return createPostgresStore({
        url: store.url,
        ...secret,
        onConnectionError: (error) =>
          logger.warn({ err: toErrorDetails(error) }, 'a connection to the database was lost'),
      });
    default:
      return createMemoryStore({ userCharacters: retention.userCharacters + EVICTION_CHARACTERS });
  }
}
