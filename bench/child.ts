import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Child {
  /** First output of the child that looks like a port or an address. */
  readonly address: string;
  /** CPU time used so far, user and system, all threads, ms. */
  cpuMs(): number;
  /** Resident memory, bytes. */
  rss(): number;
  end(): Promise<void>;
}

/** Linux counts CPU time in these: USER_HZ is 100 on all its platforms. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

/** Starts a Node program and waits until it has printed its port or address. */
export async function startChild(args: string[], env: Record<string, string> = {}): Promise<Child> {
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: 'memory:', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      const match = /http:\/\/[\w.]+:\d+|^\d+$/m.exec(text);
      if (match) resolve(match[0]);
    });
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}: ${text}`)));
  });
  const stat = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8');
  return {
    address,
    cpuMs() {
      // The second field is the program's name, in parentheses, and may hold spaces.
      const fields = stat('stat').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    },
    rss: () => Number(stat('statm').split(' ')[1]) * PAGE_BYTES,
    async end() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}
