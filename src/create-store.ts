import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from './config.ts';
import type { BasicLogger } from './isolation/guarded-logger.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { SessionStore } from './store/session-store.ts';
import { createPostgresStore } from './store/sql/postgres-store.ts';
import { createSqliteStore } from './store/sql/sqlite-store.ts';
import { toErrorDetails } from './wire/error-text.ts';

/** Characters above the limit of a user that the store in memory has room for, so that the limit deletes conversations with their files. */
const EVICTION_CHARACTERS = 4 * 1024 * 1024;

/** Access to the folder of the default database: whoever reads it reads what people have said. */
const FOLDER_MODE = 0o700;

/** A store, and whether it is the database that the configuration names. */
export interface ConfiguredStore {
  readonly store: SessionStore;
  readonly isDatabase: boolean;
}

/**
 * Creates the store that the configuration names. The default database needs nothing: if its file cannot be written, the log has a warning, and
 * conversations are in memory.
 * @throws {Error} if a file of SQLite that DATABASE_URL names cannot be opened
 */
export function createStore({ store, resumptionSecret, retention }: Config, logger: BasicLogger): ConfiguredStore {
  const secret = resumptionSecret === undefined ? {} : { handleSecret: resumptionSecret };
  switch (store.kind) {
    case 'sqlite': {
      const opened = store.isDefault
        ? openDefault(store.file, secret, logger)
        : createSqliteStore({ file: store.file, ...secret });
      if (opened) return { store: opened, isDatabase: true };
      break;
    }
    case 'postgres': {
      const onConnectionError = (error: Error) =>
        logger.warn({ err: toErrorDetails(error) }, 'a connection to the database was lost');
      return { store: createPostgresStore({ url: store.url, ...secret, onConnectionError }), isDatabase: true };
    }
    default:
  }
  const userCharacters = retention.userCharacters + EVICTION_CHARACTERS;
  return { store: createMemoryStore({ userCharacters }), isDatabase: false };
}

/** @returns `undefined` if the file cannot be written */
function openDefault(file: string, secret: { handleSecret?: string }, logger: BasicLogger): SessionStore | undefined {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE });
    return createSqliteStore({ file, ...secret });
  } catch (error) {
    logger.warn(
      { file: resolve(file), err: toErrorDetails(error) },
      'conversations are in memory only, until the server stops: their file cannot be written (DATABASE_URL=memory: accepts that without this warning)',
    );
    return undefined;
  }
}
