import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { installPackages } from '../debian/install.ts';
import type { Place } from './profile.ts';

/** Programs of the profiles, and the Debian packages that contain them. */
export const PROGRAMS = {
  nginx: { path: '/usr/sbin/nginx', package: 'nginx-light' },
  haproxy: { path: '/usr/sbin/haproxy', package: 'haproxy' },
  squid: { path: '/usr/sbin/squid', package: 'squid' },
  mitmdump: { path: '/usr/bin/mitmdump', package: 'mitmproxy' },
  tinyproxy: { path: '/usr/bin/tinyproxy', package: 'tinyproxy' },
  stunnel: { path: '/usr/bin/stunnel4', package: 'stunnel4' },
  sshd: { path: '/usr/sbin/sshd', package: 'openssh-server' },
  ssh: { path: '/usr/bin/ssh', package: 'openssh-client' },
  apache: { path: '/usr/sbin/apache2', package: 'apache2' },
  caddy: { path: '/usr/bin/caddy', package: 'caddy' },
  openssl: { path: '/usr/bin/openssl', package: 'openssl' },
};

export type ProgramName = keyof typeof PROGRAMS;

/** Maximum wait until a program listens, in ms: a Python program on a busy machine. */
const START_MS = 30_000;
/** Maximum wait for the exit of a program, in ms. */
const END_MS = 3_000;
/** Number of characters of a program's output that an error quotes. */
const SAID = 600;

/**
 * Runs a program together with a guard in its process group. The guard ends the group when the pipe at 3 closes, which happens when
 * this process ends, even if it is killed. (The kernel's signal at the death of a parent is lost for programs that change their user,
 * as Squid does.)
 */
const GUARDED = '( { read -r _; kill -KILL 0; } <&3 >/dev/null 2>&1 & ) ; exec "$@" 3<&-';

let installation: string | undefined | 'not tried' = 'not tried';

/**
 * Installs missing programs, all at once.
 * @returns the reasons why programs are missing, by name
 */
export function missingPrograms(names: Iterable<ProgramName>): Map<ProgramName, string> {
  const wanted = [...new Set(names)];
  const absent = () => wanted.filter((name) => !existsSync(PROGRAMS[name].path));
  if (absent().length > 0 && installation === 'not tried') {
    installation = installPackages(absent().map((name) => PROGRAMS[name].package));
  }
  const why = (name: ProgramName) => {
    const { path, package: debian } = PROGRAMS[name];
    return `${path} is missing (Debian's ${debian}), and ${installation ?? 'its package does not bring it'}`;
  };
  return new Map(absent().map((name) => [name, why(name)]));
}

export interface ProgramOptions {
  readonly program: ProgramName;
  readonly args: readonly string[];
  /** Port on which the program listens, on 127.0.0.1. It must be free. */
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory. Default: the folder of the profile. */
  readonly directory?: string;
}

/**
 * Starts a program in the foreground and waits until it listens. The program and its descendants end with the profile.
 * @throws an error that quotes the program's output if it does not start
 */
export async function startProgram(
  place: Place,
  { program, args, port, env, directory }: ProgramOptions,
): Promise<void> {
  if (await listens(port)) throw new Error(`${program}: port ${port} is taken`);
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', PROGRAMS[program].path, ...args], {
    cwd: directory ?? place.directory,
    env: { PATH: process.env.PATH ?? '', HOME: place.directory, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // Start a new process group, so that it can be ended as a whole.
    detached: true,
  });
  let said = '';
  let ended: string | undefined;
  const over = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ended = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended = `it ended with ${signal ?? code}`;
      resolve();
    });
  });
  const listen = (chunk: Buffer) => {
    said = (said + chunk).slice(-SAID);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  place.stack.defer(() => endGroup(child.pid, over));
  const deadline = performance.now() + START_MS;
  while (!(await listens(port))) {
    if (ended !== undefined) throw new Error(`${program} does not start: ${ended}${said && `: ${said.trim()}`}`);
    if (performance.now() > deadline) {
      throw new Error(`${program} did not listen on port ${port} within ${START_MS / 1_000} s: ${said.trim()}`);
    }
    await delay(30);
  }
}

async function endGroup(pid: number | undefined, over: Promise<void>): Promise<void> {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  await Promise.race([over, delay(END_MS, undefined, { ref: false })]);
  // Kill what is left of the group, in particular child processes.
  signalGroup(pid, 'SIGKILL');
  await over;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty.
  }
}

/** Returns whether a server listens on the port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
