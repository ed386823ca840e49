import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { type Process, processes, startedBy } from './processes.ts';
import type { Profile } from './profile.ts';

// The one part that cannot be real: nothing is taken from this machine to see that it is missed.
jest.unstable_mockModule('../debian/install.ts', () => ({ installPackages: () => 'only root could install it' }));
const { ProfileError, through } = await import('./course.ts');
const { freePort } = await import('./free-port.ts');
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
    const all = processes();
    return started.filter((each) => all.some(({ pid, since }) => pid === each.pid && since === each.since));
  };
  const deadline = performance.now() + 5_000;
  while (running().length > 0 && performance.now() < deadline) await delay(20);
  expect(running()).toEqual([]);
}

describe('A profile', () => {
  test('its program does not understand its configuration: the error names the profile, and says why in its words', async () => {
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

  test('somebody else listens on its port: the error names the profile, the program and the port', async () => {
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

  test('its program is missing: the error names the profile, the program, its package and why it was not installed', async () => {
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

  test.each(['nginx', 'squid', 'stunnel', 'ssh'])('%s, used: nothing of it runs afterwards', async (name) => {
    let during: Process[] = [];
    await using stack = new AsyncDisposableStack();
    const { port } = await startProbeOrigin(stack);
    await through(named(name), port, async ({ url, fetch: through = fetch }) => {
      expect((await through(url)).status).toBe(200);
      during = startedBy(process.pid);
    });
    await expectGone(during);
  });

  test('what uses it throws: the error comes out, and nothing of it runs afterwards', async () => {
    let during: Process[] = [];
    const failure = through(named('haproxy'), 1, async () => {
      during = startedBy(process.pid);
      throw new Error('no more');
    });
    await expect(failure).rejects.toThrow('no more');
    await expectGone(during);
  });

  test('the second of its programs does not start: the first does not run afterwards', async () => {
    let during: Process[] = [];
    const half = profile(async (place) => {
      await named('haproxy').open(place);
      during = startedBy(process.pid);
      await startProgram(place, { program: 'nginx', args: ['-c', '/nowhere'], port: await freePort() });
      return { url: '' };
    });
    await expect(through(half, 1, nothing)).rejects.toThrow(
      /^trial: nginx does not start: it ended with 1: .*\/nowhere/s,
    );
    await expectGone(during);
  });

  test.each(['nginx', 'squid'])(
    '%s, the process that uses it is killed: nothing of it runs afterwards',
    async (name) => {
      const script = `
      const { through } = await import('./course.ts');
      const { profiles } = await import('./profiles/all.ts');
      await through(profiles.find(({ name }) => name === '${name}'), 1, async () => {
        console.log('ready');
        await new Promise(() => setInterval(() => undefined, 1_000));
      });`;
      // It cannot clear its folder away.
      const TMPDIR = await mkdtemp(join(tmpdir(), 'bidi-sse-killed-'));
      const user = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: import.meta.dirname,
        env: { ...process.env, TMPDIR },
      });
      await once(user.stdout, 'data');
      const during = startedBy(user.pid ?? 0);
      user.kill('SIGKILL');
      await expectGone(during);
      await rm(TMPDIR, { recursive: true });
    },
  );
});
