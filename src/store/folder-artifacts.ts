import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { decodePath, encodePath, isContinued } from './artifact-path.ts';
import { type Artifact, type ArtifactStore, checkFilename } from './artifact-store.ts';
import { ChangesInOrder } from './changes-in-order.ts';
import type { ConversationKey } from './conversation-key.ts';
import { SharedSpace } from './shared-space.ts';

export interface FolderArtifactsOptions {
  /** Path of the folder. It is created when the first file is saved. Other files in it may be deleted. */
  readonly folder: string;
  /** Maximum size of all files, in bytes. Beyond it the oldest are deleted, those of users who have more than an equal share first. Default: 10 GiB */
  readonly maxBytes?: number;
  /** Maximum size of the files of one user, in bytes. Beyond it the oldest of that user are deleted. Default: 1 GiB */
  readonly maxUserBytes?: number;
}

const GIB = 1024 ** 3;
/** Size that a file counts for besides its data, in bytes: file systems allocate blocks. */
const FILE_BYTES = 4096;
/** Folders of the store itself. No encoded id begins with these characters. */
const TEMPORARY = '%tmp';
const DELETED = '%deleted';
/** Age from which a temporary file is one that a crash has left, in ms. A save takes less. */
const MAX_TEMPORARY_MS = 10 * 60_000;
/** Name of the file of a revision: its number, and the encoded mime type. */
const REVISION = /^(\d{1,15})~([^/]+)$/;

/**
 * Creates an artifact store in a folder: `app/user/session/filename/revision~type`, all names encoded. A file appears in the folder when its data is on
 * the disk, whole. The newest file stays, whatever its size. Only one process may save files of the same conversation at a time.
 */
export function createFolderArtifacts(options: FolderArtifactsOptions): ArtifactStore {
  return new FolderArtifacts(options);
}

interface Revision {
  readonly number: number;
  readonly mimeType: string;
  /** Name of its file. */
  readonly name: string;
}

class FolderArtifacts implements ArtifactStore {
  readonly #root: string;
  readonly #limits: { readonly items: number; readonly size: number; readonly ownerSize: number };
  /** Paths of the files of all revisions. */
  readonly #files = new SharedSpace<string>((path) => this.#evicted.push(path));
  /** Files that are over a limit and not deleted yet. */
  #evicted: string[] = [];
  /** Resolves when `#files` has what is in the folder. */
  #opened: Promise<void> | undefined;
  /** By the folder of the conversation. */
  readonly #changes = new ChangesInOrder();

  constructor({ folder, maxBytes = 10 * GIB, maxUserBytes = GIB }: FolderArtifactsOptions) {
    this.#root = resolve(folder);
    this.#limits = { items: Number.POSITIVE_INFINITY, size: maxBytes, ownerSize: maxUserBytes };
  }

