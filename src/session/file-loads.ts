import type { Artifact } from '../store/artifact-store.ts';
import { createServerBusyError, MemoryBudget } from './memory-budget.ts';

/** Limits of the files that are read from the store and wait for their readers. Beyond each of them a request is refused. */
export interface FileLoadLimits {
  /** Maximum number of files that are read at the same time. Further ones wait. */
  readonly loads: number;
  /** Maximum number of files that wait to be read. */
  readonly waiting: number;
  /** Maximum size of all files, in bytes. */
  readonly bytes: number;
  /** Maximum size of the files of one user, in bytes. A larger file is read alone. */
  readonly userBytes: number;
}

/** A file in memory. Call `release` once, when its reader has it or is gone. */
export interface LoadedFile {
  readonly artifact: Artifact;
  readonly release: () => void;
}

const MIB = 1024 * 1024;
const LIMITS: FileLoadLimits = { loads: 4, waiting: 256, bytes: 128 * MIB, userBytes: 32 * MIB };

/** Reads files for clients. Many requests for large files, or readers that stop reading, need no more memory than a few. */
export class FileLoads {
  readonly #limits: FileLoadLimits;
  readonly #memory: MemoryBudget;
  /** Bytes in memory by user. */
  readonly #users = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #loading = 0;

  /** @param memory of the process, of which the files are a part */
  constructor(memory: MemoryBudget, limits: FileLoadLimits = LIMITS) {
    this.#limits = limits;
    this.#memory = new MemoryBudget(limits.bytes, [memory]);
  }

  /**
   * Loads a file.
   * @returns `undefined` if there is none
   * @throws {WireError} server_busy, or what `load` throws
   */
  async load(userId: string, load: () => Promise<Artifact | undefined>): Promise<LoadedFile | undefined> {
    await this.#begin();
    try {
      const artifact = await load();
      return artifact && { artifact, release: this.#hold(userId, artifact.data.length) };
    } finally {
      this.#loading -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #begin(): Promise<void> {
    const { loads, waiting } = this.#limits;
    if (!this.#memory.admitsWork) throw createServerBusyError();
    while (this.#loading >= loads) {
      if (this.#waiting.length >= waiting) throw createServerBusyError();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#loading += 1;
  }

  /** @returns function that stops counting the file */
  #hold(userId: string, bytes: number): () => void {
    const own = this.#users.get(userId) ?? 0;
    const isTooMuch = own > 0 && own + bytes > this.#limits.userBytes;
    if (isTooMuch || !this.#memory.reserve(bytes)) throw createServerBusyError();
    this.#users.set(userId, own + bytes);
    return () => {
      this.#memory.release(bytes);
      const left = (this.#users.get(userId) ?? 0) - bytes;
      if (left > 0) this.#users.set(userId, left);
      else this.#users.delete(userId);
    };
  }
}
