import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterTest, temporaryDirectory, waitFor } from '../http/test-server.ts';

/** Built by `npm test` before the tests run. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** A running command and what it prints. */
export class Command {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #detached: boolean;
  readonly #exit: Promise<unknown[]>;

  /** @param detached whether the command leads a process group of its own, which is killed after the test */
  constructor(child: ChildProcess, detached = false) {
    this.#child = child;
    this.#detached = detached;
    this.#exit = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stdout += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
    });
    afterTest(async () => {
      this.#killHard();
      await this.#exit;
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#child.spawnfile} could not be started`);
    return pid;
  }

  /** Waits for the end of the command and of every process that has inherited its output. @returns the exit status */
  async exitCode(): Promise<number | null> {
    await this.#exit;
    return this.#child.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #killHard(): void {
    if (!this.#detached) this.#child.kill('SIGKILL');
    else {
      try {
        process.kill(-this.pid, 'SIGKILL');
      } catch {
        // Every process of the group has ended.
      }
    }
  }

  /** Waits until the output matches. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return waitFor(`${pattern} in the output of the command`, () => pattern.exec(this.stdout)).catch((error) => {
      throw new Error(`${error.message}, which is\n${this.stdout}${this.stderr}`);
    });
  }
}

export interface CommandOptions {
  /** Environment variables besides PATH. */
  readonly env?: Record<string, string>;
  /** Default: an empty folder, so that no `.env` file is read. */
  readonly cwd?: string;
  /** Whether the program leads a process group of its own. Default: false. */
  readonly detached?: boolean;
}

/** Runs the built command line of this project. */
export function runCli(args: readonly string[], options: CommandOptions = {}): Promise<Command> {
  return runProgram(process.execPath, [CLI, ...args], options);
}

/** Runs a program. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { env = {}, cwd, detached = false }: CommandOptions = {},
): Promise<Command> {
  const directory = cwd ?? (await temporaryDirectory());
  const options = { cwd: directory, detached, env: { PATH: process.env.PATH, ...env } };
  return new Command(spawn(program, args, options), detached);
}

/** Runs a line as a terminal would. */
export function runShell(line: string): Command {
  return new Command(spawn('sh', ['-c', `exec ${line}`], { env: { PATH: process.env.PATH, DATABASE_URL: 'memory:' } }));
}

/** Waits for the address that the command prints. */
export async function addressOf(command: Command): Promise<string> {
  const [, url = ''] = await command.until(/(?:bidi-sse \d\S*\s+|"url":")(https?:\/\/[^\s"]+)/);
  return url;
}