  async save(key: ConversationKey, filename: string, { mimeType, data }: Artifact): Promise<number> {
    const folder = this.#locate(key, filename);
    const [type = '', ...rest] = encodePath(mimeType);
    if (type === '' || rest.length > 0) throw new RangeError('The mime type of a file must have 1 to 60 characters');
    await this.#open();
    return this.#change(key, async () => {
      const newest = (await listRevisions(folder)).at(-1);
      const number = newest ? newest.number + 1 : 0;
      const path = join(folder, `${number}~${type}`);
      await this.#write(path, data);
      this.#files.put(path, this.#locateUser(key), path, FILE_BYTES + data.length);
      this.#files.evict(this.#limits, path);
      await this.#deleteEvicted();
      return number;
    });
  }

  async load(key: ConversationKey, filename: string, revision?: number): Promise<Artifact | undefined> {
    const folder = this.#locate(key, filename);
    const revisions = await listRevisions(folder);
    const found = revision === undefined ? revisions.at(-1) : revisions.find(({ number }) => number === revision);
    if (!found) return undefined;
    const data = await readFile(join(folder, found.name)).catch(ignoreMissing);
    return data && { mimeType: found.mimeType, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  }

  async list(key: ConversationKey): Promise<string[]> {
    const folder = this.#locateConversation(key);
    const entries = (await readdir(folder, { recursive: true, withFileTypes: true }).catch(ignoreMissing)) ?? [];
    const names = new Set<string>();
    for (const { name, parentPath } of entries) {
      if (!REVISION.test(name)) continue;
      const filename = decodePath(relative(folder, parentPath).split(sep));
      if (filename !== undefined) names.add(filename);
    }
    return [...names].toSorted();
  }

  async hasFiles(key: ConversationKey, prefix: string): Promise<boolean> {
    const names = (await readdir(this.#locateConversation(key)).catch(ignoreMissing)) ?? [];
    const start = encodePath(prefix).join('');
    return names.some((name) => name.startsWith(start));
  }

  async delete(key: ConversationKey, filename?: string): Promise<void> {
    const folder = filename === undefined ? this.#locateConversation(key) : this.#locate(key, filename);
    await this.#open();
    await this.#change(key, async () => {
      const trash = join(this.#root, DELETED, randomUUID());
      await mkdir(dirname(trash), { recursive: true, mode: 0o700 });
      // The files disappear at once, and a crash leaves nothing that could come back.
      await rename(folder, trash).catch(ignoreMissing);
      for (const path of this.#files.listOwned(this.#locateUser(key)))
        if (path.startsWith(`${folder}${sep}`)) this.#files.delete(path);
      await rm(trash, { recursive: true, force: true });
      await this.#removeEmptyFolders(dirname(folder));
    });
  }

  #locateUser({ appName, userId }: Pick<ConversationKey, 'appName' | 'userId'>): string {
    return join(this.#root, ...encodeName(appName), ...encodeName(userId));
  }

  #locateConversation(key: ConversationKey): string {
    return join(this.#locateUser(key), ...encodeName(key.sessionId));
  }

  /** Finds the folder of the revisions of a file. */
  #locate(key: ConversationKey, filename: string): string {
    checkFilename(filename);
    return join(this.#locateConversation(key), ...encodePath(filename));
  }

  /** Reads what is in the folder, once, and deletes what a crash has left. */
  #open(): Promise<void> {
    this.#opened ??= this.#scan().catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #scan(): Promise<void> {
    await rm(join(this.#root, DELETED), { recursive: true, force: true });
    await this.#deleteTemporaryFiles();
    const entries = (await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(ignoreMissing)) ?? [];
    const found: { path: string; owner: string; size: number; savedAt: number }[] = [];
    for (const { name, parentPath } of entries) {
      const owner = REVISION.test(name) ? this.#findOwner(parentPath) : undefined;
      if (owner === undefined) continue;
      const path = join(parentPath, name);
      const file = await stat(path).catch(ignoreMissing);
      if (file?.isFile()) found.push({ path, owner, size: FILE_BYTES + file.size, savedAt: file.mtimeMs });
    }
    found.sort((one, other) => one.savedAt - other.savedAt);
    for (const { path, owner, size } of found) this.#files.put(path, owner, path, size);
  }

  /** Finds the folder of the user to whom a file belongs: the second name below the root, each of which may continue. */
  #findOwner(folder: string): string | undefined {
    const names = relative(this.#root, folder).split(sep);
    const ends = names.flatMap((name, index) => (isContinued(name) ? [] : [index]));
    const [, end] = ends;
    return end === undefined || ends.length < 4 ? undefined : join(this.#root, ...names.slice(0, end + 1));
  }

  async #deleteTemporaryFiles(): Promise<void> {
    const folder = join(this.#root, TEMPORARY);
    for (const name of (await readdir(folder).catch(ignoreMissing)) ?? []) {
      const path = join(folder, name);
      const file = await stat(path).catch(ignoreMissing);
      // Another process may be writing a younger one.
      if (file && Date.now() - file.mtimeMs > MAX_TEMPORARY_MS) await rm(path, { force: true });
    }
  }

  /** Writes a file that is either whole or not there. */
  async #write(path: string, data: Uint8Array): Promise<void> {
    const temporary = join(this.#root, TEMPORARY, randomUUID());
    await mkdir(dirname(temporary), { recursive: true, mode: 0o700 });
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#move(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  async #move(from: string, to: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      try {
        await rename(from, to);
        break;
      } catch (error) {
        // Another conversation of the user may have removed a folder that was empty.
        if (!isMissing(error) || tries === 3) throw error;
      }
    }
    await syncFolder(dirname(to));
  }

  async #deleteEvicted(): Promise<void> {
    const paths = this.#evicted;
    this.#evicted = [];
    for (const path of paths) {
      await rm(path, { force: true });
      await this.#removeEmptyFolders(dirname(path));
    }
  }

  /** Removes a folder, and those above it, as long as they are empty. */
  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let path = folder; path.startsWith(`${this.#root}${sep}`); path = dirname(path)) {
      try {
        await rmdir(path);
      } catch (error) {
        if (!isMissing(error)) return;
      }
    }
  }

  /** Runs a change after the earlier ones of the same conversation. */
  #change<T>(key: ConversationKey, change: () => Promise<T>): Promise<T> {
    return this.#changes.run(this.#locateConversation(key), change);
  }
}

/** Lists the revisions of a file, the oldest first. */
async function listRevisions(folder: string): Promise<Revision[]> {
  const names = (await readdir(folder).catch(ignoreMissing)) ?? [];
  const revisions = names.flatMap((name): Revision[] => {
    const [, number, type = ''] = REVISION.exec(name) ?? [];
    const mimeType = decodePath([type]);
    return number === undefined || mimeType === undefined ? [] : [{ number: Number(number), mimeType, name }];
  });
  return revisions.toSorted((one, other) => one.number - other.number);
}

function encodeName(id: string): string[] {
  if (id === '' || !id.isWellFormed()) throw new RangeError('An id of a conversation is not valid');
  return encodePath(id);
}

/** Stores the names in a folder, where the system can: Windows cannot, and needs no help. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch {
    // The file is there in any case, except after a failure of the power.
  }
}

function isMissing(error: unknown): boolean {
  const { code } = Object(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** @returns `undefined` if a file or a folder does not exist @throws every other error */
function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
