import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterTest, temporaryDirectory, waitFor } from '../http/test-server.ts';

/** Built by `npm test` before the tests run. */
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** A command that runs, and what it says. */
export class Command {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown[]>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stdout += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
    });
    afterTest(async () => {
      child.kill('SIGKILL');
      await this.#exit;
    });
  }

  /** Its exit code, once it has ended. */
  async exitCode(): Promise<number | null> {
    await this.#exit;
    return this.#child.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it has printed something that matches. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return waitFor(`${pattern} in\n${this.stdout}${this.stderr}`, () => pattern.exec(this.stdout));
  }
}

export interface CommandOptions {
  /** The only variables it has, beside PATH. */
  readonly env?: Record<string, string>;
  /** Default: an empty folder, so that nobody's `.env` is read. */
  readonly cwd?: string;
}

/** Runs the server's command. */
export async function runCli(args: readonly string[], { env = {}, cwd }: CommandOptions = {}): Promise<Command> {
  return new Command(
    spawn(process.execPath, [CLI, ...args], {
      cwd: cwd ?? (await temporaryDirectory()),
      env: { PATH: process.env.PATH, ...env },
    }),
  );
}

/** Runs a line as it would be typed into a terminal. */
export function runShell(line: string): Command {
  return new Command(spawn('sh', ['-c', `exec ${line}`], { env: { PATH: process.env.PATH } }));
}

/** The address that the command says it listens on. */
export async function addressOf(command: Command): Promise<string> {
  const [, url = ''] = await command.until(/bidi-sse \d\S*\s+(http:\/\/\S+)/);
  return url;
}
