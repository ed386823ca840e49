import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory of the server after a garbage collection, in bytes. */
export interface Memory {
  /** Resident memory, as the kernel counts it. */
  readonly rss: number;
  /** JavaScript objects and the buffers that they hold; 0 if the server did not answer. */
  readonly live: number;
}

const PAGE_BYTES = 4_096;
/** Maximum wait for the address of a server that starts, and for the end of a garbage collection, in ms. */
const START_MS = 30_000;
const COLLECT_MS = 10_000;
/** Number of characters at the end of the server's output that a report quotes. */
const QUOTED = 2_000;

/**
 * The built server in a child process, started as `npm start` starts it, and watched from outside: `/proc` tells its memory, its file
 * descriptors and the time for which its thread had to wait for a processor.
 */
export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #output: { text: string };
  #exit: string | undefined;

  private constructor(child: ChildProcess, url: string, output: { text: string }) {
    this.#child = child;
    this.url = url;
    this.#output = output;
    child.once('exit', (code, signal) => {
      this.#exit = signal ?? `status ${code}`;
    });
  }

  /**
   * Starts a server on a free port of 127.0.0.1.
   * @param folder checkout whose build is started
   * @param agent file of the agent
   * @param environment its variables; nothing is inherited but PATH
   */
  static async start(folder: string, agent: string, environment: Record<string, string>): Promise<ServerProcess> {
    const flags = [
      '--max-semi-space-size=16',
      '--expose-gc',
      '--import',
      join(import.meta.dirname, 'collect-garbage.mjs'),
    ];
    const args = [...flags, join(folder, 'dist/cli.js'), '--host', '127.0.0.1', '--port', '0', '--agent', agent];
    const child = spawn(process.execPath, args, {
      // A folder without a file .env.
      cwd: tmpdir(),
      env: {
        PATH: process.env.PATH ?? '',
        BIDI_SSE: join(folder, 'dist/index.js'),
        DATABASE_URL: 'memory:',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output = { text: '' };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const read = (chunk: Buffer) => {
      output.text = `${output.text}${chunk}`.slice(-1_000_000);
      const [url] = /https?:\/\/localhost:\d+/.exec(output.text) ?? [];
      if (url) resolve(url.replace('localhost', '127.0.0.1'));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    const onExit = (code: number | null) =>
      reject(new Error(`the server ended with ${code}:\n${output.text.slice(-QUOTED)}`));
    child.once('exit', onExit);
    const timer = setTimeout(() => reject(new Error(`the server did not start:\n${output.text}`)), START_MS);
    try {
      return new ServerProcess(child, await promise, output);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
      child.removeListener('exit', onExit);
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How the process ended. `undefined`: it runs. */
  get exit(): string | undefined {
    return this.#exit;
  }

  /** End of what the server has printed. */
  get output(): string {
    return this.#output.text.slice(-QUOTED);
  }

  /** All that the server has printed, up to 1 MB of it. */
  get wholeOutput(): string {
    return this.#output.text;
  }

  /** Resident memory, in bytes; 0 if the process has ended. */
  get rss(): number {
    return Number(this.#read('statm').split(' ')[1] ?? 0) * PAGE_BYTES;
  }

  /** Number of open file descriptors; 0 if the process has ended. */
  get descriptors(): number {
    try {
      return readdirSync(`/proc/${this.pid}/fd`).length;
    } catch {
      return 0;
    }
  }

  /** Collects garbage, and then returns the memory in use. */
  async collectGarbage(): Promise<Memory> {
    if (this.#exit !== undefined || !this.#child.connected) return { rss: 0, live: 0 };
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(COLLECT_MS) });
    this.#child.send('memory', () => {});
    const live = await answered.then(
      ([memory]) => memory.heapUsed + memory.external,
      () => 0,
    );
    return { rss: this.rss, live };
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    if (this.#exit !== undefined) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #read(file: string): string {
    try {
      return readFileSync(`/proc/${this.pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  }
}
