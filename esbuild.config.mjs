// Builds everything into dist/: the server, the library, the emulator and the page. `--watch` is not needed: a build takes
// well under a second, and `npm start` makes one.
import { cp, rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });

await build({
  entryPoints: { cli: 'src/cli.ts', index: 'src/index.ts', emulator: 'src/emulator/main.ts' },
  outdir: 'dist',
  bundle: true,
  // Entry points share chunks, so that an agent file which imports 'bidi-sse' gets the very classes the server runs.
  splitting: true,
  packages: 'external',
  alias: { 'bidi-sse': './src/index.ts' },
  platform: 'node',
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  logLevel: 'warning',
});

await build({
  entryPoints: { client: 'src/client/index.ts' },
  outdir: 'dist',
  bundle: true,
  // For browsers as well as for Node.
  platform: 'neutral',
  packages: 'external',
  format: 'esm',
  target: ['node22', 'chrome109', 'firefox115', 'safari16.4'],
  sourcemap: true,
  logLevel: 'warning',
});

await build({
  entryPoints: {
    page: 'src/web/page.tsx',
    'capture-worklet': 'src/web/capture-worklet.ts',
    'playback-worklet': 'src/web/playback-worklet.ts',
  },
  outdir: 'dist/public',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome109', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  sourcemap: true,
  logLevel: 'warning',
});

await cp('public', 'dist/public', { recursive: true });
await cp('src/emulator/voice', 'dist/voice', { recursive: true });
