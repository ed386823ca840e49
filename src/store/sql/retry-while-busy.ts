import { setTimeout as wait } from 'node:timers/promises';

/** Maximum time for which a write is repeated while another process holds the lock of the file, in ms. */
const LOCK_MS = 5_000;
/** Wait before the first repetition, and the longest one, in ms. Each is twice as long as the one before. */
const FIRST_WAIT_MS = 2;
const MAX_WAIT_MS = 50;
/** SQLite's code of an error for a file that another process writes to. The higher bits have details. @see https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const PRIMARY_CODE = 0xff;

/** Whether a statement has failed because another process writes to the file. */
export function isBusy(error: unknown): boolean {
  const code: unknown = Object(error).errcode; // node:sqlite adds this field
  return typeof code === 'number' && (code & PRIMARY_CODE) === SQLITE_BUSY;
}

/**
 * Runs a write, and repeats it while another process writes to the file. SQLite itself would wait in the event loop.
 * @param check throws if the write must not be tried
 * @throws what the write throws for another reason, or after 5 s
 */
export async function retryWhileBusy<T>(check: () => void, run: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + LOCK_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
    check();
    try {
      return await run();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    // Half of the wait is random, so that two processes do not meet again.
    await wait(waitMs * (0.5 + Math.random() / 2));
  }
}
