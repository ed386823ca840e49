import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tests that run side by side want something installed at once: apt takes one at a time, and the others would fail. */
const LOCK = join(tmpdir(), 'bidi-sse-install.lock');
const INSTALL_S = 600;
/** Debian asks policy-rc.d whether a package may start its daemons; 101 is "no". */
const SCRIPT = `set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod 755 $policy
fi
apt-get -q update
apt-get -q install -y --no-install-recommends "$@"`;

/** Installs Debian packages on a machine that is there for testing, and starts no daemon of theirs. @returns why it cannot be done, if it cannot */
export function installPackages(packages: readonly string[]): string | undefined {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return 'there is no apt-get';
  if (process.getuid?.() !== 0) return 'only root could install it';
  if (!isContainer() && !process.env.CI) return 'outside a container nothing is installed unasked';
  try {
    execFileSync('flock', ['-w', String(INSTALL_S), LOCK, 'sh', '-c', SCRIPT, 'install', ...packages], {
      timeout: 2 * INSTALL_S * 1_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    return `its installation failed: ${lastLine(error)}`;
  }
  return undefined;
}

function isContainer(): boolean {
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv') || process.env.container !== undefined;
}

/** What apt said last is what was wrong. */
function lastLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? '';
}
