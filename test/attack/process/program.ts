import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Maximum wait for a message of a program, in ms. */
const ANSWER_MS = 60_000;

/** A program of this folder in a process of its own, which ends with this process. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(name: string, args: readonly string[] = []) {
    this.#name = name;
    this.#child = fork(join(import.meta.dirname, name), args, {
      env: { PATH: process.env.PATH ?? '', DATABASE_URL: 'memory:' },
    });
  }

  /** Resolves with the next message. @throws if the program ends, or sends nothing for a minute */
  async nextMessage(): Promise<unknown> {
    const over = new AbortController();
    try {
      const message = once(this.#child, 'message', {
        signal: AbortSignal.any([over.signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      const exit = once(this.#child, 'exit', { signal: over.signal });
      const [first] = await Promise.race([
        message,
        exit.then(([code]) => {
          throw new Error(`${this.#name} ended with ${code}`);
        }),
      ]);
      return first;
    } finally {
      over.abort();
    }
  }

  /** Sends a message and resolves with the answer. */
  ask(message: object): Promise<unknown> {
    const answer = this.nextMessage();
    this.#child.send(message, () => {});
    return answer;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
