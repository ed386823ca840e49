import { statSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Place of an open database file. SQLite goes on writing to a file that was moved or deleted, and nobody finds what it writes there.
 * @see https://www.sqlite.org/howtocorrupt.html section 2.4
 */
export class FilePlace {
  /** Absolute: the working directory may change. */
  readonly #path: string;
  /** Device and number of the file. `undefined`: the database is in memory. */
  readonly #id: string | undefined;

  /** @param path of a file that is open */
  constructor(path: string) {
    this.#path = resolve(path);
    this.#id = readId(this.#path);
  }

  /** Whether the database is a file. */
  get isFile(): boolean {
    return this.#id !== undefined;
  }

  /** @throws {Error} if the file at the path is not the one that is open. It costs some microseconds, and no other turn of the event loop */
  check(): void {
    if (this.#id === undefined || readId(this.#path) === this.#id) return;
    throw new Error(
      `The file of the database, ${this.#path}, was moved, deleted or replaced while it was in use: put it back, or restart the server`,
    );
  }
}

function readId(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
