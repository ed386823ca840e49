import type * as z from 'zod';
import { integer, text } from './config-fields.ts';
import { withFiles } from './config-secrets.ts';

/** Variables that limit how long conversations are stored, and how many. */
export const retentionFields = {
  MAX_CONVERSATION_AGE_DAYS: integer(90, 0, 36_500),
  MAX_USER_CONVERSATIONS: integer(1_000, 1, 1_000_000),
  MAX_USER_STORED_CHARACTERS: integer(64 * 1024 * 1024, 1024 * 1024, 1024 ** 4),
};

/** Limits of stored conversations. */
export function toRetentionConfig(env: z.output<z.ZodObject<typeof retentionFields>>) {
  return {
    /** 0: no limit. */
    ageDays: env.MAX_CONVERSATION_AGE_DAYS,
    userConversations: env.MAX_USER_CONVERSATIONS,
    userCharacters: env.MAX_USER_STORED_CHARACTERS,
  };
}

/** Where conversations are stored. */
export type StoreConfig =
  | { readonly kind: 'memory' }
  /** @param file path of the database. @param isDefault nobody has named it: if it cannot be written, conversations are in memory */
  | { readonly kind: 'sqlite'; readonly file: string; readonly isDefault: boolean }
  | { readonly kind: 'postgres'; readonly url: string };

const MEMORY = 'memory:';
const SQLITE = 'sqlite:';
const POSTGRES = /^postgres(ql)?:\/\//;
/** Where conversations are stored if DATABASE_URL is empty, in the working directory. */
const DEFAULT_FILE = 'data/conversations.db';

/** Variables of the store of conversations. The message repeats no value: it may contain a password. */
export const storeFields = withFiles({
  DATABASE_URL: text.refine((value) => readDatabaseUrl(value) !== undefined, {
    error: 'must be sqlite:PATH, such as sqlite:conversations.db, postgres://user:password@host:5432/name, or memory:',
  }),
  RESUMPTION_SECRET: text,
});

/** @param url as `storeFields` accepts it */
export function toStoreConfig(url: string): StoreConfig {
  return readDatabaseUrl(url) ?? { kind: 'memory' };
}

/** @returns `undefined` if the text is no address of a database */
function readDatabaseUrl(url: string): StoreConfig | undefined {
  if (url === '') return { kind: 'sqlite', file: DEFAULT_FILE, isDefault: true };
  if (url === MEMORY) return { kind: 'memory' };
  if (POSTGRES.test(url)) return URL.canParse(url) ? { kind: 'postgres', url } : undefined;
  const file = url.startsWith(SQLITE) ? url.slice(SQLITE.length) : '';
  return file === '' ? undefined : { kind: 'sqlite', file, isDefault: false };
}
