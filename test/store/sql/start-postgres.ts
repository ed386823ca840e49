import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { installPackages } from '../../debian/install.ts';
import { freePort } from '../../free-port.ts';

/** Where Debian has the programs of each version. */
const ROOT = '/usr/lib/postgresql';
/** Maximum wait for the server to accept connections, in ms. */
const START_MS = 30_000;

export interface Postgres {
  /** Address of an empty database, another one with each call. */
  createDatabase(): Promise<string>;
  /** Kills the server as a crash would, and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Folder of the programs; `missing` is why there is none. */
export type PostgresPrograms = { readonly folder: string } | { readonly missing: string };

/** Finds the programs of Debian's PostgreSQL. Installs them where that is possible. */
export function findPostgres(): PostgresPrograms {
  const found = listPrograms();
  if (found !== undefined) return { folder: found };
  const reason = installPackages(['postgresql']);
  const installed = listPrograms();
  if (installed !== undefined) return { folder: installed };
  return { missing: `there is no PostgreSQL (Debian's postgresql), and ${reason ?? 'its package does not bring it'}` };
}

/** Starts a server in a temporary folder, as the user `postgres` when the test runs as root. @throws if the programs are missing */
export async function startPostgres(programs: PostgresPrograms): Promise<Postgres> {
  if ('missing' in programs) throw new Error(programs.missing);
  const folder = mkdtempSync(join(tmpdir(), 'bidi-postgres-'));
  const user = process.getuid?.() === 0 ? readUser() : undefined;
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const run = user ? { uid: user.uid, gid: user.gid, cwd: folder } : { cwd: folder };
  execFileSync(
    join(programs.folder, 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    {
      ...run,
      stdio: 'ignore',
    },
  );
  const port = await freePort();
  const url = (name: string) => `postgres://test@127.0.0.1:${port}/${name}`;
  const args = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
  let server: ChildProcess | undefined;
  const start = async () => {
    server = spawn(join(programs.folder, 'postgres'), args, { ...run, stdio: 'ignore' });
    await waitUntilReady(url('postgres'), server);
  };
  const end = async (signal: 'SIGINT' | 'SIGQUIT') => {
    const running = server;
    if (!running || running.exitCode !== null) return;
    const exited = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await exited;
  };
  await start();
  let databases = 0;
  return {
    async createDatabase() {
      databases += 1;
      const client = new pg.Client({ connectionString: url('postgres') });
      await client.connect();
      await client.query(`CREATE DATABASE test_${databases}`);
      await client.end();
      return url(`test_${databases}`);
    },
    async restart() {
      await end('SIGQUIT');
      await start();
    },
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listPrograms(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const [newest] = readdirSync(ROOT).sort((one, other) => Number(other) - Number(one));
  return newest === undefined ? undefined : join(ROOT, newest, 'bin');
}

function readUser(): { uid: number; gid: number } {
  const read = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: read('-u'), gid: read('-g') };
}

async function waitUntilReady(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline || server.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
