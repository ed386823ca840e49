import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from '../../test/browser/chromium.ts';
import { FAKE_MICROPHONE, QUIET } from '../../test/browser/chromium-args.ts';

/** Fonts of the pictures, as Debian packages. They are unpacked into a folder of their own and not installed: tests keep the fonts of the machine. */
const FONTS = ['fonts-inter', 'fonts-liberation'];

/** Launches Chromium with the same fonts on every machine. */
export async function launchBrowser() {
  const found = findChromium();
  if ('missing' in found) throw new Error(found.missing);
  const env = { ...process.env, FONTCONFIG_FILE: await prepareFonts(join(tmpdir(), 'bidi-sse-fonts')) };
  return chromium.launch({ executablePath: found.path, args: [...QUIET, ...FAKE_MICROPHONE], env });
}

/** @returns the path of a configuration for fontconfig that contains the fonts */
async function prepareFonts(folder) {
  const config = join(folder, 'fonts.conf');
  if (existsSync(config)) return config;
  await mkdir(folder, { recursive: true });
  execFileSync('sh', ['-c', `apt-get -q download ${FONTS.join(' ')} && for deb in *.deb; do dpkg -x "$deb" .; done`], {
    cwd: folder,
    stdio: 'ignore',
  });
  await writeFile(
    config,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/cache</cachedir>
  <include ignore_missing="yes">/etc/fonts/conf.d</include>
</fontconfig>
`,
  );
  return config;
}
