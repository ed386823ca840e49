import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples', 'adk-agent');
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc');
/** Maximum time in which the registry must answer, in ms. */
const REGISTRY_MS = 10_000;

/** A copy of `examples/adk-agent/` with its dependencies installed. */
export interface AdkProject {
  readonly directory: string;
  /** Writes a file. @returns its path */
  write(name: string, text: string): Promise<string>;
  /** Checks the types of the TypeScript files. @returns the errors, one a line; empty: none */
  checkTypes(): Promise<string>;
  remove(): Promise<void>;
}

/** `describe` for tests that install the dependencies of the example. Without a registry they are skipped by name with the reason, and under CI fail. */
export function describeWithRegistry(name: string, tests: () => void): void {
  if (process.env.CI === 'true' || isInRegistry('@google/adk@2.0.0')) describe(name, tests);
  else
    describe.skip(
      `${name} (skipped: @google/adk cannot be installed, because the package registry cannot be reached)`,
      tests,
    );
}

function isInRegistry(name: string): boolean {
  const limits = ['--fetch-retries=0', `--fetch-timeout=${REGISTRY_MS}`];
  return spawnSync('npm', ['view', name, 'version', ...limits], { timeout: 2 * REGISTRY_MS }).status === 0;
}

/** Copies the example and installs what its package.json names. bidi-sse is this checkout, built. */
export async function installAdkProject(): Promise<AdkProject> {
  const directory = await mkdtemp(join(tmpdir(), 'bidi-sse-adk-'));
  for (const file of await readdir(EXAMPLE)) {
    if (file.endsWith('.ts')) await copyFile(join(EXAMPLE, file), join(directory, file));
  }
  const manifest = JSON.parse(await readFile(join(EXAMPLE, 'package.json'), 'utf8'));
  delete manifest.dependencies['bidi-sse'];
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: directory });
  await symlink(ROOT, join(directory, 'node_modules', 'bidi-sse'));
  return {
    directory,
    async write(name, text) {
      const path = join(directory, name);
      await writeFile(path, text);
      return path;
    },
    checkTypes: () => checkTypes(directory),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Checks with the types of this checkout's source, which a build does not write. */
async function checkTypes(directory: string): Promise<string> {
  const { compilerOptions } = JSON.parse(await readFile(join(ROOT, 'tsconfig.json'), 'utf8'));
  const paths = {
    'bidi-sse': [join(ROOT, 'src', 'index.ts')],
    'bidi-sse/emulator': [join(ROOT, 'src', 'emulator.ts')],
  };
  const typeRoots = [join(ROOT, 'node_modules', '@types')];
  const options = { ...compilerOptions, paths, typeRoots };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  const { stdout } = await run(TSC, ['-p', '.', '--pretty', 'false'], { cwd: directory }).catch((error) => error);
  return stdout;
}
