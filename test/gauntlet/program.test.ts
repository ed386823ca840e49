import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { listDescendants, listProcesses, type Process } from './processes.ts';
import type { Profile } from './profile.ts';

// The one part that cannot be real: nothing is taken from this machine to see that it is missed.
jest.unstable_mockModule('../debian/install.ts', () => ({ installPackages: () => 'only root could install it' }));
const { ProfileError, through } = await import('./course.ts');
const { freePort } = await import('../free-port.ts');
const { startProbeOrigin } = await import('./probe-origin.ts');
const { PROGRAMS, startProgram } = await import('./program.ts');
const { profiles } = await import('./profiles/all.ts');

const nothing = async () => undefined;

function profile(open: Profile['open']): Profile {
  return { name: 'trial', what: 'a trial', programs: [], steady: true, rungs: ['stream'], page: false, open };
}

function named(name: string): Profile {
  const found = profiles.find((each) => each.name === name);
  if (!found) throw new Error(`There is no profile ${name}`);
  return found;
}

/** A child of sshd's in a session of its own sees the end of its connection, and ends with it: a moment later. */
async function expectGone(started: readonly Process[]): Promise<void> {
  expect(started).not.toEqual([]);
  const running = () => {
    const all = listProcesses();
    return started.filter((each) => all.some(({ pid, since }) => pid === each.pid && since === each.since));
  };
  const deadline = performance.now() + 30_000;
  while (running().length > 0 && performance.now() < deadline) await delay(20);
  expect(running()).toEqual([]);
}

describe('a profile', () => {
  test('with an invalid configuration fails with an error that names the profile and quotes the program', async () => {
    const broken = profile(async (place) => {
      const port = await freePort();
      const file = join(place.directory, 'haproxy.cfg');
      await writeFile(file, 'listen here\n  nonsense\n');
      await startProgram(place, { program: 'haproxy', args: ['-db', '-f', file], port });
      return { url: `http://127.0.0.1:${port}` };
    });
    const failure = through(broken, 1, nothing);
    await expect(failure).rejects.toThrow(ProfileError);
    await expect(failure).rejects.toThrow(
      /^trial: haproxy does not start: it ended with 1: .*unknown keyword 'nonsense'/s,
    );
  });

  test('whose port is in use fails with an error that names the profile, the program and the port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number }; // a TCP server that listens has one
    const taken = profile(async (place) => {
      await startProgram(place, { program: 'haproxy', args: ['-db'], port });
      return { url: '' };
    });
    await expect(through(taken, 1, nothing)).rejects.toThrow(`trial: haproxy: port ${port} is taken`);
    server.close();
  });

  test('whose program is missing fails with an error that names the profile, the program, its package and why it was not installed', async () => {
    const { path } = PROGRAMS.caddy;
    PROGRAMS.caddy.path = '/nowhere/caddy';
    try {
      const missing = { ...profile(async () => ({ url: '' })), programs: ['caddy'] as const };
      await expect(through(missing, 1, nothing)).rejects.toThrow(
        "trial: /nowhere/caddy is missing (Debian's caddy), and only root could install it",
      );
    } finally {
      PROGRAMS.caddy.path = path;
    }
  });

  test.each(['nginx', 'squid', 'stunnel', 'ssh'])('named %s leaves no process after use', async (name) => {
    let during: Process[] = [];
    await using stack = new AsyncDisposableStack();
    const { port } = await startProbeOrigin(stack);
    await through(named(name), port, async ({ url, fetch: through = fetch }) => {
      expect((await through(url)).status).toBe(200);
      during = listDescendants(process.pid);
    });
    await expectGone(during);
  });

  test('whose user throws passes the error on and leaves no process', async () => {
    let during: Process[] = [];
    const failure = through(named('haproxy'), 1, async () => {
      during = listDescendants(process.pid);
      throw new Error('no more');
    });
    await expect(failure).rejects.toThrow('no more');
    await expectGone(during);
  });

  test('whose second program does not start ends the first', async () => {
    let during: Process[] = [];
    const half = profile(async (place) => {
      await named('haproxy').open(place);
      during = listDescendants(process.pid);
      await startProgram(place, { program: 'nginx', args: ['-c', '/nowhere'], port: await freePort() });
      return { url: '' };
    });
    await expect(through(half, 1, nothing)).rejects.toThrow(
      /^trial: nginx does not start: it ended with 1: .*\/nowhere/s,
    );
    await expectGone(during);
  });

  test.each(['nginx', 'squid'])('named %s leaves no process after its user is killed', async (name) => {
    const script = `
      const { through } = await import('./course.ts');
      const { profiles } = await import('./profiles/all.ts');
      await through(profiles.find(({ name }) => name === '${name}'), 1, async () => {
        console.log('ready');
        await new Promise(() => setInterval(() => undefined, 1_000));
      });`;
    // Use a folder that the test deletes, because the killed process cannot delete its own.
    const TMPDIR = await mkdtemp(join(tmpdir(), 'bidi-sse-killed-'));
    const user = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      env: { ...process.env, TMPDIR },
    });
    await once(user.stdout, 'data');
    const during = listDescendants(user.pid ?? 0);
    user.kill('SIGKILL');
    await expectGone(during);
    await rm(TMPDIR, { recursive: true });
  });
});
