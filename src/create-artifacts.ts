import type { Config } from './config.ts';
import type { ArtifactStore } from './store/artifact-store.ts';
import { createFolderArtifacts } from './store/folder-artifacts.ts';
import { createMemoryArtifacts } from './store/memory-artifacts.ts';

/**
 * Creates the store of files that the configuration names.
 * @param hasDatabase whether the conversations are in the database that the configuration names
 */
export function createArtifacts({ artifacts }: Config, hasDatabase: boolean): ArtifactStore {
  const { folder, isBesideDatabase, maxBytes, maxUserBytes } = artifacts;
  if (folder === undefined || (isBesideDatabase && !hasDatabase)) return createMemoryArtifacts();
  return createFolderArtifacts({ folder, maxBytes, maxUserBytes });
}
