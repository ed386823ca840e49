import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { installPackages } from '../debian/install.ts';
import type { Place } from './profile.ts';

/** The programs that stand in the way, and the Debian packages that bring them. */
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

/** How long one may take until it listens, ms: a Python program on a busy machine. */
const START_MS = 30_000;
/** How long one may take to end by itself, ms. */
const END_MS = 3_000;
/** Characters of what it said that are shown when it fails. */
const SAID = 600;

/**
 * Runs a program, and beside it, in its process group, a guard that ends the group when the pipe at 3 is closed: that is when this process
 * ends, even if it is killed. (What the kernel can send at a parent's death is lost to programs that change their user, as Squid does.)
 */
const GUARDED = '( { read -r _; kill -KILL 0; } <&3 >/dev/null 2>&1 & ) ; exec "$@" 3<&-';

let installation: string | undefined | 'not tried' = 'not tried';

/**
 * Installs what is missing of these, all at once.
 * @returns why one is missing, by its name
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
  /** Where it is to listen, on 127.0.0.1. Must be free now. */
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it works; default: the profile's folder. */
  readonly directory?: string;
}

/**
 * Starts a program in the foreground and waits until it listens. It is ended with the profile, with whatever it has started.
 * @throws saying why it does not run, in its own words
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
    // A process group of its own: it is ended as a whole.
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
  // Whatever is left of it, its children first of all.
  signalGroup(pid, 'SIGKILL');
  await over;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

/** Whether somebody listens there. */
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
