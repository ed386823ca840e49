import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Where a browser is, or why there is none. */
export type Chromium = { readonly path: string } | { readonly missing: string };

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Debian asks this script whether a package may start its daemons; 101 is "no". */
const POLICY = '/usr/sbin/policy-rc.d';
const INSTALL_MS = 10 * 60_000;

/** Finds a Chromium; on a machine that is there for testing, installs Debian's. */
export function findChromium(): Chromium {
  const found = PLACES.find((place) => existsSync(place));
  if (found) return { path: found };
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get'))
    return { missing: 'no Chromium, and no apt-get' };
  if (process.getuid?.() !== 0) return { missing: 'no Chromium, and not root, who could install it' };
  if (!isContainer() && !process.env.CI) {
    return { missing: 'no Chromium, and outside a container nothing is installed unasked' };
  }
  try {
    install();
  } catch (error) {
    return { missing: `no Chromium, and its installation failed: ${firstLine(error)}` };
  }
  const installed = PLACES.find((place) => existsSync(place));
  return installed ? { path: installed } : { missing: 'no Chromium, even after its installation' };
}

function install(): void {
  const denies = !existsSync(POLICY);
  if (denies) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const options = { timeout: INSTALL_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    execFileSync('apt-get', ['update'], options);
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options);
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
