import type { Artifact, ArtifactStore } from './artifact-store.ts';
import type { ConversationKey } from './conversation-store.ts';

/** Bytes kept of all; beyond it the files that were saved first are forgotten. */
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** What a file counts beside its bytes: many empty ones must not be free. */
const FILE_BYTES = 200;

/** Artifacts in the memory of this process: they end with it. */
export function createMemoryArtifacts(maxBytes = DEFAULT_MAX_BYTES): ArtifactStore {
  /** By name and revision, oldest first. */
  const kept = new Map<string, Artifact>();
  const revisions = new Map<string, number>();
  let total = 0;
  const forget = (name: string, artifact: Artifact) => {
    kept.delete(name);
    total -= sizeOf(artifact);
    // The last of a file takes its count along, or the counts would outgrow the files.
    const [file = ''] = name.split('#');
    if (name === `${file}#${(revisions.get(file) ?? 0) - 1}`) revisions.delete(file);
  };
  return {
    async save(key, filename, artifact) {
      const file = nameOf(key, filename);
      const revision = revisions.get(file) ?? 0;
      revisions.set(file, revision + 1);
      kept.set(`${file}#${revision}`, artifact);
      total += sizeOf(artifact);
      for (const [name, oldest] of kept) {
        // The newest stays, whatever its size.
        if (total <= maxBytes || oldest === artifact) break;
        forget(name, oldest);
      }
      return revision;
    },
    async load(key, filename, revision) {
      const file = nameOf(key, filename);
      return kept.get(`${file}#${revision ?? (revisions.get(file) ?? 0) - 1}`);
    },
    async list(key) {
      const folder = nameOf(key, '');
      const names = [...revisions.keys()].filter((name) => name.startsWith(folder));
      return names.map((name) => name.slice(folder.length)).toSorted();
    },
  };
}

function sizeOf({ data }: Artifact): number {
  return FILE_BYTES + data.length;
}

/** Ids hold no slash, so the parts cannot run into each other. */
function nameOf({ appName, userId, sessionId }: ConversationKey, filename: string): string {
  return `${appName}/${userId}/${sessionId}/${filename}`;
}
