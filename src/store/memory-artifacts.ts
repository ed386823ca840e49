import { type Artifact, type ArtifactStore, checkFilename } from './artifact-store.ts';
import { type ConversationKey, formatKey } from './conversation-key.ts';
import { SharedSpace } from './shared-space.ts';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** Size that a file counts for besides its data, in bytes, so that many empty files are not free. */
const FILE_BYTES = 200;

/**
 * Creates an artifact store in the memory of this process; files end with it.
 * @param maxBytes maximum size of all files, in bytes. Beyond it the oldest are deleted, those of users who have more than an equal share first;
 * the newest always stays. Default: 64 MiB
 */
export function createMemoryArtifacts(maxBytes = DEFAULT_MAX_BYTES): ArtifactStore {
  return new MemoryArtifacts(maxBytes);
}

/** Revision of a file. */
interface Revision {
  readonly artifact: Artifact;
  /** Name of the file. */
  readonly name: string;
  readonly revision: number;
}

class MemoryArtifacts implements ArtifactStore {
  readonly #maxBytes: number;
  /** By name and revision. */
  readonly #artifacts = new SharedSpace<Revision>((deleted) => this.#onDeleted(deleted));
  /** Number of revisions by name, deleted ones included. */
  readonly #revisions = new Map<string, number>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  async save(key: ConversationKey, filename: string, artifact: Artifact): Promise<number> {
    checkFilename(filename);
    const name = formatName(key, filename);
    const revision = this.#countRevisions(name);
    this.#revisions.set(name, revision + 1);
    const revisionName = `${name}#${revision}`;
    const owner = `${key.appName}/${key.userId}`;
    this.#artifacts.put(revisionName, owner, { artifact, name, revision }, measureArtifact(artifact));
    const limits = { items: Number.POSITIVE_INFINITY, size: this.#maxBytes, ownerSize: this.#maxBytes };
    this.#artifacts.evict(limits, revisionName);
    return revision;
  }

  async load(key: ConversationKey, filename: string, revision?: number): Promise<Artifact | undefined> {
    const name = formatName(key, filename);
    return this.#artifacts.get(`${name}#${revision ?? this.#countRevisions(name) - 1}`)?.artifact;
  }

  async list(key: ConversationKey): Promise<string[]> {
    const folder = formatName(key, '');
    const names = [...this.#revisions.keys()].filter((name) => name.startsWith(folder));
    return names.map((name) => name.slice(folder.length)).toSorted();
  }

  async hasFiles(key: ConversationKey, prefix: string): Promise<boolean> {
    const start = formatName(key, prefix);
    return [...this.#revisions.keys()].some((name) => name.startsWith(start));
  }

  async delete(key: ConversationKey, filename?: string): Promise<void> {
    const folder = formatName(key, '');
    const names =
      filename === undefined
        ? [...this.#revisions.keys()].filter((name) => name.startsWith(folder))
        : [formatName(key, filename)];
    for (const name of names) {
      for (let revision = 0; revision < this.#countRevisions(name); revision += 1)
        this.#artifacts.delete(`${name}#${revision}`);
      this.#revisions.delete(name);
    }
  }

  /** Forgets the counter of a file together with its newest revision. Otherwise counters would outgrow the files. */
  #onDeleted({ name, revision }: Revision): void {
    if (revision === this.#countRevisions(name) - 1) this.#revisions.delete(name);
  }

  #countRevisions(name: string): number {
    return this.#revisions.get(name) ?? 0;
  }
}

function measureArtifact({ data }: Artifact): number {
  return FILE_BYTES + data.length;
}

function formatName(key: ConversationKey, filename: string): string {
  return `${formatKey(key)}/${filename}`;
}
