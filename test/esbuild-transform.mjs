import { transformSync } from 'esbuild';

/** Jest transformer: strips types with esbuild and keeps ES modules as they are. */
export default {
  process(sourceText, sourcePath) {
    const { code, map } = transformSync(sourceText, {
      loader: sourcePath.endsWith('x') ? 'tsx' : 'ts',
      format: 'esm',
      target: 'node22',
      sourcemap: true,
      sourcefile: sourcePath,
      jsx: 'automatic',
      jsxImportSource: 'preact',
    });
    return { code, map };
  },
};
