import { dirname, join } from 'node:path';
import type * as z from 'zod';
import { integer, text } from './config-fields.ts';
import type { StoreConfig } from './config-store.ts';

/** Where the files of conversations are stored. */
export interface ArtifactsConfig {
  /** Path of the folder. `undefined`: in memory. */
  readonly folder: string | undefined;
  /** Whether the folder is only meant for a database beside it: without one the files are in memory. */
  readonly isBesideDatabase: boolean;
  /** Maximum size of all files in the folder, in bytes. */
  readonly maxBytes: number;
  /** Maximum size of the files of one user in the folder, in bytes. */
  readonly maxUserBytes: number;
}

const MEMORY = 'memory:';
/** Folder beside a database that is a file. */
const FOLDER = 'artifacts';

/** Variables of the files of conversations. */
export const artifactFields = {
  ARTIFACTS_DIR: text,
  MAX_ARTIFACT_BYTES: integer(10 * 1024 ** 3, 1024 * 1024, 100 * 1024 ** 4),
  MAX_USER_ARTIFACT_BYTES: integer(1024 ** 3, 1024 * 1024, 100 * 1024 ** 4),
};

/** @param store where the conversations are stored: by default, their files are beside them */
export function toArtifactsConfig(
  env: z.output<z.ZodObject<typeof artifactFields>>,
  store: StoreConfig,
): ArtifactsConfig {
  const limits = { maxBytes: env.MAX_ARTIFACT_BYTES, maxUserBytes: env.MAX_USER_ARTIFACT_BYTES };
  if (env.ARTIFACTS_DIR !== '') {
    const folder = env.ARTIFACTS_DIR === MEMORY ? undefined : env.ARTIFACTS_DIR;
    return { folder, isBesideDatabase: false, ...limits };
  }
  const isFile = store.kind === 'sqlite' && store.file !== ':memory:';
  return { folder: isFile ? join(dirname(store.file), FOLDER) : undefined, isBesideDatabase: isFile, ...limits };
}
