import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
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

/** What has been started by this process, or by what it has started, and still runs: each as `pid name since`. */
function started(): string[] {
  const all = readdirSync('/proc').flatMap((pid) => {
    try {
      // `pid (name) state ppid …`, and in the 22nd place when it was started.
      const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      const fields = rest.split(' ');
      return [{ pid: Number(pid), name, parent: Number(fields[1]), since: fields[19] }];
    } catch {
      // No process, or not any more.
      return [];
    }
  });
  const below = (parent: number): typeof all =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return below(process.pid).map(({ pid, name, since }) => `${pid} ${name} ${since}`);
}

/** Which of them still run: those whose parent has ended too. */
function running(processes: readonly string[]): string[] {
  return processes.filter((each) => {
    const [pid, , since] = each.split(' ');
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] === since;
    } catch {
      return false;
    }
  });
}

/** A child of sshd's in a session of its own sees the end of its connection, and ends with it: a moment later. */
async function expectGone(processes: readonly string[]): Promise<void> {
  expect(processes).not.toEqual([]);
  const deadline = performance.now() + 5_000;
  while (running(processes).length > 0 && performance.now() < deadline) await delay(20);
  expect(running(processes)).toEqual([]);
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
    const before = started();
    let during: string[] = [];
    await using stack = new AsyncDisposableStack();
    const { port } = await startProbeOrigin(stack);
    await through(named(name), port, async ({ url, fetch: through = fetch }) => {
      expect((await through(url)).status).toBe(200);
      during = started().filter((each) => !before.includes(each));
    });
    await expectGone(during);
  });

  test('what uses it throws: the error comes out, and nothing of it runs afterwards', async () => {
    const before = started();
    let during: string[] = [];
    const failure = through(named('haproxy'), 1, async () => {
      during = started().filter((each) => !before.includes(each));
      throw new Error('no more');
    });
    await expect(failure).rejects.toThrow('no more');
    await expectGone(during);
  });

  test('the second of its programs does not start: the first does not run afterwards', async () => {
    const before = started();
    let during: string[] = [];
    const half = profile(async (place) => {
      await named('haproxy').open(place);
      during = started().filter((each) => !before.includes(each));
      await startProgram(place, { program: 'nginx', args: ['-c', '/nowhere'], port: await freePort() });
      return { url: '' };
    });
    await expect(through(half, 1, nothing)).rejects.toThrow(
      /^trial: nginx does not start: it ended with 1: .*\/nowhere/s,
    );
    await expectGone(during);
  });
});
