import { existsSync } from 'node:fs';
import { installPackages } from '../debian/install.ts';

/** Path of a browser, or the reason why there is none. */
export type Chromium = { readonly path: string } | { readonly missing: string };

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Finds a Chromium; on a machine that is there for testing, installs Debian's. */
export function findChromium(): Chromium {
  const found = PLACES.find((place) => existsSync(place));
  if (found) return { path: found };
  const reason = installPackages(['chromium']);
  if (reason) return { missing: `no Chromium, and ${reason}` };
  const installed = PLACES.find((place) => existsSync(place));
  return installed ? { path: installed } : { missing: 'no Chromium, even after its installation' };
}
