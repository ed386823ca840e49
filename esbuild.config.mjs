// Builds everything into dist/: the command line, the library, the emulator, the client SDK and the page. There is no watch mode: a build
// takes less than a second, and `npm start` makes one.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });

await build({
  entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts', emulator: 'src/emulator.ts' },
  outdir: 'dist',
  bundle: true,
  // Entry points share chunks, so that an agent file that imports 'bidi-sse' gets the same classes as the command line.
  splitting: true,
  packages: 'external',
  alias: { 'bidi-sse': './src/index.ts' },
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: true,
  logLevel: 'warning',
});

await build({
  entryPoints: { client: 'src/client/index.ts' },
  outdir: 'dist',
  bundle: true,
  // Runs in browsers and in Node.
  platform: 'neutral',
  packages: 'external',
  format: 'esm',
  target: ['node22', 'chrome109', 'firefox115', 'safari16.4'],
  sourcemap: true,
  logLevel: 'warning',
});

/** Options of all scripts of the page. */
const page = {
  outdir: 'dist/public',
  entryNames: '[name]',
  bundle: true,
  minify: true,
  target: ['chrome109', 'firefox115', 'safari16.4'],
  sourcemap: true,
  logLevel: 'warning',
};

const { metafile } = await build({
  ...page,
  entryPoints: ['src/web/page.tsx', 'src/web/page.css'],
  format: 'esm',
  // The panels, and each language but English, have files of their own, which the page loads when they are wanted.
  splitting: true,
  chunkNames: '[name]-[hash]',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  metafile: true,
});
const outputs = Object.entries(metafile.outputs).map(([path, output]) => ({ ...output, name: basename(path) }));

await build({
  ...page,
  entryPoints: ['src/web/voice/capture-worklet.ts', 'src/web/voice/playback-worklet.ts'],
  format: 'esm',
});

const messageFiles = outputs.flatMap(({ entryPoint, name }) => {
  const [, language] = /^src\/web\/messages\/(\w+)\.ts$/.exec(entryPoint ?? '') ?? [];
  return language ? [[language, name]] : [];
});
await build({
  ...page,
  entryPoints: ['src/web/prepare-page.ts'],
  format: 'iife',
  define: { MESSAGE_FILES: JSON.stringify(Object.fromEntries(messageFiles)) },
});

await cp('public', 'dist/public', { recursive: true });
// The files that the page's script imports are loaded beside it, not after it.
const script = outputs.find(({ entryPoint }) => entryPoint === 'src/web/page.tsx');
const imports = script.imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => basename(path));
const preloads = imports.map((name) => `    <link rel="modulepreload" href="static/${name}" />\n`).join('');
const html = await readFile('dist/public/index.html', 'utf8');
await writeFile('dist/public/index.html', html.replace(/(?= *<script type="module")/, preloads));
await cp('src/emulator/voice', 'dist/voice', { recursive: true });
