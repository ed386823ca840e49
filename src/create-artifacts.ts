import type { Config } from './config.ts';
import type { ArtifactStore } from './store/artifact-store.ts';
import { createFolderArtifacts } from './store/folder-artifacts.ts';
import { createMemoryArtifacts } from './store/memory-artifacts.ts';

/** Creates the store of files that the configuration names. */
export function createArtifacts({ artifacts: { folder, ...limits } }: Config): ArtifactStore {
  return folder === undefined ? createMemoryArtifacts() : createFolderArtifacts({ folder, ...limits });
}
