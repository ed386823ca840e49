import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Debian asks this script whether a package may start its daemons; 101 is "no". */
const POLICY = '/usr/sbin/policy-rc.d';
const INSTALL_MS = 10 * 60_000;

/** Installs Debian packages on a machine that is there for testing, and starts no daemon of theirs. @returns why it cannot be done, if it cannot */
export function installPackages(packages: readonly string[]): string | undefined {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return 'there is no apt-get';
  if (process.getuid?.() !== 0) return 'only root could install it';
  if (!isContainer() && !process.env.CI) return 'outside a container nothing is installed unasked';
  try {
    install(packages);
  } catch (error) {
    return `its installation failed: ${firstLine(error)}`;
  }
  return undefined;
}

function install(packages: readonly string[]): void {
  const denies = !existsSync(POLICY);
  if (denies) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = { timeout: INSTALL_MS, env, stdio: ['ignore', 'ignore', 'pipe'] as const };
    // Two tests may want something at once: the second waits for the first.
    const apt = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
    execFileSync('apt-get', [...apt, 'update'], { ...options, stdio: [...options.stdio] });
    execFileSync('apt-get', [...apt, 'install', '-y', '--no-install-recommends', ...packages], {
      ...options,
      stdio: [...options.stdio],
    });
  } finally {
    if (denies) rmSync(POLICY, { force: true });
  }
}

function isContainer(): boolean {
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv') || process.env.container !== undefined;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
