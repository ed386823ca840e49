import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';

/**
 * Number of writes after which the write-ahead log is copied into the database: about 40 MB of ordinary turns. A commit at that moment may wait for the
 * disk, too.
 */
const WRITES = 1_000;
/** Maximum wait of `stop` for a copy that is under way, in ms. */
const STOP_MS = 2_000;

/** Program of the thread. A message has it copy, or end. It is a text, so that it needs no file of its own beside the bundle. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(workerData);
database.exec('PRAGMA synchronous = NORMAL');
parentPort.on('message', (message) => {
  if (message === 'close') {
    database.close();
    parentPort.close();
    return;
  }
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {}
  parentPort.postMessage('done');
});`;

/**
 * Copies the write-ahead log of a SQLite file into the database in a thread of its own. SQLite would do it in every hundredth commit or so, and wait for the
 * disk meanwhile. A passive checkpoint lets others read and write.
 * @see https://www.sqlite.org/wal.html section 3
 */
export class WalCheckpoints {
  readonly #file: string;
  #writes = 0;
  #worker: Worker | undefined;
  #isCopying = false;
  #isStopped = false;

  constructor(file: string) {
    this.#file = resolve(file);
  }

  /** Counts a write. The thread is started when it is needed. */
  onWrite(): void {
    this.#writes += 1;
    if (this.#writes < WRITES || this.#isCopying || this.#isStopped) return;
    this.#writes = 0;
    this.#isCopying = true;
    this.#worker ??= this.#start();
    this.#worker.postMessage('copy');
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const worker = this.#worker;
    if (!worker) return;
    const { promise, resolve: onExit } = Promise.withResolvers<void>();
    worker.once('exit', () => onExit());
    worker.postMessage('close');
    const timer = setTimeout(() => void worker.terminate(), STOP_MS);
    await promise;
    clearTimeout(timer);
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, { eval: true, workerData: this.#file });
    worker.unref();
    worker.on('message', () => {
      this.#isCopying = false;
    });
    // Without the thread, SQLite itself copies when the log is large. The next thousand writes start another one.
    worker.on('error', () => {});
    worker.once('exit', () => {
      this.#worker = undefined;
      this.#isCopying = false;
    });
    return worker;
  }
}
